"""Code in the pages that no other test runs: small scripts and study files, and commands that train nothing."""

import re
import shlex
from pathlib import Path

import pytest

from ablab.study import Study
from commands import ablab

DOCS = Path(__file__).parent.parent / "docs"
SMALL = "mlp data=phantom(train=200,test=60) train_images=60 hidden=[16] batch=20 epochs=1"
QUESTION = 'question = "Does it help?"\n'
VARIANTS = '[variants]\n"batch norm" = "norm=batch"\n'


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.long
@pytest.mark.parametrize("page", ["python.md", "report.md", "search.md", "figures.md"])
def test_the_first_script_of_a_page_runs(page, tmp_path, monkeypatch):
    if page == "search.md":
        pytest.importorskip("optuna")
    script = blocks(page, "python")[0]
    shrunk = script.replace("simple-nn epochs=5", SMALL).replace('"norm=batch"})', '"norm=batch"}, seeds="3")')
    shrunk = shrunk.replace("trials=20", "trials=2").replace(', batch_norm="norm', ', seeds="3", batch_norm="norm')
    assert SMALL in shrunk
    assert 'seeds="3"' in shrunk
    monkeypatch.chdir(tmp_path)
    exec(shrunk, {})
    assert (tmp_path / ("my-store" if page == "figures.md" else ".ablab")).is_dir()


@pytest.mark.parametrize("page", ["studies.md", "search.md", "howto/seeds.md"])
def test_study_files_and_parts_of_them_are_read(page):
    for block in blocks(page, "toml"):
        text = block if "question" in block else QUESTION + block
        if "[execute]" in block or ("[decide]" in block and "question" not in block):
            text = QUESTION + VARIANTS + block
        elif "[variants]" not in block and "[grid]" not in block:
            text += VARIANTS
        study = Study.from_toml(text)
        assert study.variants


@pytest.mark.slow
def test_the_study_of_a_program_is_planned(tmp_path):
    (block,) = blocks("programs.md", "toml")
    (tmp_path / "dropout.toml").write_text(block, encoding="utf-8")
    for name in re.search(r"files *= \[(.*?)\]", block)[1].replace('"', "").split(", "):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    done = ablab("plan", "dropout.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "10 to " in done.stdout


@pytest.mark.slow
def test_the_commands_on_parameters_print_what_the_page_shows(tmp_path):
    lines = [line for block in blocks("arithmetic.md", "sh") for line in block.splitlines()]
    printed = {line: ablab(*shlex.split(line, comments=True)[1:], cwd=tmp_path) for line in lines}
    assert not [done.stderr for done in printed.values() if done.returncode]
    (shown,) = blocks("arithmetic.md", "text")
    rows = {" ".join(row.split()) for row in printed["ablab inspect cnn2"].stdout.splitlines()}
    assert {" ".join(row.split()) for row in shown.splitlines()} <= rows
