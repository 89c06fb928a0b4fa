"""Several studies on one command line: carried out together, reported as they end, refused together."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import AblabError
from ablab.store import Store

TEXT = """question = "Does it help?"
data = "phantom(train=200, test=50)"
epochs = 1
batch = 50
{extra}
[variants]
"change" = "{change}"
[decide]
margin = 1.0
seeds = 3
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, change in (("norm", "norm=batch"), ("width", "width=2")):
        (tmp_path / f"{name}.toml").write_text(TEXT.format(change=change, extra=""))
    return tmp_path


def ablab(*words):
    return CliRunner().invoke(command, [*words])


@pytest.mark.long
def test_studies_are_run_together_and_each_has_its_report_and_its_line_at_the_end():
    done = ablab("run", "norm.toml", "width.toml", "--executor", "here")
    assert done.exit_code == 0, done.output
    assert all(Path(f"reports/{name}.html").exists() for name in ("norm", "width"))
    *_, norm, width, last = done.output.splitlines()
    assert norm.startswith("norm: change ")
    assert width.startswith("width: change ")
    assert last == "next: ablab serve"
    assert len(Store(Path(".ablab")).ids()) == 9  # three of the base, and three of each change
    again = ablab("run", "norm.toml", "width.toml", "--json", "--exit-code")
    words = {verdict["word"] for line in again.output.splitlines() for verdict in json.loads(line)["verdicts"]}
    assert again.exit_code == (4 if "hurts" in words else 3 if "undecided" in words else 0)


@pytest.mark.long
def test_weights_are_kept_of_the_runs_of_those_studies_that_ask_for_it(folder):
    (folder / "norm.toml").write_text(TEXT.format(change="norm=batch", extra='keep = "weights"'))
    assert ablab("run", "norm.toml", "width.toml", "--executor", "here").exit_code == 0
    kept = {path.stem for path in Path(".ablab/weights").glob("*.safetensors")}
    runs = {run.id: run.spec.recipe.options for run in Store(Path(".ablab")).runs()}
    assert kept == {id_ for id_, options in runs.items() if options != {"width": 2.0}}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["norm.toml", "width.toml", "--out", "x.html"], "there are 2 reports"),
        (["norm.toml", "other/norm.toml"], 'two studies are called "norm"'),
        (["norm.toml", "missing.toml"], "missing.toml does not exist"),
        (["norm.toml", "wrong.toml"], "no/such/folder"),
    ],
)
def test_a_study_that_cannot_begin_is_refused_with_all_others_and_nothing_is_trained(folder, words, message):
    (folder / "other").mkdir()
    (folder / "other" / "norm.toml").write_text(TEXT.format(change="norm=layer", extra=""))
    wrong = TEXT.format(change="norm=batch", extra="").replace("phantom(train=200, test=50)", "no/such/folder")
    (folder / "wrong.toml").write_text(wrong)
    done = ablab("run", *words)
    assert isinstance(done.exception, AblabError)
    assert done.exception.exit_code == 2
    assert message in str(done.exception)
    store = Path(".ablab")
    assert not store.exists() or (Store(store).ids(), Store(store).studies()) == ([], [])
