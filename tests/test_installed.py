"""Parts of an installed distribution by their names; the distribution is built and installed here for real."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ablab.errors import InputError, RecipeError, StudyError
from ablab.installed import offer_of, offers
from ablab.metric import metric_of
from ablab.operations import own_code
from ablab.recipe import Recipe
from ablab.study import Study, plan

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "distribution"
DISTRIBUTION = "ablab-example-parts"
PARTS = {
    "loss": "brier(2)",
    "optimizer": "signs",
    "schedule": "stairs(2)",
    "augment": "darker(0.25)",
    "init": "narrow(0.1)",
    "model": "tiny",
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A folder of installed packages with the example in it, as pip leaves it."""
    source = tmp_path_factory.mktemp("source") / "distribution"
    shutil.copytree(EXAMPLE, source)
    target = tmp_path_factory.mktemp("packages")
    words = ["install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", target, source]
    done = subprocess.run([sys.executable, "-m", "pip", *map(str, words)], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def installed(packages, monkeypatch):
    monkeypatch.syspath_prepend(packages)
    return packages


def copied(packages, tmp_path, monkeypatch, version="1.0", name="ablab_example_parts"):
    """Another folder with the same packages, whose files may be changed, in the place of the first."""
    target = tmp_path / "other"
    shutil.copytree(packages, target)
    (facts,) = target.glob("*.dist-info")
    text = (facts / "METADATA").read_text()
    text = text.replace("Version: 1.0\n", f"Version: {version}\n").replace("ablab-example-parts", name)
    (facts / "METADATA").write_text(text)
    facts.rename(target / f"{name}-{version}.dist-info")
    monkeypatch.syspath_prepend(target)
    return target


@pytest.mark.parametrize("key", PARTS)
def test_a_part_is_found_by_its_name_alone_and_by_that_of_its_distribution(installed, key):
    text = PARTS[key]
    plain, full = Recipe.of({key: text}), Recipe.of({key: f"{DISTRIBUTION}:{text}"})
    assert plain == full
    name = text.partition("(")[0]
    assert re.fullmatch(rf"{DISTRIBUTION}:{name}@[0-9a-f]{{12}}(\(.*\))?", getattr(plain, key))
    assert own_code(plain.changes()) == (getattr(plain, key).partition("(")[0],)


def test_the_version_and_the_source_are_parts_of_a_recipe(installed, tmp_path, monkeypatch):
    before = Recipe.of({"loss": "brier"})
    again = copied(installed, tmp_path / "same", monkeypatch)
    assert Recipe.of({"loss": "brier"}) == before
    file = again / "ablab_example_parts" / "training.py"
    file.write_text(file.read_text() + "\nCHANGED = True\n")
    changed = Recipe.of({"loss": "brier"})
    copied(installed, tmp_path / "newer", monkeypatch, version="1.1")
    newer = Recipe.of({"loss": "brier"})
    assert len({before.hash, changed.hash, newer.hash}) == 3


def test_a_recipe_that_names_another_version_is_read_and_not_trained(installed, tmp_path, monkeypatch):
    from ablab.train.losses import make_loss

    before = Recipe.of({"loss": "brier(2)"})
    copied(installed, tmp_path, monkeypatch, version="1.1")
    assert Recipe.of({"loss": before.loss}) == before
    with pytest.raises(InputError, match=f"{DISTRIBUTION}:brier: its content has changed since this recipe was made"):
        make_loss(before.loss)


def test_a_name_that_two_distributions_offer_needs_that_of_one(installed, tmp_path, monkeypatch):
    copied(installed, tmp_path, monkeypatch, name="other_parts")
    with pytest.raises(RecipeError, match=f'several distributions offer a loss "brier": .*{DISTRIBUTION}:brier'):
        Recipe.of({"loss": "brier"})
    with pytest.raises(RecipeError, match='several distributions offer a model "tiny"'):
        Recipe.of({"model": "tiny"})
    with pytest.raises(StudyError, match='several distributions offer a figure "worst"'):
        Study("?", "simple-nn", {"norm": "norm=batch"}, metric="worst", margin=1.0)
    assert Recipe.of({"loss": f"{DISTRIBUTION}:brier"}).hash != Recipe.of({"loss": "other-parts:brier"}).hash


def test_ablabs_own_names_come_first_and_arguments_are_checked_before_anything_is_imported(installed):
    assert Recipe.of({"loss": "focal(gamma=2)"}).loss == "focal(gamma=2)"
    with pytest.raises(RecipeError, match="scale = -1"):
        Recipe.of({"loss": "brier(-1)"})
    assert "ablab_example_parts.training" not in sys.modules


def test_what_no_distribution_offers_is_told_as_before(installed):
    with pytest.raises(RecipeError, match='no loss is called "brieer"'):
        Recipe.of({"loss": "brieer"})
    with pytest.raises(RecipeError, match="unheard_of"):
        Recipe.of({"loss": "unheard_of:brier"})
    assert offer_of("examples/own/loss.py:poly") is None


def test_a_misspelt_part_is_told_the_nearest_name(installed):
    for text, near in (
        ("brierr", 'no loss is called "brierr": did you mean "brier"?'),
        ("ablab-example-parts:brir", 'ablab-example-parts offers no "brir": did you mean "brier"?'),
        ("ablab-exmple-parts:brier", 'did you mean "ablab-example-parts:brier"?'),
    ):
        with pytest.raises(RecipeError, match=re.escape(near)):
            Recipe.of({"loss": text})
    with pytest.raises(RecipeError, match=r'no model is called "tinyy": did you mean "tiny"\?'):
        Recipe.of({"model": "tinyy"})


def test_a_metric_is_named_with_its_distribution_in_a_plan(installed, tmp_path, monkeypatch):
    asked = Study("?", "simple-nn", {"norm": "norm=batch"}, metric="worst", margin=1.0)
    assert asked.rule.metric == f"{DISTRIBUTION}:worst"
    assert metric_of(asked.rule.metric).title == "worst validation accuracy"
    before = plan(asked, "fingerprint").hash
    copied(installed, tmp_path, monkeypatch, version="1.1")
    assert plan(asked, "fingerprint").hash != before


def test_every_group_of_the_example_is_found(installed):
    kinds = ("model", "generator", "figure", "loss", "optimizer", "schedule", "augmentation", "init", "tracker")
    for kind in (*kinds, "format", "command"):
        assert [offer.distribution for offer in offers(kind)] == [DISTRIBUTION], kind


def ablab(packages, work, *words):
    """`ablab words…` in a process of its own that finds the packages."""
    path = os.pathsep.join([str(ROOT / "src"), str(packages)])
    cache = {"XDG_CACHE_HOME": str(work / "cache")}
    return subprocess.run(
        [sys.executable, "-m", "ablab", *words],
        cwd=work,
        env={**os.environ, "PYTHONPATH": path, **cache},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.long
def test_a_run_of_nothing_but_installed_parts_is_trained_told_and_exported(packages, tmp_path):
    keys = [f"{key}={text}" for key, text in PARTS.items()]
    words = ["train", *keys, "data=bars(images=200)", "lr=0.01", "epochs=2", "batch=40"]
    done = ablab(packages, tmp_path, *words, "--track", "diary(file=told.txt)")
    assert done.returncode == 0, done.stderr
    assert f"runs your own code: {DISTRIBUTION}:" in done.stderr
    assert (tmp_path / "told.txt").read_text().count("epoch ") == 2
    run = re.search(r"run ([0-9a-f]{12}):", done.stdout)[1]
    exported = ablab(packages, tmp_path, "export", run, "--to", "classes", "--out", "names.txt")
    assert exported.returncode == 0, exported.stderr
    assert (tmp_path / "names.txt").read_text() == "lies\nstands\n"
    longest = ablab(packages, tmp_path, "longest")
    assert longest.stdout.startswith(f"{run}: ")
    again = ablab(packages, tmp_path, *words)
    assert "is already in the store" in again.stdout


@pytest.mark.slow
def test_commands_of_distributions_stand_in_the_help_and_are_imported_only_when_asked_for(packages, tmp_path):
    shown = ablab(packages, tmp_path, "--help").stdout
    assert re.search(rf"Of installed distributions:\n  longest\s+{DISTRIBUTION} 1.0", shown)
    assert "Show the run that trained longest." in ablab(packages, tmp_path, "longest", "--help").stdout
    unknown = ablab(packages, tmp_path, "longst")
    assert unknown.returncode == 2
    assert 'there is no command "longst"' in unknown.stderr


@pytest.mark.slow
def test_a_command_that_cannot_be_imported_is_named(packages, tmp_path, monkeypatch):
    broken = copied(packages, tmp_path, monkeypatch)
    (broken / "ablab_example_parts" / "command.py").write_text("import nothing_of_that_name\n")
    done = ablab(broken, tmp_path, "longest")
    assert done.returncode == 2
    assert f"{DISTRIBUTION}:longest: this command cannot be imported: ModuleNotFoundError" in done.stderr
