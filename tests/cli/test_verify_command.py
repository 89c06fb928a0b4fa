"""ablab verify as a person types it: a report that was handed in, checked by training again."""

import dataclasses
import hashlib
import json

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.data import load_dataset
from ablab.errors import InputError
from ablab.execute.checkpoints import carry_out
from ablab.recipe import Recipe
from ablab.records import RunSpec

DATA = "phantom(train=200, test=60)"
RECIPE = Recipe.of({"data": DATA, "epochs": 1, "batch": 50, "threads": 1})


def facts(run):
    """A run as a report embeds it."""
    return {
        "id": run.id,
        "seed": run.spec.seed,
        "recipe": {"model": run.spec.recipe.model, **run.spec.recipe.changes()},
        "fingerprint": run.spec.fingerprint,
        "accuracy": run.test.accuracy,
        "predictions_sha256": hashlib.sha256(run.predictions).hexdigest(),
        "machine": dataclasses.asdict(run.machine),
    }


@pytest.fixture(scope="module")
def runs():
    dataset = load_dataset(DATA)
    return [facts(carry_out(RunSpec(RECIPE, seed, dataset.fingerprint), dataset, lambda *_: None)) for seed in (0, 1)]


def page(folder, rows):
    path = folder / "report.html"
    embedded = json.dumps({"study": "", "runs": rows})
    path.write_text(f'<!doctype html><script type="application/json" id="ablab-runs">{embedded}</script>')
    return str(path)


def invoke(*words):
    result = CliRunner().invoke(command, ["verify", *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_an_honest_report_is_called_same(tmp_path, runs):
    report = page(tmp_path, runs)
    done = invoke(report, "--rerun", "5")
    assert done.exit_code == 0
    assert done.output.count(": same: all 60 predictions are equal") == 2
    assert done.output.splitlines()[-1].startswith("next: ablab verify ")
    only = json.loads(invoke(report, "--run", runs[1]["id"][:6], "--json").output)
    assert [(one["id"], one["seed"], one["result"]) for one in only["checks"]] == [(runs[1]["id"], 1, "same")]


def test_a_report_with_a_figure_that_was_changed_is_called_different_with_code_1(tmp_path, runs):
    report = page(tmp_path, [{**runs[0], "accuracy": 0.99}])
    done = invoke(report)
    assert done.exit_code == 1
    assert "different" in done.output
    assert done.output.splitlines()[-1].startswith("next: ablab train simple-nn ")


def test_nothing_is_trained_if_nothing_is_asked_for(tmp_path, runs):
    assert "2 runs in the report, 0 trained again" in invoke(page(tmp_path, runs), "--rerun", "0").output


def test_a_run_that_is_not_in_the_report_is_an_error(tmp_path, runs):
    with pytest.raises(InputError, match=runs[0]["id"]):
        invoke(page(tmp_path, runs), "--run", "zzz")


def test_a_network_in_a_python_file_is_not_executed_unless_that_is_allowed(tmp_path, runs):
    recipe = Recipe.of({"model": f"{tmp_path}/net.py:Net"})
    (tmp_path / "net.py").write_text("raise SystemExit('executed')")
    wanted = RunSpec(recipe, 0, runs[0]["fingerprint"])
    report = page(tmp_path, [{**runs[0], "id": wanted.id, "recipe": {"model": recipe.model}}])
    with pytest.raises(InputError, match="--own-code"):
        invoke(report)
