"""The numbers of a program's result are found in what it prints."""

import pytest

from ablab.trials.figures import absence, figures_in


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ('{"acc": 1}\n{"acc": 2}\nend of training\n', {"acc": 2.0}),
        ('{\n  "acc": 0.5,\n  "test": {"loss": 2e-3, "name": "x"}\n}\n', {"acc": 0.5, "test.loss": 0.002}),
        ("0.75\n", {"figure": 0.75}),
        ('{"done": true, "name": "a"}', {}),
        ('{"acc": 0.5}\n{"acc": NaN}', {}),  # the last result counts, and it has no number
        ('{"acc": Infinity, "loss": 1}', {"loss": 1.0}),
        ("[1, 2]\nloss 0.5", {}),
        ("", {}),
        ('{"acc": 1' + "[" * 100_000, {}),
    ],
)
def test_the_last_line_of_json_has_the_figures(text, figures):
    assert figures_in(text) == figures


@pytest.mark.parametrize(
    ("text", "pattern", "figures"),
    [
        ("acc: 61.5%\nacc: 63.25%\n", r"acc: ([\d.]+%)", {"figure": 63.25}),
        ("loss=0.5 acc=0.8", r"loss=(?P<loss>\S+) acc=(?P<acc>\S+)", {"loss": 0.5, "acc": 0.8}),
        ("acc: n/a", r"acc: (\S+)", {}),
        ("acc: nan", r"acc: (\S+)", {}),
        ("x\nacc 3\n", r"^acc (\d)$", {"figure": 3.0}),
    ],
)
def test_the_last_match_of_a_pattern_has_the_figures(text, pattern, figures):
    assert figures_in(text, pattern) == figures


def test_what_is_missing_is_said_with_what_is_there():
    told = {"is_file": False, "has_pattern": False}
    assert absence({"a": 1.0}, "acc", **told) == 'there is no "acc" in its output; there are: a'
    assert 'choose one with metric = "a"' in absence({"a": 1.0, "b": 2.0}, "", **told)
    assert "no finite number in its result file" in absence({}, "", is_file=True, has_pattern=False)
    assert "the pattern finds no number" in absence({}, "", is_file=False, has_pattern=True)
