"""Studies that decide by several metrics: one error for all comparisons, a margin for each metric, one set of runs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablab.errors import StudyError
from ablab.recipe import Recipe
from ablab.records import Measurement
from ablab.report.section import tables_of
from ablab.report.terminal.plan import foreseen
from ablab.report.terminal.result import result_text
from ablab.result import Result
from ablab.statistics.paired import Interval
from ablab.statistics.sequential import Look
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.ahead import ahead
from ablab.study.forecast import before
from ablab.study.question.lock import changes
from ablab.study.question.rule import decide_keys, rule_of
from ablab.study.sentence import condition
from sample_runs import sample_run

BASE = Recipe()
NORM, WIDE = BASE.with_("norm=batch"), BASE.with_("width=2")
VARIANTS = (Variant("norm", NORM, "norm=batch"), Variant("wide", WIDE, "width=2"))
BOTH = Rule("accuracy", 1.0, seeds=(3, 6), also=(("loss", 0.1),))


def planned(rule=BOTH, variants=VARIANTS):
    return plan(Study("?", BASE, variants, rule), "fingerprint")


def runs(recipe, accuracies, losses):
    both = zip(accuracies, losses, strict=True)
    return [
        sample_run(seed, accuracy, recipe, test=Measurement(loss, accuracy, 10_000, {}))
        for seed, (accuracy, loss) in enumerate(both)
    ]


BASES = runs(BASE, [0.500, 0.503, 0.498], [1.40, 1.42, 1.39])
SURER = runs(NORM, [0.501, 0.502, 0.499], [1.10, 1.13, 1.08])  # as often right, and much surer


def test_every_variant_is_judged_by_every_metric_with_a_margin_of_its_own():
    decision = decide(planned(), [*BASES, *SURER])
    by_accuracy, by_loss = decision.by_metric
    assert [verdict.name for verdict in decision.every] == ["norm", "wide", "norm (loss)", "wide (loss)"]
    assert (by_accuracy[0].margin, by_loss[0].margin) == (1.0, 0.1)
    assert by_loss[0].word == "helps"
    assert by_loss[0].effect == pytest.approx(-0.3)
    assert "nats" in by_loss[0].sentence
    assert "margin of 0.1000 nats" in by_loss[0].sentence


def test_the_comparisons_of_all_metrics_share_the_error():
    alone, both = planned(replace(BOTH, also=())), planned()
    assert (alone.comparisons, both.comparisons) == (2, 4)
    first = decide(alone, [*BASES, *SURER]).verdicts[0]
    shared = decide(both, [*BASES, *SURER]).verdicts[0]
    assert shared.high - shared.low > first.high - first.low
    assert shared.comparisons == 4


def test_the_interval_of_a_further_metric_is_that_of_a_study_by_it_alone_with_as_many_comparisons():
    by_loss = Rule("loss", 0.1, seeds=(3, 6), also=(("accuracy", 1.0),))
    swapped = decide(planned(by_loss), [*BASES, *SURER])
    usual = decide(planned(), [*BASES, *SURER])
    for one, other in zip(usual.by_metric, swapped.by_metric[::-1], strict=True):
        assert [(each.word, each.pairs) for each in one] == [(each.word, each.pairs) for each in other]
        assert [each.low for each in one] == pytest.approx([each.low for each in other])
        assert [each.high for each in one] == pytest.approx([each.high for each in other])


def test_a_variant_goes_on_until_it_is_decided_by_every_metric():
    small = planned(variants=VARIANTS[:1])
    noisy = runs(NORM, [0.52, 0.49, 0.53], [1.10, 1.13, 1.08])
    decision = decide(small, [*BASES, *noisy])
    assert [verdict.word for verdict in decision.every] == ["undecided", "helps"]
    assert {spec.seed for spec in decision.wanted} == {3}
    assert any(ahead(small, decision, {}, slots=4))
    turned = planned(Rule("loss", 0.1, seeds=(3, 6), also=(("accuracy", 1.0),)), VARIANTS[:1])
    again = decide(turned, [*BASES, *noisy])
    assert again.verdicts[0].word == "helps"
    assert {spec.id for spec in again.wanted} == {spec.id for spec in decision.wanted}
    useful = [
        {spec.id for round_ in ahead(*asked, {}, slots=4) for spec in round_}
        for asked in ((turned, again), (small, decision))
    ]
    assert useful[0] == useful[1]


def test_equals_are_seldom_called_different_by_any_of_two_metrics_that_hang_together():
    """At most 5 % of studies may: two variants, two metrics, correlated noise. The bound is 3 sd of 600 draws above."""
    draws, rule = np.random.default_rng(7), replace(BOTH, margin=0.2, seeds=(3, 5), also=(("loss", 0.004),))
    wrong = 0
    for _ in range(600):
        trained = []
        for recipe in (BASE, NORM, WIDE):
            accuracies = 0.6 + 0.005 * draws.standard_normal(5)
            losses = 1.2 - 3 * (accuracies - 0.6) + 0.01 * draws.standard_normal(5)
            trained += runs(recipe, accuracies, losses)
        wrong += any(verdict.word in ("helps", "hurts") for verdict in decide(planned(rule), trained).every)
    assert wrong <= 600 * 0.05 + 3 * (600 * 0.05 * 0.95) ** 0.5
    assert wrong > 0


def test_the_plan_is_another_one_and_does_not_depend_on_the_order_of_the_further_metrics():
    three = (("loss", 0.1), ("ece", 1.0))
    hashes = {planned(replace(BOTH, also=also)).hash for also in ((), BOTH.also, three, three[::-1])}
    assert len(hashes) == 3
    assert planned(replace(BOTH, also=(("loss", 0.2),))).hash not in hashes


@pytest.mark.parametrize("written", [["accuracy", "loss"], ("accuracy", "loss")])
def test_a_file_names_a_list_of_metrics_and_a_list_of_margins(written):
    rule, faults = rule_of({"metric": written, "margin": [1, 0.1], "seeds": "3..6"})
    assert (rule, faults) == (BOTH, ())
    assert decide_keys(rule)["metric"] == ["accuracy", "loss"]
    assert rule_of(decide_keys(rule)) == (rule, ())


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"metric": ["accuracy", "loss"]}, "2 metrics decide, so write a list of 2 margins"),
        ({"metric": ["accuracy", "loss"], "margin": 0.5}, "2 metrics decide, so write a list of 2 margins"),
        ({"metric": ["accuracy", "loss"], "margin": [0.5]}, "2 metrics decide, so write a list of 2 margins"),
        ({"metric": ["accuracy", "accuracy"], "margin": [0.5, 1.0]}, "accuracy is named twice"),
        ({"metric": ["accuracy", "lost"], "margin": [0.5, 1.0]}, "metric = lost"),
        ({"metric": ["accuracy", "loss"], "margin": [0.5, -1.0]}, "margin = -1.0"),
        ({"metric": ["accuracy", 3], "margin": [0.5, 1.0]}, "metric = 3"),
        ({"metric": ["loss", "ece"], "margin": [0.5, 100]}, "less than 100 percentage points"),
        ({"metric": ["accuracy", "loss"], "margin": [0.5, 0.1], "pool": 1}, "cannot be pooled"),
        ({"metric": [], "margin": []}, "0 metrics decide"),
        ({"margin": [0.5, 0.1]}, "margin ="),
    ],
)
def test_what_is_wrong_with_the_lists_is_said(keys, message):
    _, faults = rule_of(keys)
    assert any(message in fault.message for fault in faults), faults


def test_a_study_of_a_program_takes_both_lists():
    study = Study("?", "mlp data=phantom", {"norm": "norm=batch"}, metric=["accuracy", "loss"], margin=[0.5, 0.1])
    assert Study.from_toml(study.text).rule == study.rule
    with pytest.raises(StudyError, match="a list of 2 margins"):
        Study("?", "mlp data=phantom", {"norm": "norm=batch"}, metric=["accuracy", "loss"], margin=0.5)


def test_the_terminal_the_json_form_and_the_tables_show_every_metric():
    it, found = planned(), (*BASES, *SURER)
    result = Result(it.study, it, found, decide(it, found))
    assert result_text(result).count("norm=batch") == 2
    assert [table.name for table in tables_of(result, "verdicts")] == ["verdicts", "verdicts by loss"]
    facts = json.loads(result.to_json())
    assert [each["metric"] for each in facts["also"]] == ["loss", "loss"]
    assert [each["metric"] for each in facts["verdicts"]] == ["accuracy", "accuracy"]
    assert "norm (loss): helps" in repr(result)
    assert condition(BASE, NORM) in result.decision.every[2].sentence


def test_a_plan_in_words_names_every_margin():
    text = foreseen(planned(), before(planned(), (), seconds={}))
    assert "by accuracy, margin 1 pp, and by loss, margin 0.1 nats" in text


@given(st.floats(0.01, 100), st.floats(-5, 5, allow_subnormal=False), st.floats(0, 5))
def test_a_look_in_another_unit_decides_the_same(factor, center, half):
    look = Look(4, 3.0, Interval(center, 1.0, center - half, center + half), 0.05)
    other = look.times(factor)
    assert other.excludes_zero == look.excludes_zero
    assert other.interval.mean == pytest.approx(factor * center)
    assert look.times(1) is look


def test_a_margin_of_a_further_metric_that_was_changed_since_the_lock_is_named():
    before_, now = (planned(replace(BOTH, also=(("loss", margin),))).study for margin in (0.1, 0.2))
    assert list(changes(before_, now)) == ["further metrics (and margins): loss (0.1) before, now loss (0.2)"]
