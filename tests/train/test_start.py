"""A network starts from the weights of a run or of a file, which are part of the run's identity."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from ablab.conduct import run_study, train_one
from ablab.errors import DataError, InputError, ModelError, RecipeError
from ablab.events import Noticed, Started
from ablab.models import Io, build
from ablab.recipe import Recipe
from ablab.records import RunSpec
from ablab.store import Store
from ablab.study.question.study import Study
from ablab.study.question.variant import Variant
from ablab.train.loop import train
from ablab.train.start import head_of, lay_over
from ablab.train.state import begin, initial_network

IO = Io(3, 16, 16, 4)
SMALL = Recipe.of({"model": "simple-nn", "epochs": 2, "batch": 32, "precision": "fp32"})
PHANTOM = "data=phantom(train=200,test=50) epochs=1 batch=32 precision=fp32"


def nothing(*_):
    pass


def other_weights(path, classes=4, **changes):
    """A file with the weights that another seed would start with."""
    recipe = SMALL.with_(" ".join(f"{key}={value}" for key, value in changes.items())) if changes else SMALL
    save_file(dict(initial_network(recipe, Io(3, 16, 16, classes), 7).state_dict()), path)
    return path


@pytest.fixture
def file(tmp_path):
    return other_weights(tmp_path / "kept.safetensors")


def test_a_network_starts_with_the_weights_of_the_file_whatever_its_seed(file):
    recipe = SMALL.with_(f"init={file}")
    for seed in (0, 1):
        started = initial_network(recipe, IO, seed).state_dict()
        assert all(torch.equal(started[name], tensor) for name, tensor in load_file(file).items())


def test_the_content_of_the_file_is_part_of_the_recipe_and_its_place_is_written_with_it(file, tmp_path):
    recipe = SMALL.with_(f"init={file}")
    assert recipe.init.startswith(f"{file}@")
    assert recipe.hash == SMALL.with_(f"init={file}").hash
    other_weights(file, norm="batch")
    assert SMALL.with_(f"init={file}").hash != recipe.hash
    assert Recipe.stored(recipe.changes()).hash == recipe.hash


def test_a_file_that_changed_after_the_recipe_was_made_is_refused(file):
    recipe = SMALL.with_(f"init={file}")
    other_weights(file, norm="batch")
    with pytest.raises(InputError, match="its content has changed since this recipe was made"):
        initial_network(recipe, IO, 0)


def test_a_recipe_that_is_read_needs_no_file_until_it_is_trained(file):
    recipe = SMALL.with_(f"init={file}")
    file.unlink()
    assert Recipe.of(recipe.changes()) == recipe
    with pytest.raises(InputError, match="does not exist"):
        initial_network(recipe, IO, 0)


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ("none.safetensors", "none.safetensors does not exist"),
        ("run:3f2a", "write the full ID of a run, 12 hexadecimal digits: ablab runs ls"),
    ],
)
def test_a_start_that_nobody_can_find_is_refused_at_once(init, message):
    with pytest.raises(RecipeError, match=message):
        SMALL.with_(f"init={init}")


def test_what_is_no_file_of_weights_says_so(tmp_path):
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(DataError, match="this is not a safetensors file"):
        initial_network(SMALL.with_(f"init={tmp_path}/text.safetensors"), IO, 0)


def test_a_head_for_other_classes_starts_anew_and_that_is_said(tmp_path, splits):
    file = other_weights(tmp_path / "many.safetensors", classes=100)
    recipe = SMALL.with_(f"init={file}")
    beginning, fresh = begin(recipe, IO, 3), initial_network(SMALL, IO, 3).state_dict()
    head = head_of(beginning.net, 4)
    own = beginning.net.state_dict()
    for name, tensor in load_file(file).items():
        assert torch.equal(own[name], fresh[name] if name.startswith(f"{head}.") else tensor)
    (remark,) = beginning.remarks
    assert f"{head}.weight, {head}.bias start from random values" in remark
    events = train(recipe, splits, 0)
    assert isinstance(next(events), Started)
    assert next(events) == Noticed(remark)


def test_weights_of_another_network_are_refused_with_the_layers_that_differ(tmp_path):
    wide = other_weights(tmp_path / "wide.safetensors", width=2.0)
    with pytest.raises(ModelError, match=r'another network: "conv1.weight" is 16x3x5x5 there and 8x3x5x5 here'):
        initial_network(SMALL.with_(f"init={wide}"), IO, 0)
    normed = other_weights(tmp_path / "normed.safetensors", norm="batch")
    with pytest.raises(ModelError, match=r"only in the file: .*running_mean"):
        initial_network(SMALL.with_(f"init={normed}"), IO, 0)
    plain = other_weights(tmp_path / "plain.safetensors")
    with pytest.raises(ModelError, match=r"not in the file: "):
        initial_network(SMALL.with_(f"norm=batch init={plain}"), IO, 0)


def test_a_file_without_a_head_and_in_half_precision_is_a_backbone(tmp_path):
    net = initial_network(SMALL, IO, 7)
    head = head_of(net, 4)
    backbone = {name: one.half() for name, one in net.state_dict().items() if not name.startswith(f"{head}.")}
    save_file(backbone, tmp_path / "backbone.safetensors")
    started = initial_network(SMALL.with_(f"init={tmp_path}/backbone.safetensors"), IO, 0).state_dict()
    assert all(torch.equal(started[name], one.float()) for name, one in backbone.items())


def test_weights_are_laid_over_every_tensor_but_the_counts_of_norms():
    net, other = build("simple-nn", IO, norm="batch"), build("simple-nn", IO, norm="batch")
    given = {name: one + 1 for name, one in other.state_dict().items() if not name.endswith("num_batches_tracked")}
    assert lay_over(net, given, 4, "x.safetensors") == ()
    assert all(torch.equal(net.state_dict()[name], one) for name, one in given.items())


def test_a_run_starts_from_another_run_of_the_store(tmp_path):
    store = Store(tmp_path)
    first, _ = train_one(Recipe().with_(PHANTOM), 0, store, show=nothing)
    recipe = Recipe().with_(f"{PHANTOM} init=run:{first.id}")
    said = []
    second, _ = train_one(recipe, 0, store, show=lambda _, event: said.append(event))
    assert Noticed(f"starts from the weights of run:{first.id}") in said
    assert second.untrained_loss == pytest.approx(first.curve[-1].val_loss)
    assert json.loads(second.to_json())["wanted"]["recipe"]["init"] == f"run:{first.id}"
    assert second.id != RunSpec(Recipe().with_(PHANTOM), 0, second.spec.fingerprint).id


def test_a_run_without_weights_says_what_keeps_them(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(RecipeError, match="there are no weights of this run .* ablab train keeps"):
        train_one(Recipe().with_(f"{PHANTOM} init=run:3fa2b1c09d11"), 0, store, show=nothing)
    with pytest.raises(DataError, match="there is no store here"):
        initial_network(Recipe().with_("init=run:3fa2b1c09d11"), Io(3, 32, 32, 10), 0)


def test_kept_weights_are_not_whitened_over(tmp_path):
    file = other_weights(tmp_path / "kept.safetensors")
    recipe = Recipe().with_(f"{PHANTOM} whiten=50 init={file}")
    with pytest.raises(RecipeError, match="would replace the first convolution of the weights from init"):
        train_one(recipe, 0, Store(tmp_path), show=nothing)


@pytest.mark.long
def test_a_study_compares_a_start_from_a_run_with_one_from_nothing_in_workers_too(tmp_path):
    store = Store(tmp_path)
    first, _ = train_one(Recipe().with_(PHANTOM), 9, store, show=nothing)
    change = f"init=run:{first.id}"
    base = Recipe().with_(PHANTOM)
    study = Study("?", base, (Variant("kept start", base.with_(change), change),), seeds="3..3")
    result = run_study(study, store, show=lambda _: nothing, workers=2)
    assert result.verdicts[0].pairs == 3
    assert store.weights_of(first.id).exists()
