"""What a study file says otherwise since its plan was locked is named, one line each."""

import re

import pytest

from ablab.study import Study
from ablab.study.question.lock import changes

TEXT = """question = "?"
data = "cifar10"
epochs = 3
[variants]
"norm" = "norm=batch"
[decide]
margin = 1.0
seeds = "3..5"
"""


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("epochs = 3", "epochs = 3", []),
        ('question = "?"', 'question = "Why?"', []),
        ("margin = 1.0", "margin = 2.0", ["margin: 1.0 before, now 2.0"]),
        ('"3..5"', '"3..6"', ["seeds: 3..5 before, now 3..6"]),
        ("margin = 1.0", 'margin = 1.0\nbudget = "9 runs"', ["budget: none before, now 9 runs"]),
        ("epochs = 3", 'epochs = 3\ntune = { lr = "auto" }', ["tune: false before, now true"]),
        ('data = "cifar10"', 'data = ["cifar10", "digits"]', ["data: cifar10 before, now cifar10, digits"]),
    ],
)
def test_what_decides_and_is_not_as_it_was_has_a_line(old, new, lines):
    before, now = Study.from_toml(TEXT), Study.from_toml(TEXT.replace(old, new))
    assert list(changes(before, now)) == lines


def test_a_variant_that_changed_is_gone_and_another_is_new():
    before, now = Study.from_toml(TEXT), Study.from_toml(TEXT.replace("norm=batch", "norm=group"))
    assert list(changes(before, now)) == [
        'the variant "norm" (norm=batch) was removed or has changed',
        'the variant "norm" (norm=group) is new',
    ]


def test_a_key_of_the_base_changes_every_recipe():
    before, now = Study.from_toml(TEXT), Study.from_toml(TEXT.replace("epochs = 3", "epochs = 4"))
    assert next(iter(changes(before, now))) == "epochs of the base: 3 before, now 4"


def test_further_metrics_are_named_with_their_margins():
    text = TEXT.replace("margin = 1.0", 'metric = ["accuracy", "loss"]\nmargin = [1.0, 0.05]')
    (line,) = changes(Study.from_toml(TEXT), Study.from_toml(text))
    assert line == "further metrics (and margins): none before, now loss (0.05)"


OWN = """from torch import nn

def net(shape, classes, width: int = 8):
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(width), nn.LazyLinear(classes))
"""


@pytest.mark.parametrize(
    ("base", "change", "line"),
    [
        ("nett.py:net", "epochs=4", r"model of the base: nett\.py:net@\w+ before, now nett\.py:net@\w+"),
        ("mlp", "model=nett.py:net", r'a file of the variant "b" \(model=nett\.py:net\) has changed'),
    ],
)
def test_a_file_that_changed_has_one_line_and_variants_of_the_same_words_have_none(
    tmp_path, monkeypatch, base, change, line
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nett.py").write_text(OWN)
    text = f'question = "?"\nmodel = "{base}"\n[variants]\n"b" = "{change}"\n'
    before = Study.from_toml(text)
    (tmp_path / "nett.py").write_text(OWN.replace("= 8", "= 9"))
    (told,) = changes(before, Study.from_toml(text))
    assert re.fullmatch(line, told)
