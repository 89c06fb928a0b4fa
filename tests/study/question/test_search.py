"""The sections [search] and [searched] of a study file, and what is said of those that cannot be."""

import pytest

from ablab.errors import StudyError
from ablab.study.question.search import Choices, Range, search_of, words_of
from ablab.study.question.study import Study

TEXT = """question = "?"
epochs = 8
[variants]
"batch norm" = "norm=batch"
"""


def study(section, top=""):
    return Study.from_toml(f"{top}{TEXT}{section}", "s.toml")


def test_ranges_and_lists_of_values_are_read_with_how_often_and_for_whom():
    recipes = study("").named
    found, faults = search_of(
        {"lr": {"low": 1e-3, "high": 1, "log": True}, "batch": {"low": 16, "high": 64}, "norm": ["none", "batch"]}
        | {"trials": 12, "over": "batch norm", "epochs": 3},
        recipes,
    )
    assert faults == ()
    assert dict(found.space) == {
        "lr": Range(1e-3, 1, is_log=True),
        "batch": Range(16, 64, is_whole=True),
        "norm": Choices(("none", "batch")),
    }
    assert (found.trials, found.over, found.epochs) == (12, ("batch norm",), 3)
    assert words_of(found) == "lr from 0.001 to 1 (log), batch from 16 to 64, norm in none, batch"


def test_all_recipes_of_a_study_are_searched_for_unless_it_says_otherwise():
    found, _ = search_of({"lr": [0.1, 0.2]}, study("").named)
    assert found.over == ("base", "batch norm")


def test_numbers_that_are_tried_are_short_and_stay_inside():
    assert Range(1e-3, 1.0).rounded(0.0312345) == 0.0312
    assert Range(0.1234, 0.5678).rounded(0.56779) == 0.5678
    assert Range(1, 9, is_whole=True).rounded(4) == 4


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lr = { low = 1.0, high = 0.1 }", "lr: the range is empty: low = 1 is not below high = 0.1"),
        ("lr = { low = 0.1, high = 0.1 }", "the range is empty"),
        ("lr = { low = 0, high = 0.1, log = true }", "lr: low = 0: a range with log = true must start above 0"),
        ("lr = { low = 0.1 }", "write a range as { low = 0.01, high = 1.0 }"),
        ("lr = { low = 0.1, hihg = 1.0 }", 'a range has low, high and log, but not "hihg"'),
        ("lr = 0.1", "lr = 0.1: write a range or a list of values"),
        ("lr = []", "lr: write at least two different values"),
        ("lr = [0.1, 0.1]", "lr: write at least two different values"),
        ("lr = { low = -1.0, high = 0.1 }", "greater than 0"),
        ("lrr = [0.1, 0.2]", 'unknown recipe key "lrr"'),
        ('norm = ["batch", "bacth"]', "bacth"),
        ("val = [0.1, 0.2]", "val cannot be searched: trials must be compared on the same validation images"),
        ('select = ["best", "test"]', "select cannot be searched: trials are judged at the best epoch on validation"),
        ("epochs = [5, 10]", "epochs cannot be searched"),
        ("lr = [0.1, 0.2]\ntrials = 1", "trials = 1: write a whole number from 2 to 10,000"),
        ("lr = [0.1, 0.2]\ntrials = true", "trials = true: write a whole number"),
        ('lr = [0.1, 0.2]\nmetric = "acuracy"', 'did you mean "accuracy"'),
        ('lr = [0.1, 0.2]\nmetric = "gap"', "metric = gap: trials need a figure that is measured on validation images"),
        ('lr = [0.1, 0.2]\nprune = "medain"', 'did you mean "median"'),
        ('lr = [0.1, 0.2]\nover = "batchnorm"', 'over: this study has no recipe "batchnorm"'),
        ("lr = [0.1, 0.2]\nover = []", "over: write the names of the recipes to search for"),
        ("trials = 5", "no setting to search"),
        ("lr = [0.1, 0.2]\ntrails = 5", 'did you mean "trials"?'),
        ('lr = [0.1, 0.2]\novr = ["base"]', '[search] has no key "ovr"'),
        ("lr = { lo = 0.1, high = 1.0 }", 'did you mean "low"?'),
    ],
)
def test_what_is_wrong_with_a_search_is_said_with_its_line(line, told):
    with pytest.raises(StudyError) as raised:
        study(f"[search]\n{line}\n")
    assert told in str(raised.value)
    assert str(raised.value).startswith("s.toml:")


def test_trials_that_would_see_the_test_images_are_refused():
    with pytest.raises(StudyError, match="must not see the test images"):
        study("[search]\nlr = [0.1, 0.2]\n", top='select = "test"\n')


def test_a_search_beside_another_choice_of_settings_is_refused():
    with pytest.raises(StudyError, match=r"\[search\] and tune both choose settings"):
        study("[search]\nlr = [0.1, 0.2]\n", top='tune = { lr = "auto" }\n')


def test_no_search_changes_what_a_study_trains():
    plain, searching = study(""), study("[search]\nlr = [0.1, 0.2]\n")
    assert plain.recipes == searching.recipes
    assert plain.rule == searching.rule


def test_the_trials_behind_the_settings_of_a_study_are_known():
    section = '[searched]\nkeys = ["lr"]\n[searched.trials]\nbase = 4\n"batch norm" = {}\n'
    fair, unfair = study(section.format(4)), study(section.format(0))
    assert fair.searched.trials == {"base": 4, "batch norm": 4}
    assert fair.searched.is_fair
    assert fair.has_tuned_rates
    assert not unfair.searched.is_fair
    assert not unfair.has_tuned_rates
    assert study("").searched is None


def test_trials_of_other_recipes_than_those_of_the_study_are_refused():
    with pytest.raises(StudyError, match="gives the number of trials of each recipe"):
        study("[searched]\ntrials = { base = 3 }\n")
