"""ablab audit: published figures on the command line or in a table, judged, and the study that would settle them."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import InputError
from ablab.study import Study


def ablab(*words: str) -> str:
    return CliRunner().invoke(command, ["audit", *words], catch_exceptions=False, standalone_mode=False).stdout


PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")


def plain(text: str) -> str:
    """The text without the line ends of wrapping."""
    return " ".join(text.split())


def test_two_accuracies_are_judged_with_the_arithmetic_and_the_way_on():
    shown = ablab("73.20", "74.19", "--test-size", "10000")
    assert "one run each: no verdict; noise alone gives such a gap in about 52 % of repeats" in plain(shown)
    assert "2 % at sd 0.3; 16 % at sd 0.5; 52 % at sd 1.1 pp" in shown  # a sentence is broken on terminals alone
    assert shown.splitlines()[-1] == "next: ablab audit 73.20 74.19 --test-size 10000 --write-study study.toml"


def test_every_option_reaches_its_claim():
    words = ["73.20", "74.19", "--test-size", "10k", "--seeds", "5,3", "--sd", "0.4", "--names", "plain,wide"]
    words += ["--params", "1.25M,2.5M", "--seconds", "2 min,98", "--hardware", "GTX 1080,T4", "--epochs", "20"]
    words += ["--selected-on", "test", "--test-augmented", "--claim", "75 % is 5 % higher than 70 %", "--json"]
    found = json.loads(ablab(*words))
    base, other = found["claims"]
    assert (base["name"], base["seeds"], base["sd"], base["test_size"]) == ("plain", 5, 0.4, 10_000)
    assert (other["parameters"], other["seconds"], other["hardware"]) == (2_500_000, 98.0, "T4")
    assert (other["epochs"], other["selected"], other["test_augmented"]) == (20, "test", True)
    assert {fault["kind"] for fault in found["faults"]} == {
        "epoch chosen on the test set",
        "times from different hardware",
        "unequal size",
        "test images augmented",
        "percent and points",
    }


def test_the_command_line_fills_in_what_a_table_does_not_say(tmp_path):
    table = tmp_path / "table.md"
    table.write_text("| model | acc | runs |\n|---|---|---|\n| a | 0.732 | 5 |\n| b | 0.742 | - |\n")
    found = json.loads(ablab(str(table), "--test-size", "10000", "--seeds", "3", "--json"))
    assert [(claim["seeds"], claim["test_size"]) for claim in found["claims"]] == [(5, 10_000), (3, 10_000)]


def test_a_sentence_alone_is_checked():
    shown = ablab("--claim", "47.2 % is 36 % lower than 73.8 %")
    assert "a relative difference" in shown
    assert "26.6 points" in shown


def test_the_study_is_written_once_and_names_the_next_command(tmp_path):
    path = tmp_path / "settle.toml"
    words = ("73.20", "74.19", "--names", "plain,batch norm", "--write-study", str(path))
    shown = ablab(*words, "--model", "cnn3 epochs=20", "--vs", "norm=batch")
    assert shown.splitlines()[-1] == f"next: ablab run {path}"
    study = Study.from_toml(path.read_bytes())
    assert (study.base.model, study.base.epochs, study.variants[0].name) == ("cnn3", 20, "batch norm")
    before = path.read_bytes()
    with pytest.raises(InputError, match="ablab left it as it is"):
        ablab(*words)
    assert path.read_bytes() == before


def test_a_study_that_cannot_be_is_not_written(tmp_path):
    path = tmp_path / "settle.toml"
    with pytest.raises(InputError, match="changes nothing"):
        ablab("73", "74", "--write-study", str(path), "--model", "cnn3 epochs=20", "--vs", "epochs=20")
    assert not path.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing to judge"),
        (["73.2"], "one number only"),
        (["73.2", "nan"], '"nan" is not an accuracy'),
        (["73.2", "174"], "outside 0 to 100"),
        (["73.2", "0.74"], "is one a share"),
        (["73.2", "74", "--test-size", "0"], "--test-size 0"),
        (["73.2", "74", "--test-size", "many"], "--test-size.*10000"),
        (["73.2", "74", "--names", "a,b,c"], "3 values for 2 accuracies"),
        (["73.2", "74", "--params", "1,250,000,3"], "no commas inside numbers"),
        (["73.2", "74", "--sd", "0"], "points above 0"),
        (["73.2", "74", "--sd", "nan"], "give a number"),
        (["73.2", "74", "--selected-on", "luck"], "test, validation, last"),
        (["73.2", "74", "--margin", "0"], "margin = 0"),
        (["73.2", "74", "--model", "cnn3"], "add --write-study"),
        (["73.2", "74", "--vs", "norm=batch", "--write-study", "s.toml"], "--vs needs --model"),
        (["--claim", "75 % is 5 % higher than 70 %", "--write-study", "s.toml"], "give two accuracies"),
        (["missing.csv"], "there is no such file"),
        (["missing.csv", "74"], "give a table by itself"),
    ],
)
def test_what_cannot_be_judged_says_what_to_type_instead(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=said):
        ablab(*words)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_place_of_a_table_is_an_error(tmp_path):
    folder = tmp_path / "table.csv"
    folder.mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        ablab(str(folder))


def test_a_table_cannot_move_the_terminals_cursor(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("name,accuracy,\x1b[2Jodd\n\x1b[31mred,73,1\nb,74,2\n")
    assert "\x1b" not in ablab(str(table))


def test_the_page_shows_what_the_command_prints(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text(re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)[0], encoding="utf-8")
    examples = re.findall(r"```sh\nablab audit (.*?)\n```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 3
    for words, shown in examples:
        assert plain(ablab(*shlex.split(words))) == plain(shown)
