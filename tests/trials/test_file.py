"""A study file about a command is read whole, or everything that is wrong with it is said at once."""

import pytest

from ablab.errors import StudyError
from ablab.trials.file import read_trials

GOOD = """question = "Does it help?"
command = "python train.py --seed {seed} {args}"
base = "--dropout 0"
files = ["train.py"]
limit = "30m"
[variants]
"dropout" = "--dropout 0.5"
[result]
unit = "%"
chance = 0.1
[decide]
metric = "accuracy"
margin = 2
seeds = "4..8"
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("print(1)")


def read(tmp_path, text):
    path = tmp_path / "s.toml"
    path.write_text(text)
    return read_trials(path)


def test_a_study_of_a_command_has_what_its_file_says(tmp_path):
    study = read(tmp_path, GOOD)
    assert study.base == "--dropout 0"
    assert [(arm.name, arm.arguments) for arm in study.variants] == [("dropout", "--dropout 0.5")]
    assert (study.rule.margin, study.rule.seeds) == (2.0, (4, 8))
    assert study.measure.of({"accuracy": 0.25, "loss": 1.0}) == 25.0
    assert study.measure.guess == 10.0
    assert study.subject.seconds == 1800


def test_a_study_of_recipes_is_none_of_a_command_and_the_other_way_round(tmp_path):
    assert read(tmp_path, 'question = "?"\nmodel = "mlp"\n') is None
    assert read(tmp_path, "no toml at all") is None
    from ablab.study import Study

    with pytest.raises(StudyError, match="a study of a program is for ablab plan, run, report and table"):
        Study.from_toml(GOOD)


FAULTS = {
    'command = "train {args} --seed {seed} \'"': "a quote is never closed",
    'command = "train {args}"': "the command has no {seed}",
    'command = "train {seed}"': "the command has no {args}",
    'command = "{seed} {args}"': "a command must begin with the name of its program",
    "command = 3": "write the command as text",
    'limit = "soon"': "the time that one trial may take",
    'files = ["nowhere.csv"]': "nowhere.csv: cannot be read",
    "files = [3]": "files: write a list of paths",
    "base = 1": "base: write arguments of the command",
    'epochs = "3"': '"epochs" is not a key of a study of a program',
    'unit = "%"': "it belongs below a line [result]",
    "margin = 1": "it belongs below a line [decide]",
    "repeat = 3": "write repeat as true or false",
}


@pytest.mark.parametrize("line", FAULTS)
def test_a_fault_at_the_top_is_said_with_its_line(tmp_path, line):
    key = line.partition(" ")[0]
    kept = [each for each in GOOD.splitlines() if not each.startswith(f"{key} =") or key in ("unit", "margin")]
    with pytest.raises(StudyError) as caught:
        read(tmp_path, "\n".join([line, *kept]))
    assert FAULTS[line] in str(caught.value)
    assert "s.toml:1:" in str(caught.value)


IN_SECTIONS = {
    ("[result]", "better = 'up'"): 'better = "higher" or "lower"',
    ("[result]", "pattern = '['"): "not a valid regular expression",
    ("[result]", "pattern = 'acc'"): "no group in parentheses finds the figure",
    ("[result]", "pattern = '(a) (b)'"): "one group in parentheses must find the figure",
    ("[result]", "examples = 0"): "write the number of examples",
    ("[result]", "file = 3"): "write the path of the result file",
    ("[decide]", "budget = 'a lot'"): "a time such as",
    ("[decide]", "confidence = 95"): "did you mean 0.95?",
    ("[decide]", "give_up = true"): '"give_up" is not a key of [decide]',
    ("[variants]", "three = 3"): "write a variant as text with arguments",
    ("[variants]", '"same" = "--dropout  0"'): '"same" has the same arguments as the base',
    ("[variants]", '"base" = "--x"'): "base is the name of the arguments",
}


@pytest.mark.parametrize(("section", "line"), IN_SECTIONS)
def test_a_fault_in_a_section_is_said_with_its_line(tmp_path, section, line):
    text = GOOD.replace(section, f"{section}\n{line}")
    with pytest.raises(StudyError) as caught:
        read(tmp_path, text)
    number = 1 + text.splitlines().index(line)
    assert IN_SECTIONS[section, line] in str(caught.value)
    assert f"s.toml:{number}:" in str(caught.value)


def test_two_names_that_look_the_same_are_refused(tmp_path):
    with pytest.raises(StudyError, match='the names "Dropout" and "dropout" look the same'):
        read(tmp_path, GOOD.replace("[result]", '"Dropout" = "--x"\n[result]'))


def test_all_faults_are_said_at_once(tmp_path):
    text = GOOD.replace("{seed}", "").replace("margin = 2", "").replace('"4..8"', '"8..4"')
    with pytest.raises(StudyError) as caught:
        read(tmp_path, text)
    said = str(caught.value)
    assert "no {seed}" in said
    assert "the margin is missing" in said
    assert "the range is backwards" in said


def test_the_plan_changes_with_whatever_decides_and_not_with_names_and_words(tmp_path):
    from ablab.trials.plan import plan

    first = plan(read(tmp_path, GOOD)).hash
    for same in (("Does it help?", "Well?"), ('"dropout" =', '"other" =')):
        assert plan(read(tmp_path, GOOD.replace(*same))).hash == first
    changes = [("margin = 2", "margin = 3"), ("dropout 0.5", "dropout 0.6"), ('--dropout 0"', '--dropout 0.1"')]
    changes += [("30m", "31m"), ('"4..8"', '"4..9"'), ("train.py --seed", "train.py -v --seed"), ('"accuracy"', '"f1"')]
    assert all(plan(read(tmp_path, GOOD.replace(*change))).hash != first for change in changes)
    (tmp_path / "train.py").write_text("print(2)")
    assert plan(read(tmp_path, GOOD)).hash != first


def test_a_study_without_a_question_is_told_the_line_that_is_missing(tmp_path):
    with pytest.raises(StudyError, match='s.toml: the question is missing\nstart with a line such as question = "'):
        read(tmp_path, GOOD.partition("\n")[2])
    with pytest.raises(StudyError, match="s.toml:1: write the question as text"):
        read(tmp_path, GOOD.replace('"Does it help?"', "3"))
