"""Whatever is wrong with a study file is said with its line and with what to write instead."""

import pytest

from ablab.errors import StudyError
from ablab.study import Rule, Study

HEAD = 'question = "?"\n'
ONE = '[variants]\n"a" = "norm=batch"\n'


def faults(text: str | bytes) -> str:
    with pytest.raises(StudyError) as error:
        Study.from_toml(text, "s.toml")
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("my rate = 3\n", ":1:", "a name with spaces or symbols needs quotes\n    my rate = 3"),
        ("rate\n", ":1:", 'there is no "=" after this key'),
        ('question = "C:\\data"\n', ":1:", "write / for \\, or put the text in 'single quotes'"),
        ("data = [1 2]\n", ":1:", "a bracket is never closed"),
        ("lr = 0.\u200b1\n", ":1:", ""),
        ("lr =\n", ":1:", '"lr" has no value'),
        ("channels_last = True\n", ":1:", "write: channels_last = true"),
        ('lr = 0.1 model = "mlp"\n', ":1:", "write one key per line"),
        ("model = mlp\n", ":1:", 'write: model = "mlp"'),
        ("data = [cifar10]\n", ":1:", 'write: "cifar10"'),
        ('question = "a" b\n', ":1:", "there is something after the value"),
        ('question = "a\nlr = 0.1\n', ":1:", "a quote is never closed"),
        ('data = ["cifar10",\nlr = 0.1\n', ":1:", "a bracket is never closed"),
        ("lr = 0.1\nlr = 0.2\n", ":2:", "this key appears twice (lines 1 and 2)"),
        (f"lr = {'1' * 5000}\n", ":1:", "this number has too many digits"),
        (f"lr = {'[' * 2000}\n", "s.toml: ", "brackets are nested too deeply"),
        ("# nothing\n", "s.toml: ", "there is nothing in this file"),
        ("", "s.toml: ", "this file is empty"),
        ('question = "\0"\n', ":1:", "a zero byte"),
        (b'question = "\xff"\n', ":1:", "byte 12 is not UTF-8"),
        (HEAD.encode("utf-16"), "s.toml: ", "save it as UTF-8"),
        (b"#" * (1 << 24), "s.toml: ", "Is this the right file?"),
    ],
)
def test_text_that_is_no_toml_is_explained(text, place, message):
    found = faults(text)
    assert place in found
    assert message in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("question = 3\n" + ONE, "write the question as text"),
        (HEAD + 'data = ["cifar10"]\n' + ONE, "a list of names such as"),
        (HEAD + "margin = 1\n" + ONE, "it belongs below a line [decide]"),
        (HEAD + 'keep = "all"\n' + ONE, "keep"),
        (HEAD + "decide = 3\n" + ONE, "write a line [decide]"),
        (HEAD + "variants = 3\n", "write a line [variants]"),
        (HEAD + ONE + "[grid]\nlr = [0.1, 0.2]\n", "keep one of them"),
        (HEAD + "[grid]\nlr = 0.1\n", "write a list of values, such as [2, 3, 4]"),
        (HEAD + "[grid]\nlr = [inf, 0.1]\n", "must be a finite number"),
        (HEAD + f"[grid]\nepochs = [{-(1 << 63)}, 2]\n", "this number is too large"),
        (HEAD + "[grid]\nepochs = [{ a = 1 }, 2]\n", "write text, a number, true, false or a list"),
        (HEAD + '[grid]\nnorm = ["none", "bach"]\n', 'did you mean "batch"'),
        (HEAD + 'norm = "none"\n[grid]\nnorm = ["none"]\n', "the only cell of this grid is the base itself"),
        (HEAD + ONE + "[decide]\nseeds = true\n", 'write how many, at first and at most, such as "3..10"'),
        (HEAD + ONE + '[decide]\ngive_up = "no"\n', "write true or false"),
        (HEAD + 'execute = "here"\n' + ONE, "write a line [execute]"),
        (HEAD + ONE + "[execute]\nworkers = 2\n", '[execute] has no key "workers"'),
        (HEAD + ONE + "[execute]\nexecutor = 2\n", 'write executor as text, such as "workers(2)"'),
        (HEAD + "published = 3\n" + ONE, "write a line [published]"),
        (HEAD + ONE + "[published]\nfigures = 3\n", "write figures as a table"),
        (HEAD + 'data = ["cifar10", "digits"]\n' + ONE + "[published]\nfigures = { base = 1 }\n", "one table for each"),
        (HEAD + "search = 3\n" + ONE, "write a line [search]"),
        (HEAD + ONE + "[search]\nlr = [inf, 1]\n", "must be a finite number"),
        (HEAD + ONE + "[searched]\ntrials = { base = -1, a = 2 }\n", "trials = { base = 30, ... }"),
        (HEAD + 'command = "true"\n' + ONE, "a study of a program is for ablab plan"),
    ],
)
def test_a_value_of_a_wrong_kind_is_told_with_what_is_wanted(text, message):
    found = faults(text)
    assert "s.toml" in found
    assert message in found


def test_a_name_of_a_file_is_not_taken_for_its_text():
    with pytest.raises(StudyError, match=r'Study.from_file\("my.toml"\)'):
        Study.from_toml("my.toml")


def test_a_rule_and_its_parts_are_not_given_both_and_data_are_those_of_the_base():
    with pytest.raises(StudyError, match="margin belongs in the rule"):
        Study("?", "mlp", {"a": "norm=batch"}, rule=Rule(), margin=2.0)
    with pytest.raises(StudyError, match='it starts with "data=digits"'):
        Study("?", "mlp data=cifar10", {"a": "norm=batch"}, datasets=("digits", "cifar10"))


def test_a_study_says_what_it_is():
    study = Study("Does it?", "mlp", {"a": "norm=batch"}, name="mine")
    assert repr(study) == "<Study mine: Does it? a>"


def test_text_that_cannot_be_shown_or_that_is_no_text_is_told():
    assert "the name of a variant" in faults(f'{HEAD}[variants]\n"a\\u202eb" = "norm=batch"\n')
    assert "executor" in faults(f"{HEAD}{ONE}[execute]\nexecutor = 3\n")
    assert "metric = 3" in faults(f"{HEAD}{ONE}[decide]\nmetric = 3\n")
    deep = ".".join("a" * 200)
    assert faults(f"{HEAD}{deep} = 1\n").startswith("s.toml:2: this key has more parts")


def test_a_cell_of_a_grid_that_is_no_recipe_is_told_at_its_key():
    text = f'{HEAD}model = "simple-nn"\n[grid]\nnorm = ["none", "batch"]\nblocks = [1, 3]\n'
    assert faults(text).startswith("s.toml:")
    assert "blocks" in faults(text)


def test_one_number_of_seeds_is_the_first_look_and_the_last():
    assert Study.from_toml(f"{HEAD}{ONE}[decide]\nseeds = 5\n", "s.toml").rule.seeds == (5, 5)
    assert Study("?", "mlp", {"a": "norm=batch"}, seeds=5).rule.seeds == (5, 5)


@pytest.mark.parametrize(
    ("name", "decide", "message"),
    [
        ("a\u202eb", {}, "the name of a variant has invisible characters"),
        ("a" * 200, {}, "the name of a variant has 200 characters"),
        ("a", {"metric": 3}, "metric = 3: "),
        ("a", {"target": 120}, "target = "),
    ],
)
def test_what_a_program_gives_is_checked_like_a_file(name, decide, message):
    with pytest.raises(StudyError, match=message):
        Study("?", "mlp", {name: "norm=batch"}, **decide)


def test_a_command_names_a_study_with_the_size_that_it_has():
    text = f"{HEAD}epochs = 2\n{ONE}[full]\nepochs = 30\n"
    assert Study.from_toml(text, "my study.toml").words == "'my study.toml'"
    assert Study.from_toml(text, "s.toml", "full").words == "s.toml --scale full"


def test_a_program_may_name_the_data_beside_the_base():
    study = Study("?", "mlp epochs=2", {"a": "norm=batch"}, data="digits")
    assert study.base == Study("?", "mlp data=digits epochs=2", {"a": "norm=batch"}).base
