"""Parts of a user's own by path: their source is part of a recipe, and nothing is executed before it must be."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from ablab.cli import command
from ablab.conduct import run_study, train_one
from ablab.data import load_dataset
from ablab.errors import DataError, InputError, RecipeError
from ablab.operations import own_code
from ablab.own_code import source_digest, sources
from ablab.recipe import Recipe
from ablab.report.page.embedded import runs_json
from ablab.result import plan_of
from ablab.store import Store
from ablab.study.question.study import Study
from ablab.train.losses import make_loss
from ablab.verify import ReportedRun

EXAMPLES = Path(__file__).parent.parent / "examples" / "own"
PARTS = {
    "model": "network.py:Net",
    "init": "start.py:sparse(0.25)",
    "loss": "loss.py:poly(2)",
    "optimizer": "optimizer.py:lion(beta1=0.8)",
    "schedule": "schedule.py:cooldown(0.5)",
    "augment": "flip + augmentation.py:band(3) + crop(2)",
}
SHOUT = 'raise SystemExit("this file was executed")\n'


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the examples, which is the current one."""
    for file in EXAMPLES.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def changed(file):
    file.write_text(file.read_text() + "\nCHANGED = True\n")


@pytest.mark.parametrize("key", PARTS)
def test_a_change_to_the_file_is_another_recipe(here, key):
    text = PARTS[key]
    before = Recipe.of({key: text})
    assert before.hash == Recipe.of({key: text}).hash
    file = text.partition(":")[0].rpartition(" ")[2]
    changed(here / file)
    after = Recipe.of({key: text})
    assert after.hash != before.hash
    assert set(after.difference(before)) == {key}


def test_a_change_to_what_a_file_imports_from_its_folder_is_another_recipe_and_other_files_are_not(here):
    before = Recipe.of({"model": "network.py:Net"})
    changed(here / "loss.py")
    assert Recipe.of({"model": "network.py:Net"}).hash == before.hash
    changed(here / "layers.py")
    assert Recipe.of({"model": "network.py:Net"}).hash != before.hash


def test_packages_beside_the_file_and_modules_by_dotted_name_count_too(here):
    (here / "pack").mkdir()
    (here / "pack" / "__init__.py").write_text("")
    (here / "pack" / "deep.py").write_text("A = 1\n")
    (here / "user.py").write_text("from pack import deep\n")
    before = source_digest("user.py:A", InputError)
    (here / "pack" / "deep.py").write_text("A = 2\n")
    assert source_digest("user.py:A", InputError) != before
    dotted = Recipe.of({"model": "pack.deep:Net"})
    assert dotted.model.startswith("pack.deep:Net@")
    (here / "pack" / "deep.py").write_text("A = 3\n")
    assert Recipe.of({"model": "pack.deep:Net"}).hash != dotted.hash


def test_a_module_of_python_itself_is_read_without_all_that_it_imports():
    assert [Path(name).name for name in sources("argparse:Action", RecipeError)] == ["argparse.py"]


def test_a_file_alone_has_the_digest_that_it_always_had(here):
    import hashlib

    content = (here / "metric.py").read_bytes()
    assert source_digest("metric.py:late", InputError) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("key", PARTS)
def test_making_a_recipe_executes_nothing(here, key):
    file = here / PARTS[key].partition(":")[0].rpartition(" ")[2]
    file.write_text(file.read_text() + SHOUT)
    assert "@" in str(Recipe.of({key: PARTS[key]}).changes()[key])


@pytest.mark.parametrize("key", PARTS)
def test_a_recipe_with_its_digests_needs_no_file_to_be_read_and_refuses_another_one(here, key):
    recipe = Recipe.of({key: PARTS[key]})
    file = here / PARTS[key].partition(":")[0].rpartition(" ")[2]
    changed(file)
    assert Recipe.of(recipe.changes()) == recipe
    with pytest.raises(InputError, match="its content has changed since this recipe was made"):
        train_one(
            Recipe.of({"data": "phantom(train=100,test=50)", "batch": 10}, recipe), 0, Store(here / "s"), show=print
        )
    file.unlink()
    assert Recipe.of(recipe.changes()) == recipe
    assert Recipe.stored(recipe.changes()) == recipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("loss=los.py:poly", "los.py: cannot be read"),
        ("loss=loss.py:pol", 'no function "pol" is marked as a loss there.*did you mean "poly"'),
        ("loss=schedule.py:cooldown", 'no function "cooldown" is marked as a loss there'),
        ("loss=loss.py:poly(epsilon=99)", "epsilon = 99 must be from -1 to 10"),
        ("loss=loss.py:poly(gamma=1)", 'no option is called "gamma": did you mean|no option is called "gamma": known'),
        ("augment=flip + augmentation.py:band(0)", "height = 0 must be from 1 to 100"),
    ],
)
def test_what_is_wrong_with_a_name_is_told_at_once(here, change, message):
    with pytest.raises(RecipeError, match=message):
        Recipe().with_(change)


def test_a_loss_that_takes_no_smoothing_refuses_it(here):
    text = Recipe.of({"loss": "loss.py:poly"}).loss
    make_loss(text)
    with pytest.raises(RecipeError, match="it takes no smoothing, so label_smoothing must keep its default"):
        make_loss(text, smoothing=0.1)
    with pytest.raises(RecipeError, match="it takes no class_weights"):
        make_loss(text, class_weights=torch.ones(4))


def test_data_of_ones_own_are_known_by_their_pictures(here):
    one = load_dataset("data.py:stripes(images=80)")
    changed(here / "data.py")
    assert load_dataset("data.py:stripes(images=80)").fingerprint == one.fingerprint
    assert load_dataset("data.py:stripes(images=120)").fingerprint != one.fingerprint
    assert one.in_shape == (1, 16, 16)
    with pytest.raises(DataError, match="the function decides the size"):
        load_dataset("data.py:stripes", size=32)
    (here / "bad.py").write_text(
        'from ablab.catalogue import mark\n\n@mark("generator", "odd")\ndef odd():\n    return 3\n\n'
        '@mark("generator", "broken")\ndef broken():\n    return 1 / 0\n'
    )
    with pytest.raises(DataError, match="returned a int; it must return a Dataset"):
        load_dataset("bad.py:odd")
    with pytest.raises(DataError, match=r"ZeroDivisionError: division by zero \(.*bad.py, line 9\)"):
        load_dataset("bad.py:broken")


def test_an_error_in_ones_own_code_names_the_file_and_the_line_before_anything_is_trained(here):
    (here / "loss.py").write_text((here / "loss.py").read_text() + "\n1 / 0\n")
    recipe = Recipe.of({"loss": "loss.py:poly", "data": "phantom(train=100,test=50)", "batch": 10})
    with pytest.raises(InputError, match=r"ZeroDivisionError: division by zero \(.*loss.py, line"):
        train_one(recipe, 0, Store(here / "s"), show=print)


def test_every_part_counts_as_code_of_the_author_where_a_page_is_verified(here):
    for key, text in PARTS.items():
        recipe = Recipe.of({key: text})
        assert own_code(recipe.changes()), key
        spec = Study("?", recipe, {"other": "lr=0.1"}).plan  # a study can be planned on it
        assert callable(spec)
    assert own_code(Recipe.of({"init": "run:3fa2b1c09d11"}).changes()) == ()
    assert own_code({"model": "timm:resnet18"}) == ()
    assert "own_code" in dir(ReportedRun)


@pytest.mark.slow
def test_a_study_that_a_store_keeps_can_be_read_after_its_files_have_changed(here):
    store = Store(here / "store")
    study = Study.from_toml(
        'question = "?"\ndata = "phantom(train=100,test=50)"\nepochs = 1\nbatch = 10\n'
        '[variants]\n"poly" = "loss=loss.py:poly(2)"\n[decide]\nseeds = "3..3"\n',
        str(here / "study.toml"),
    )
    result = run_study(study, store, show=lambda _: lambda *_: None, workers=1)
    assert result.verdicts[0].pairs == 3
    (kept,) = store.studies()
    handed_in = json.loads(runs_json(study, result.runs, kept.plan)[0])["study"]
    assert handed_in == kept.text
    assert re.search(r"loss=loss.py:poly@[0-9a-f]{12}\(2\)", handed_in)
    changed(here / "loss.py")
    assert plan_of(kept).hash == kept.plan
    (here / "loss.py").unlink()
    assert plan_of(kept).hash == kept.plan


@pytest.mark.long
def test_every_example_of_ones_own_runs_in_one_study_and_says_first_what_it_executes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(EXAMPLES.parent.parent)
    words = ["run", "examples/own/study.toml", "--store", str(tmp_path), "--out", str(tmp_path / "r.html")]
    words += ["--executor", "workers(1)"]
    command.main(words, standalone_mode=False)
    shown = capsys.readouterr()
    (line,) = [one for one in shown.err.splitlines() if one.startswith("runs your own code: ")]
    for file in EXAMPLES.glob("*.py"):
        assert file.stem == "layers" or f"examples/own/{file.name}:" in line
    assert "best epoch" in shown.out
    runs = [json.loads(run.to_json()) for run in Store(tmp_path).runs(Store(tmp_path).ids())]
    assert len(runs) >= 6
    assert all(run["status"] == "finished" for run in runs)
    assert max(run["test"]["accuracy"] for run in runs) > 0.4


@pytest.mark.slow
@pytest.mark.parametrize("words", [["plan"], ["explore", "--workers", "1"]])
def test_whatever_executes_a_study_names_the_code_first(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(EXAMPLES.parent.parent)
    verb, *options = words
    command.main([verb, "examples/own/study.toml", "--store", str(tmp_path), *options], standalone_mode=False)
    assert capsys.readouterr().err.startswith("runs your own code: examples/own/network.py:Net@")


@pytest.mark.slow
def test_commands_for_a_trained_network_name_its_code_first_and_a_folder_for_the_hub_carries_it(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(EXAMPLES.parent.parent)
    store = ["--store", str(tmp_path / "store")]
    command.main(
        ["train", "examples/own/network.py:Net", "data=phantom(train=200, test=50)", "epochs=1", *store],
        standalone_mode=False,
    )
    (id_,) = Store(tmp_path / "store").ids()
    Image.new("RGB", (32, 32)).save(tmp_path / "black.png")
    folder = tmp_path / "hub"
    for words in (
        ["predict", id_, str(tmp_path / "black.png")],
        ["evaluate", id_],
        ["export", id_, "--to", "huggingface", "--out", str(folder)],
    ):
        capsys.readouterr()
        command.main([*words, *store], standalone_mode=False)
        assert capsys.readouterr().err.startswith("runs your own code: examples/own/network.py:Net@")
    assert {"network.py", "layers.py"} <= {file.name for file in folder.iterdir()}
    (code,) = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    used = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert used.returncode == 0, used.stderr
    assert used.stdout.strip() in json.loads((folder / "config.json").read_text())["label2id"]
