"""Every value of a recipe that names something is checked from text alone: all faults at once, each with its word."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sample_runs import sample_run

from ablab.catalogue import catalogue
from ablab.errors import InputError, RecipeError, StudyError
from ablab.operations import PLACES, faults_of
from ablab.recipe import AS_STORED, Recipe
from ablab.records import Run
from ablab.study import Study

STUDY = """question = "Does it help?"
optimizer = "sdg(0.9)"
schedule = "cosin"
augment = "crop(4) + flop"
norm = "btach"
loss = "focl(2)"

[variants]
"wide" = "width=2"
"""
NAMED = {key: PLACES[key] for key in PLACES if PLACES[key].kind in ("init", "optimizer", "schedule", "average", "loss")}


def lines_and_carets(text: str) -> list[tuple[str, str]]:
    """The numbers of the lines that are named, each with what the carets below it stand under."""
    rows = text.split("\n")
    return [
        (row.split(":")[1], rows[number + 1][rows[number + 2].index("^") : len(rows[number + 2])])
        for number, row in enumerate(rows)
        if row.startswith("s.toml:")
    ]


def test_a_study_names_all_misspelt_words_at_once_with_line_caret_and_the_nearest():
    with pytest.raises(StudyError) as caught:
        Study.from_toml(STUDY, "s.toml")
    text = str(caught.value)
    assert lines_and_carets(text) == [("2", "sdg"), ("3", "cosin"), ("4", "flop"), ("5", "btach"), ("6", "focl")]
    for word in ("sgd", "cosine", "flip", "batch", "focal"):
        assert f'did you mean "{word}"?' in text
    assert [fault.near for fault in caught.value.faults] == ["sdg", "cosin", "flop", "btach", "focl"]


@pytest.mark.slow
def test_no_torch_is_needed_to_name_them():
    code = f"""
import sys
from ablab.errors import StudyError
from ablab.study import Study
try:
    Study.from_toml({STUDY!r}, "s.toml")
except StudyError as error:
    print(len(error.faults), "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["5", "False"]


def test_carets_stand_under_the_words_of_variants_and_grids_as_well():
    start = 'question = "?"\n'
    variants = '[variants]\n"a" = "optimizer=adm lr=0.1"\n"b" = "augment=crop(4, mod=zero) schedule=step(gamma=0.1)"\n'
    with pytest.raises(StudyError) as caught:
        Study.from_toml(start + variants, "s.toml")
    assert lines_and_carets(str(caught.value)) == [("3", "adm"), ("4", "gamma"), ("4", "mod")]
    with pytest.raises(StudyError) as caught:
        Study.from_toml(start + '[grid]\nnorm = ["none", "btach"]\noptimizer = ["sgd", "adm"]\n', "s.toml")
    assert lines_and_carets(str(caught.value)) == [("3", "btach"), ("4", "adm")]


def test_every_data_set_of_a_list_is_checked():
    with pytest.raises(StudyError) as caught:
        Study.from_toml('question = "?"\ndata = ["cifar10", "cifr100"]\n[variants]\n"a" = "norm=batch"\n', "s.toml")
    assert lines_and_carets(str(caught.value)) == [("2", "cifr100")]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("optimizer=sdg", "sdg"),
        ("optimizer=sgd(momentun=0.9)", "momentun"),
        ("optimizer=sgd(fast)", "fast"),
        ("schedule=step(0)", "0"),
        ("augment=crop(4) + flop", "flop"),
        ("augment=flip(mode=alternat)", "alternat"),
        ("loss=focl", "focl"),
        ("init=normal(-1)", "-1"),
        ("average=ema(2)", "2"),
        ("tta=flp", "flp"),
        ("lr_scale=head", "head"),
        ("data=cifar-10", "cifar-10"),
        ("data=phantom(dificulty=1)", "dificulty"),
        ("norm=btach", "btach"),
        ("activation=leaky_relu(slop=1)", "slop"),
        ("model=cnn2 hidden_activation=sme", "sme"),
        ("dropout=1", "dropout"),
    ],
)
def test_a_wrong_word_is_a_fault_of_its_key_when_the_recipe_is_made(text, near):
    with pytest.raises(RecipeError) as caught:
        Recipe().with_(text)
    (fault,) = caught.value.faults
    assert fault.key in text
    assert fault.near == near


@pytest.mark.parametrize(
    "key", ["optimizer", "schedule", "augment", "average", "loss", "init", "tta", "lr_scale", "data"]
)
def test_a_recipe_that_is_made_by_its_class_is_checked_too(key):
    wrong = {"data": "cifar-10", "lr_scale": "head"}.get(key, "mispelt")
    with pytest.raises(ValueError, match=wrong):
        Recipe(**{key: wrong})


@pytest.mark.parametrize("key", NAMED)
def test_every_name_of_a_folder_is_one_that_its_key_may_have(key):
    for entry in catalogue(NAMED[key].folder, NAMED[key].kind).values():
        text = f"{entry.name}(0.5)" if entry.required else entry.name
        assert faults_of(key, text) == ()


@pytest.mark.slow
@settings(max_examples=200)
@given(st.sampled_from(sorted(PLACES)), st.text("abc=()+,. 0123[]-\n", max_size=20))
def test_any_text_is_a_recipe_or_one_error_with_faults_of_that_key(key, text):
    try:
        recipe = Recipe.of({key: text})
    except RecipeError as error:
        assert {fault.key for fault in error.faults} == {key}
        assert all(fault.message and "\n" not in fault.hint for fault in error.faults)
    else:
        assert Recipe.of({key: getattr(recipe, key)}).hash == recipe.hash


@pytest.mark.parametrize(
    ("texts", "spelling"),
    [
        (("optimizer=sgd(0.8, true)", "optimizer=sgd(0.8, nesterov=true)"), "sgd(momentum=0.8, nesterov=true)"),
        (("schedule=step(0.2, factor=0.5)",), "step(every=0.2, factor=0.5)"),
        (("average=ema(0.99)",), "ema(decay=0.99)"),
        (("loss=focal(3)",), "focal(gamma=3)"),
        (("init=normal(sd=0.02)",), "normal(0.02)"),
        (("lr_scale=head(factor=0.1)+biases(2)",), "head(0.1) + biases(2)"),
    ],
)
def test_a_thing_that_is_said_in_two_ways_is_one_recipe(texts, spelling):
    key = texts[0].partition("=")[0]
    assert {Recipe().with_(text).hash for text in texts} == {Recipe().with_(f"{key}={spelling}").hash}
    assert getattr(Recipe().with_(texts[0]), key) == spelling


@pytest.mark.parametrize(
    "text", ["augment=crop(4)", "augment=crop(padding=4)", "data=phantom(0.7)", "activation=elu(2)"]
)
def test_what_was_always_taken_in_both_ways_stays_as_it_is_written(text):
    key, _, value = text.partition("=")
    assert Recipe().with_(text).full()[key] == value


@pytest.mark.parametrize(
    "text",
    ["some/folder", "pictures", "photos(coarse)", "~/data/x.npz", "~nobody/x", "~(", "~\0", "cats and dogs", "a(b"],
)
def test_a_data_set_may_be_any_path_that_is_not_nearly_a_known_name(text):
    assert faults_of("data", text) == ()


def test_a_folder_may_have_nearly_the_name_of_a_known_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cifar-10").mkdir()
    assert Recipe.of({"data": "cifar-10"}).data == "cifar-10"


def test_a_stored_recipe_of_another_version_stays_readable():
    run = sample_run()
    other = run.to_json().replace(Recipe().optimizer, "lion(beta=0.9)")
    assert Run.from_json(other).spec.recipe.optimizer == "lion(beta=0.9)"
    assert Recipe.stored({"optimizer": "lion(beta=0.9)", "norm": "batch"}).options == {"norm": "batch"}
    assert Recipe.model_validate({"schedule": "wavy"}, context=AS_STORED).schedule == "wavy"


def test_faults_are_one_line_a_person_reads_and_data_for_whoever_shows_them():
    with pytest.raises(InputError) as caught:
        Recipe.of({"optimizer": "sdg", "epochs": 0, "nrom": "batch", "loss": "focl", "time": "soon"})
    assert [fault.key for fault in caught.value.faults] == ["epochs", "time", "optimizer", "loss", "nrom"]
    assert str(caught.value) == "\n".join(map(str, caught.value.faults))
