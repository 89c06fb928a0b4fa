"""Tables for the terminal say what the records say, and obey no text of a user's."""

import dataclasses

import pytest

from ablab.recipe import Recipe
from ablab.report.table import write
from ablab.report.tables import confusion_table, run_details, verdict_table
from ablab.report.wording import shown
from ablab.statistics.confusion import confusion
from ablab.study import Rule, Study, Variant, decide, plan
from sample_runs import sample_run

BASE = Recipe()
NORM = BASE.with_("norm=batch")


def verdicts(name="batch norm", gains=(0.020, 0.021, 0.022)):
    study = Study("Does it help?", BASE, (Variant(name, NORM, "norm=batch"),), Rule(seeds=(3, 3)))
    runs = [
        sample_run(seed, accuracy + gain, recipe)
        for seed, accuracy in enumerate((0.30, 0.33, 0.31))
        for recipe, gain in ((BASE, 0.0), (NORM, gains[seed]))
    ]
    return decide(plan(study, "fingerprint"), runs).verdicts


def text_of(some):
    return write(verdict_table(some), "text")


def test_a_variant_has_its_effect_its_interval_n_and_a_verdict():
    made = verdicts()
    head, _, base, line = text_of(made).splitlines()
    assert "95 % interval" in head
    assert base.split() == ["base", "31.33", "%", "3"]
    low, high = made[0].low, made[0].high
    for part in ("batch norm", "33.43 %", "+2.10", f"+{low:.2f} to +{high:.2f}", "  3  ", "1.00x", "helps"):
        assert part in line


def test_a_verdict_without_an_interval_has_dashes_in_place_of_numbers():
    nothing = decide(
        plan(Study("?", BASE, (Variant("v", NORM, "norm=batch"),)), "fingerprint"), [sample_run()]
    ).verdicts
    base, line = text_of(nothing).splitlines()[2:]
    assert base.split() == ["base", "-", "0"]
    assert line.split() == ["v", "-", "-", "-", "0", "-", "undecided"]


def test_a_biased_verdict_says_so():
    biased = [dataclasses.replace(verdict, is_biased=True) for verdict in verdicts()]
    assert text_of(biased).endswith("helps (biased)")


def test_the_details_of_a_run_have_its_recipe_its_curve_and_what_it_gave():
    text = run_details(sample_run(7, 0.4321, NORM, note="something to know"))
    for part in ("seed", "7", 'norm = "batch"', "43.21 % of 200 images", "2.3046", "82,030", "something to know"):
        assert part in text
    assert text.splitlines()[-1].split()[0] == "2"
    assert text.endswith("selected")


@pytest.mark.parametrize("name", ["a\x1b[31mred", "[bold]b[/bold]", "one\ntwo", "\u202egnp.exe"])
def test_text_of_a_user_is_shown_and_never_obeyed(name):
    table = text_of([dataclasses.replace(verdict, variant=name) for verdict in verdicts()])
    assert len(table.splitlines()) == 4
    assert shown(name) in table
    assert not set(table) & set("\x1b\u202e")


def test_the_table_of_a_runs_answers_has_a_row_for_each_class_and_says_what_was_confused():
    matrix = confusion([0, 0, 0, 1], [0, 1, 1, 1], 2)
    lines = write(confusion_table(matrix, ["cat", "hound"]), "text").splitlines()
    assert lines[2].split() == ["cat", "1", "2", "33.3%", "100.0%"]
    assert lines[3].split() == ["hound", "0", "1", "100.0%", "33.3%"]
    assert lines[-1].endswith("cat taken for hound 2 times")


def test_names_above_the_columns_are_whole_where_there_is_room():
    cifar = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    heads = confusion_table(confusion(range(10), range(10), 10), cifar).heads
    assert [head.text for head in heads[1:-2]] == cifar
    long = [f"a rather long name {at}" for at in range(15)]
    assert [head.text for head in confusion_table(confusion(range(15), range(15), 15), long).heads].count(
        "a rat…"
    ) == 15
