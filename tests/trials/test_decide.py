"""Verdicts on outcomes: the looks of a study of recipes, failed trials, and seeds that do nothing."""

import pytest

from ablab.statistics.recycling import recycled_looks
from ablab.statistics.sequential import Design
from ablab.trial import Outcome
from ablab.trials.decide import decide
from ablab.trials.plan import plan
from sample_trials import outcomes, study

BASE = [10.0, 12.0, 11.0, 13.0]
BETTER = [15.0, 17.2, 16.1, 18.3]


def decision(of, figures, **more):
    return decide(plan(of), outcomes(of, figures, **more))


def test_a_verdict_has_the_interval_of_the_look_that_decides():
    asked = study()
    (verdict,) = decision(asked, {"": BASE, "--b": BETTER}).verdicts
    gaps = [right - left for left, right in zip(BASE, BETTER, strict=True)]
    (looks,) = recycled_looks([gaps], [0.1], Design(3, 10, 0.05, 1, 1.0))
    assert (verdict.word, verdict.pairs) == ("helps", looks[-1].pairs)
    assert (verdict.low, verdict.high) == pytest.approx((looks[-1].interval.low, looks[-1].interval.high))
    assert verdict.effect == pytest.approx(sum(gaps[: verdict.pairs]) / verdict.pairs)
    assert "by more than your margin of 1" in verdict.sentence


def test_lower_figures_are_better_where_the_study_says_so():
    (verdict,) = decision(study(better="lower"), {"": BASE, "--b": BETTER}).verdicts
    assert verdict.word == "hurts"


def test_the_first_trial_is_wanted_alone_then_its_repeat_and_all_first_seeds():
    asked = study(has_repeat=True)
    planned = plan(asked)
    assert decide(planned, {}).wanted == (planned.first,)
    begun = decision(asked, {"": BASE[:1]})
    assert begun.wanted[0] == planned.repeat
    assert {(trial.arguments, trial.seed) for trial in begun.wanted[1:]} == {
        ("--b", 0),
        *((arguments, seed) for arguments in ("", "--b") for seed in (1, 2)),
    }


def test_what_is_decided_wants_nothing_and_what_is_not_one_more_pair_each():
    asked = study(("b", "c"))
    noisy = [11.0, 10.0, 14.0, 12.0]
    found = decision(asked, {"": BASE, "--b": BETTER, "--c": noisy})
    assert [verdict.word for verdict in found.verdicts] == ["helps", "undecided"]
    assert {(trial.arguments, trial.seed) for trial in found.wanted} == {("", 4), ("--c", 4)}
    assert {trial.arguments for trial in found.later} == {"", "--c"}


def test_later_trials_that_are_there_already_do_not_change_a_verdict():
    asked = study()
    short = decision(asked, {"": BASE, "--b": BETTER}).verdicts
    longer = decision(asked, {"": [*BASE, 10.0], "--b": [*BETTER, -50.0]}).verdicts
    assert short == longer


def test_a_pair_with_a_failed_trial_is_left_out_and_counted():
    figures = {"": BASE, "--b": [BETTER[0], None, *BETTER[2:]]}
    (verdict,) = decision(study(), figures).verdicts
    assert (verdict.pairs, verdict.tried, verdict.failures) == (3, 4, 1)
    assert verdict.sentence.startswith("Trials that failed: 1 of 4 of b, 0 of 4 of the base.")
    assert "which may favor" in verdict.sentence


def test_a_failed_trial_counts_as_chance_where_the_study_says_what_that_is():
    figures = {"": [0.9, 0.91, 0.92], "--b": [None, None, None]}
    (verdict,) = decision(study(unit="%", chance=0.1, margin=1.0), figures).verdicts
    assert (verdict.word, verdict.figures) == ("hurts", (10.0, 10.0, 10.0))
    assert "They count as chance (10.00 %)" in verdict.sentence


def test_two_failed_trials_have_no_difference():
    figures = {"": [None, *BASE], "--b": [None, *BETTER]}
    (verdict,) = decision(study(chance=0.0), figures).verdicts
    assert (verdict.pairs, verdict.tried) == (3, 4)


def test_where_few_fail_the_seeds_where_both_finish_decide_and_it_is_said():
    base = [80.0, 81.0, 80.5, 80.2, 80.9]
    figures = {"": base, "--b": [None, *(value + 5 + value / 1000 for value in base[1:])]}
    (verdict,) = decision(study(chance=10.0), figures).verdicts
    assert (verdict.word, verdict.where_both_finish) == ("helps", True)
    assert verdict.label == "helps (where both finish)"


def test_a_program_that_ignores_its_seed_gets_no_verdict_and_no_further_seeds():
    found = decision(study(), {"": [5.0] * 3, "--b": [9.0] * 3})
    assert [verdict.word for verdict in found.verdicts] == ["undecided"]
    assert found.wanted == ()
    assert "ignores its seed" in found.verdicts[0].sentence
    assert any("base gave the same result with seeds 0 and 1" in remark for remark in found.remarks)


def test_a_program_with_two_results_for_one_seed_is_noticed():
    asked = study(has_repeat=True)
    planned, found = plan(asked), outcomes(asked, {"": BASE, "--b": BETTER})

    def remarks(figure):
        again = Outcome(planned.repeat, "finished", 1.0, {"figure": figure})
        return decide(planned, {**found, again.trial.id: again}).remarks

    assert any("two results with seed 0: 10.0000 and 10.5000" in remark for remark in remarks(10.5))
    assert remarks(10.0) == ()


def test_arguments_that_change_nothing_are_noticed():
    found = decision(study(), {"": BASE, "--b": BASE})
    assert any("do its arguments (--b) change anything?" in remark for remark in found.remarks)


def test_two_variants_with_the_same_figures_are_noticed_once_and_a_third_with_others_is_not():
    seen = decision(
        study(("b", "c", "d", "e")),
        {"": BASE, "--b": BETTER, "--c": BETTER, "--d": BETTER, "--e": [9.0, 8.5, 9.5, 7.0]},
    )
    told = [remark for remark in seen.remarks if "the same figures with every seed" in remark]
    assert [remark.partition(" gave")[0] for remark in told] == ['"b" and "c"', '"b" and "d"']
    assert told[0].endswith("does the program use what differs in their arguments (--b and --c)?")


def test_two_variants_that_differ_with_one_seed_are_not_called_the_same():
    almost = [*BETTER[:2], BETTER[2] + 0.5]
    assert decision(study(("b", "c")), {"": BASE, "--b": BETTER[:3], "--c": almost}).remarks == ()


def test_two_variants_with_the_figures_of_the_base_are_noticed_as_that_alone():
    remarks = decision(study(("b", "c")), {"": BASE, "--b": BASE, "--c": BASE}).remarks
    assert [remark.partition(":")[0] for remark in remarks] == [
        '"b" gave the figures of the base with every seed',
        '"c" gave the figures of the base with every seed',
    ]


def test_a_budget_ends_the_study_between_two_seeds():
    noisy = [11.0, 10.0, 14.0, 12.0]
    found = decision(study(budget="9 runs"), {"": BASE, "--b": noisy})
    assert (found.wanted, found.later, found.ended) == ((), (), "the budget of 9 runs is spent")


def test_coarse_figures_do_not_make_an_interval_without_width():
    asked = study(unit="%", margin=2.0, examples=30)
    figures = {"": [26 / 30, 27 / 30, 28 / 30], "--b": [27 / 30, 28 / 30, 29 / 30]}
    (verdict,) = decision(asked, figures).verdicts
    assert verdict.word == "undecided"  # all differences are one example of 30, which is how coarse the figures are
    assert verdict.high - verdict.low > 5


def test_trials_that_had_ended_when_the_plan_was_locked_are_said():
    import dataclasses

    asked = study()
    found = outcomes(asked, {"": BASE, "--b": BETTER}, time="2026-01-01T00:00:00.000+00:00")
    locked = dataclasses.replace(plan(asked), locked="2026-01-02T00:00:00.000+00:00")
    (verdict,) = decide(locked, found).verdicts
    assert verdict.label == "helps (known before)"
    assert "trials had results when the plan was locked" in verdict.sentence


def test_a_variant_that_never_finishes_is_tried_with_the_first_seeds_only_and_the_base_goes_on_for_others():
    alone = decision(study(), {"": BASE[:3], "--b": [None] * 3})
    assert (alone.wanted, alone.later) == ((), ())
    assert alone.verdicts[0].word == "undecided"
    assert "since every trial failed; ablab runs no further seeds of it. Check its arguments: --b." in (
        alone.verdicts[0].sentence
    )
    noisy = [11.0, 10.0, 14.0]
    both = decision(study(("b", "c")), {"": BASE[:3], "--b": [None] * 3, "--c": noisy})
    assert {(trial.arguments, trial.seed) for trial in both.wanted} == {("", 3), ("--c", 3)}
    assert {trial.arguments for trial in both.later} == {"", "--c"}


def test_a_variant_that_has_finished_once_goes_on_and_so_does_one_whose_failures_count():
    assert decision(study(), {"": BASE[:3], "--b": [None, None, 11.0]}).wanted
    counting = decision(study(chance=9.0, margin=5.0), {"": BASE[:3], "--b": [None] * 3})
    assert "never" not in counting.verdicts[0].sentence
    assert counting.wanted
