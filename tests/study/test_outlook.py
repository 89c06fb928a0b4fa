"""What is said of pairs to come, and studies that may give up."""

import dataclasses

import pytest

from ablab.recipe import Recipe
from ablab.statistics.reach import ahead as statistics_ahead
from ablab.statistics.reach import pairs_to_detect
from ablab.statistics.sequential import multipliers
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.ahead import ahead
from sample_runs import sample_run

BASE = Recipe.of({"epochs": 3})
WIDE = Variant("wide", BASE.with_("width=2"), "width=2")
GAPS = (1.0, -1.1, 0.9, -1.0, 0.2, 0.1, -0.3)


def decision(gaps, *, give_up=True, seeds=(3, 10), margin=0.5):
    planned = plan(Study("?", BASE, (WIDE,), Rule(margin=margin, seeds=seeds, give_up=give_up)), "fingerprint")
    runs = [sample_run(seed, 0.6, BASE) for seed in range(len(gaps))]
    runs += [sample_run(seed, 0.6 + gap / 100, WIDE.recipe) for seed, gap in enumerate(gaps)]
    return planned, decide(planned, runs), {run.id: run for run in runs}


def test_a_study_that_may_give_up_does_so_from_five_pairs_on_where_the_rest_is_unlikely_to_decide():
    planned, found, there = decision(GAPS[:5])
    assert found.wanted == ()
    assert ahead(planned, found, there, 4) == ()
    assert found.verdicts[0].word == "undecided"
    assert "ablab gave up, as the study allows" in found.verdicts[0].sentence
    assert decision(GAPS[:4])[1].wanted
    assert decision(GAPS[:5], give_up=False)[1].wanted


def test_giving_up_binds_nobody():
    """Pairs that are there even so count like any others."""
    _, found, _ = decision((*GAPS, 30.0, 30.0, 30.0))
    assert found.verdicts[0].pairs == 10
    assert found.verdicts[0].outlook is None or found.verdicts[0].outlook.chance == 0.0


def test_a_hopeful_study_goes_on():
    _, found, _ = decision((0.9, 0.2, 1.4, 0.3, 1.3))
    assert found.wanted
    assert found.verdicts[0].outlook.chance > 0.5


def test_giving_up_is_another_plan_and_nothing_changes_for_those_that_never_do():
    usual, other = (plan(Study("?", BASE, (WIDE,), Rule(give_up=one)), "fingerprint") for one in (False, True))
    assert usual.hash != other.hash
    found, same = (decision(GAPS[:5], give_up=one)[1].verdicts[0] for one in (False, True))
    assert dataclasses.replace(same, sentence="", outlook=None) == dataclasses.replace(found, sentence="", outlook=None)


def test_the_outlook_is_the_same_whenever_it_is_asked_for():
    assert decision(GAPS)[1].verdicts == decision(GAPS)[1].verdicts


@pytest.mark.parametrize("gaps", [GAPS[:2], (5.0, 5.1, 4.9)])
def test_before_the_first_look_and_after_the_verdict_there_is_none(gaps):
    assert decision(gaps)[1].verdicts[0].outlook is None


def test_a_study_without_a_last_look_goes_on_until_it_is_decided():
    text = 'question = "?"\nepochs = 3\n[variants]\n"wide" = "width=2"\n[decide]\nseeds = "3.."\n'
    rule = Study.from_toml(text).rule
    assert rule.is_open
    assert Study.from_toml(text.replace("3..", "3..10")).rule.is_open is False
    _, noise, _ = decision(GAPS * 3, seeds=rule.seeds, give_up=False)
    assert noise.verdicts[0].word == "undecided"
    assert {one.seed for one in noise.wanted} == {21}
    _, clear, _ = decision((5.0, 5.1, 4.9, 5.0, 5.1), seeds=rule.seeds)
    assert (clear.verdicts[0].word, clear.wanted) == ("helps", ())
    _, early, _ = decision((5.0, 5.1, 4.9), seeds=rule.seeds)
    assert (early.verdicts[0].word, early.verdicts[0].low) == ("undecided", None)


def test_what_is_foreseen_is_foreseen_with_the_error_of_the_study():
    _, over, _ = decision((0.9, 0.2, 1.4, -0.3, 1.3), seeds=(3, 5), margin=0.9)
    look = over.verdicts[0].looks[-1]
    assert over.verdicts[0].outlook.anew == pairs_to_detect(0.9 / look.interval.sd, 3, 0.05)
    gaps = (0.9, 0.2, 1.4, -0.3, 1.3)
    _, going, _ = decision(gaps, seeds=(3, 20), margin=0.9)
    verdict, factors = going.verdicts[0], (multipliers(3, 20, 0.05), multipliers(3, 20, 0.1))
    seen = [after - before for before, after in zip(verdict.base_accuracies, verdict.accuracies, strict=True)]
    coming = statistics_ahead(seen, verdict.looks[-1], 0.9, factors, 0.9)
    assert (verdict.needed, verdict.outlook.chance) == (coming.pairs() - 5, pytest.approx(coming.last))
