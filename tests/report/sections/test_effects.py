"""The table of verdicts says what the verdicts say, and obeys no text of a user's."""

import dataclasses

import pytest
from simulated import result

from ablab.recipe import Recipe
from ablab.report.sections.accuracies import chance, verdict_table
from ablab.report.sections.effects import intervals
from ablab.report.table import write
from ablab.report.wording import shown
from ablab.study import Rule, Study, Variant, decide, plan
from sample_runs import sample_run

BASE = Recipe()
NORM = BASE.with_("norm=batch")
STUDY = Study("Does it help?", BASE, (Variant("batch norm", NORM, "norm=batch"),), Rule(seeds=(3, 3)))
RUNS = [
    sample_run(seed, accuracy + gain * (recipe is NORM), recipe)
    for seed, (accuracy, gain) in enumerate(((0.30, 0.020), (0.33, 0.021), (0.31, 0.022)))
    for recipe in (BASE, NORM)
]


def made(**changes):
    verdicts = decide(plan(STUDY, "fingerprint"), RUNS).verdicts
    return result(STUDY, RUNS, [dataclasses.replace(verdict, **changes) for verdict in verdicts])


def lines_of(it):
    return write(
        dataclasses.replace(verdict_table(it.verdicts, it.runs, explores=it.plan.explores), caption=""), "text"
    ).splitlines()


def test_a_variant_has_its_mean_its_effect_its_interval_n_and_a_verdict():
    it = made()
    head, _, base, line = lines_of(it)
    assert "95 % interval" in head
    assert base.split()[:2] == ["base", "31.33"]
    low, high = it.verdicts[0].low, it.verdicts[0].high
    for part in ("batch norm", "33.43", "+2.10", f"+{low:.2f} to +{high:.2f}", "  3  ", "1.00×", "helps"):
        assert part in line


def test_a_verdict_without_an_interval_has_none():
    runs = [sample_run()]
    base, line = lines_of(result(STUDY, runs, decide(plan(STUDY, "fingerprint"), runs).verdicts))[2:]
    assert base.split() == ["base", "–", "–", "–", "0", "–"]
    assert line.split()[-5:] == ["interval", "yet", "0", "–", "undecided"]


def test_a_biased_verdict_says_so_in_table_and_chart():
    it = made(is_biased=True)
    assert lines_of(it)[-1].endswith("helps (biased)")
    assert intervals(it.verdicts, it.runs).intervals[0].label == f"{it.verdicts[0].word} (biased)"


@pytest.mark.parametrize(("word", "is_bold"), [("helps", True), ("hurts", True), ("undecided", False)])
def test_an_effect_is_bold_only_where_the_verdict_says_that_there_is_one(word, is_bold):
    assert ("**+2.10**" in write(verdict_table(made(word=word).verdicts), "markdown")) is is_bold


def test_what_explored_has_no_verdict():
    runs = [dataclasses.replace(run, spec=dataclasses.replace(run.spec, explores=True)) for run in RUNS]
    assert lines_of(result(STUDY, runs, made().verdicts))[-1].endswith("exploratory")


@pytest.mark.parametrize("name", ["a\x1b[31mred", "[bold]b[/bold]", "one\ntwo", "\u202egnp.exe"])
def test_text_of_a_user_is_shown_and_never_obeyed(name):
    lines = lines_of(made(variant=name))
    assert len(lines) == 4
    assert shown(name) in lines[-1]
    assert not set("".join(lines)) & set("\x1b\u202e")


def test_a_chance_is_never_certain():
    assert [chance(share) for share in (0.5, 0.999, 0.001)] == ["50 %", "> 99 %", "< 1 %"]
