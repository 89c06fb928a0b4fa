"""Only the parts that a recipe names are trained; the others stay to the last bit."""

import pytest
import torch

from ablab.errors import RecipeError
from ablab.events import EpochDone, Noticed
from ablab.models import Io
from ablab.recipe import Recipe
from ablab.train.frozen import freeze
from ablab.train.loop import train
from ablab.train.start import head_of
from ablab.train.state import initial_network

IO = Io(3, 16, 16, 4)
SMALL = Recipe.of({"model": "simple-nn", "epochs": 2, "batch": 32, "precision": "fp32", "norm": "batch"})


def changed(recipe, splits, seed=0):
    """The tensors that training moves, with what was said before it."""
    before = initial_network(recipe, IO, seed).state_dict()
    events = list(train(recipe, splits, seed))
    state = [event.state for event in events if isinstance(event, EpochDone)][-1]
    said = [event.text for event in events if isinstance(event, Noticed)]
    moved = {name for name, one in state.net.state_dict().items() if not torch.equal(one, before[name])}
    return moved, said


def test_with_train_only_head_nothing_else_moves_not_even_the_statistics_of_norms(splits):
    recipe = SMALL.with_("train_only=head")
    head = head_of(initial_network(SMALL, IO, 0), 4)
    moved, said = changed(recipe, splits)
    assert moved == {f"{head}.weight", f"{head}.bias"}
    assert any(text.startswith("train_only = head: trains ") for text in said)


def test_layers_and_patterns_are_joined_by_plus(splits):
    moved, _ = changed(SMALL.with_("train_only=head + conv*.bias"), splits)
    head = head_of(initial_network(SMALL, IO, 0), 4)
    assert f"{head}.weight" in moved
    assert not any(name.startswith("conv") and name.endswith("weight") for name in moved)


def test_without_it_every_parameter_moves(splits):
    moved, _ = changed(SMALL.with_("norm=none"), splits)
    assert {name for name, _ in initial_network(SMALL.with_("norm=none"), IO, 0).named_parameters()} <= moved


@pytest.mark.parametrize(
    "change", ["average=ema(decay=0.9)", "optimizer=adamw", "kernels=auto norm=none", "clip=1 l1=1e-4"]
)
def test_frozen_parts_stay_under_every_way_to_update(splits, change):
    recipe = SMALL.with_(f"train_only=head {change}")
    head = head_of(initial_network(recipe, IO, 0), 4)
    assert {name for name in changed(recipe, splits)[0] if "num_batches" not in name} == {
        f"{head}.weight",
        f"{head}.bias",
    }


def test_a_name_that_the_network_lacks_is_refused_with_the_nearest():
    net = initial_network(SMALL, IO, 0)
    with pytest.raises(RecipeError, match='no parameter called "conv9": did you mean "conv'):
        freeze(net, "head + conv9", 4)


def test_it_says_how_much_is_trained():
    net = initial_network(SMALL, IO, 0)
    head = net.get_submodule(head_of(net, 4))
    total = sum(one.numel() for one in net.parameters())
    own = sum(one.numel() for one in head.parameters())
    assert f"trains {own:,} of {total:,} parameters" in freeze(net, "head", 4)
    assert freeze(net, None, 4) == ""
