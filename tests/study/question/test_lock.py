"""What a study file says otherwise since its plan was locked is named, one line each."""

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
        ("margin = 1.0", "margin = 2.0", ["margin was 1.0, is 2.0"]),
        ('"3..5"', '"3..6"', ["seeds was 3..5, is 3..6"]),
        ("margin = 1.0", 'margin = 1.0\nbudget = "9 runs"', ["budget was not given, is 9 runs"]),
        ("epochs = 3", 'epochs = 3\ntune = { lr = "auto" }', ["tune was False, is True"]),
        ('data = "cifar10"', 'data = ["cifar10", "digits"]', ["data was , is cifar10, digits"]),
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
    assert next(iter(changes(before, now))) == "base: epochs was 3, is 4"


def test_further_metrics_are_named_with_their_margins():
    text = TEXT.replace("margin = 1.0", 'metric = ["accuracy", "loss"]\nmargin = [1.0, 0.05]')
    (line,) = changes(Study.from_toml(TEXT), Study.from_toml(text))
    assert line == "further metrics (and margins) were not given, are loss (0.05)"
