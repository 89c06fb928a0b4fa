"""A verdict's numbers are those of the textbooks, and its sentence says what they mean."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ablab.recipe import Recipe
from ablab.records import Cost, Measurement, Run
from ablab.statistics.odds import odds
from ablab.statistics.paired import differences
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.sentence import condition, rates
from ablab.study.verdict import cost_ratio, word_for
from sample_runs import MACHINE, sample_run

BASE = Recipe()
NORM = BASE.with_("norm=batch")
A = (0.700, 0.712, 0.706, 0.695, 0.709)
B = (0.721, 0.727, 0.731, 0.712, 0.724)


def runs(recipe, accuracies, **changes):
    images = 100_000  # a fine grid: the interval is the textbook's and needs no room for rounding
    return [
        sample_run(seed, accuracy, recipe, test=Measurement(1.0, accuracy, images), **changes)
        for seed, accuracy in enumerate(accuracies)
    ]


def verdict(a=A, b=B, *, margin=0.5, seeds=None, labels=None, base=BASE, variant=NORM, more=()):
    seeds = seeds or (len(a), len(a))
    study = Study("?", base, (Variant("norm", variant, "norm=batch"),), Rule(margin=margin, seeds=seeds))
    return decide(plan(study, "fingerprint"), [*runs(base, a), *runs(variant, b), *more], labels=labels).verdicts[0]


def test_with_one_look_and_one_comparison_the_interval_is_the_paired_t_interval():
    found = verdict()
    expected = stats.ttest_rel(np.array(B) * 100, np.array(A) * 100).confidence_interval(0.95)
    assert found.effect == pytest.approx(100 * (np.mean(B) - np.mean(A)))
    assert (found.low, found.high) == (pytest.approx(expected.low, rel=1e-3), pytest.approx(expected.high, rel=1e-3))
    assert found.rho == pytest.approx(np.corrcoef(A, B)[0, 1])
    assert found.sd == pytest.approx(np.std(100 * (np.array(B) - np.array(A)), ddof=1), rel=1e-3)
    assert found.error_reduction == pytest.approx((np.mean(B) - np.mean(A)) / (1 - np.mean(A)))
    assert found.chance_better == pytest.approx(stats.norm.cdf(found.effect / found.sd), abs=0.02)
    assert (found.wins, found.ties, found.pairs) == (5, 0, 5)


@pytest.mark.parametrize(
    ("low", "high", "word", "negligible"),
    [
        (0.6, 1.0, "helps", False),
        (0.1, 0.7, "helps", False),
        (-1.0, -0.6, "hurts", False),
        (-0.4, 0.4, "no practical difference", False),
        (0.1, 0.4, "no practical difference", True),
        (-0.4, -0.1, "no practical difference", True),
        (-0.1, 0.7, "undecided", False),
        (-3.0, 3.0, "undecided", False),
        (0.0, 0.6, "undecided", False),
    ],
)
def test_the_word_follows_from_interval_and_margin_alone(low, high, word, negligible):
    assert word_for(low, high, 0.5) == (word, negligible)


def test_a_gain_is_told_with_effect_interval_pairs_margin_cost_and_condition():
    found = verdict()
    assert found.word == "helps"
    for part in (
        "norm helps: +1.86 pp",
        "95 % interval +",
        "5 seed pairs",
        "margin of 0.50 pp",
        "1.00 times",
        "10 epochs",
    ):
        assert part in found.sentence


def test_a_loss_is_told_as_one():
    found = verdict(B, A)
    assert found.word == "hurts"
    assert "norm hurts: -1.86 pp" in found.sentence


def test_a_real_effect_below_the_margin_is_called_negligible():
    found = verdict(margin=5.0)
    assert (found.word, found.is_negligible) == ("no practical difference", True)
    assert "5 seed pairs, a real but negligible gain" in found.sentence


def test_equals_within_the_margin_make_no_practical_difference():
    found = verdict(A, (0.701, 0.711, 0.707, 0.694, 0.710), margin=1.0)
    assert (found.word, found.is_negligible) == ("no practical difference", False)
    assert "smaller than your margin of 1.00 pp" in found.sentence


def test_noise_is_undecided_and_says_what_would_settle_it():
    found = verdict((0.70, 0.75, 0.72), (0.75, 0.71, 0.73), margin=1.0)
    assert found.word == "undecided"
    assert found.needed is None
    assert "Even 100 seeds would not settle an effect of 1.00 pp; first make results vary less" in found.sentence
    quieter = verdict((0.70, 0.72, 0.71), (0.71, 0.71, 0.72), margin=1.5)
    new = f"A new study with up to {quieter.outlook.anew} seeds would settle an effect of 1.50 pp with 80 % power"
    assert new in quieter.sentence
    before_the_end = verdict((0.70, 0.72, 0.71), (0.71, 0.71, 0.72), margin=2.0, seeds=(3, 20))
    assert f"Roughly {before_the_end.needed} more pairs would settle an effect of 2.00 pp" in before_the_end.sentence
    short = verdict((0.70, 0.72, 0.71), (0.71, 0.71, 0.72), margin=1.0, seeds=(3, 5))
    assert "If there is an effect of 1.00 pp, the 2 pairs left will settle it with probability" in short.sentence
    assert not any("margin" in one.sentence.split("pp")[-1] for one in (found, quieter, before_the_end, short))


@pytest.mark.parametrize("pairs", [0, 1, 2])
def test_fewer_than_three_pairs_never_give_a_verdict(pairs):
    found = verdict(A[:pairs], (0.99, 0.98, 0.97)[:pairs], seeds=(3, 5))
    assert found.word == "undecided"
    assert (found.low, found.high, found.pairs) == (None, None, pairs)
    assert "a verdict needs at least 3" in found.sentence


def test_all_comparisons_of_a_study_hold_together():
    two = (Variant("norm", NORM, "norm=batch"), Variant("wide", BASE.with_("width=2"), "width=2"))
    study = Study("?", BASE, two, Rule(seeds=(5, 5)))
    made = decide(plan(study, "fingerprint"), [*runs(BASE, A), *runs(NORM, B), *runs(two[1].recipe, B)]).verdicts
    expected = stats.ttest_rel(np.array(B) * 100, np.array(A) * 100).confidence_interval(0.975)
    assert made[0].low == pytest.approx(expected.low, rel=1e-3)
    assert made[0].comparisons == 2


def test_times_are_compared_on_one_machine_only():
    slow = [replace(run, cost=Cost(3.0, 3.5, 2, 1800, 1)) for run in runs(NORM, B)]
    assert cost_ratio(list(zip(runs(BASE, A), slow, strict=True))) == pytest.approx(2.0)
    elsewhere = [replace(run, machine=replace(MACHINE, name="other")) for run in slow]
    assert cost_ratio(list(zip(runs(BASE, A), elsewhere, strict=True))) is None


def test_on_a_cluster_times_are_compared_within_each_node():
    def on(node: int, run: Run, seconds: float) -> Run:
        return replace(run, machine=replace(MACHINE, name=f"node {node}"), cost=replace(run.cost, seconds=seconds))

    # Node 0 is twice as fast as node 1, and no pair has both of its runs on one node.
    base = [on(seed % 2, run, 10.0 * (1 + seed % 2)) for seed, run in enumerate(runs(BASE, A))]
    variant = [on(1 - seed % 2, run, 15.0 * (2 - seed % 2)) for seed, run in enumerate(runs(NORM, B))]
    assert cost_ratio(list(zip(base, variant, strict=True))) == pytest.approx(1.5)


def test_times_in_a_precision_that_was_not_asked_for_are_not_compared():
    other = [replace(run, machine=replace(MACHINE, precision="bf16")) for run in runs(NORM, B)]
    assert cost_ratio(list(zip(runs(BASE, A), other, strict=True))) is None
    asked = [replace(run, spec=replace(run.spec, recipe=NORM.with_("precision=bf16"))) for run in other]
    assert cost_ratio(list(zip(runs(BASE, A), asked, strict=True))) == pytest.approx(1.0)


def test_the_precision_that_kernels_choose_is_part_of_what_they_cost():
    fast = replace(MACHINE, precision="bf16")
    kernels = [
        replace(run, spec=replace(run.spec, recipe=NORM.with_("kernels=auto")), machine=fast) for run in runs(NORM, B)
    ]
    assert cost_ratio(list(zip(runs(BASE, A), kernels, strict=True))) == pytest.approx(1.0)


def test_choosing_epochs_on_the_test_set_is_called_biased():
    base = BASE.with_("select=test")
    found = verdict(base=base, variant=base.with_("norm=batch"))
    assert found.is_biased
    assert "Biased: epochs were chosen on the test set." in found.sentence


def test_images_that_were_tested_by_chance_widen_the_interval():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 400)
    study = Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), Rule(margin=1.0, seeds=(5, 5)))
    made = []
    for recipe, share_right in ((BASE, 0.70), (NORM, 0.72)):
        right = rng.random(400) < share_right  # each recipe has images of its own that it gets right with every seed
        for seed in range(5):
            as_seed = np.where(rng.random(400) < 0.02, ~right, right)
            given = np.where(as_seed, labels, (labels + 1) % 10).astype(np.uint8).tobytes()
            accuracy = float(as_seed.mean())
            test = Measurement(1.0, accuracy, 400)
            made.append(sample_run(seed, accuracy, recipe, predictions=given, test=test))
    found = decide(plan(study, "fingerprint"), made, labels=labels).verdicts[0]
    assert found.wide_low < found.low - 1
    assert found.wide_high > found.high + 1
    assert found.floor > 0
    without = decide(plan(study, "fingerprint"), made).verdicts[0]
    assert (without.wide_low, without.floor) == (None, None)
    assert (without.low, without.high) == (found.low, found.high)


def test_the_condition_names_what_both_sides_were_trained_with():
    assert condition(BASE, NORM) == "Both used learning rate 0.05, untuned, 10 epochs."
    assert condition(BASE, NORM, is_tuned=True) == "Both used learning rate 0.05, tuned, 10 epochs."
    assert "learning rates 0.05 and 0.1" in condition(BASE, BASE.with_("lr=0.1"))
    assert "10 and 1 epochs" in condition(BASE, BASE.with_("epochs=1"))
    assert "1,000 training images" in condition(BASE.with_("train_images=1000"), NORM.with_("train_images=1000"))
    noisy = BASE.with_("label_noise=0.2 data_fraction=0.1")
    assert condition(noisy, noisy).endswith("10 epochs, data fraction 0.1, label noise 0.2.")
    assert condition(BASE, BASE.with_("imbalance=100")).endswith("imbalance 1 and 100 (base and variant).")


def test_the_sentence_counts_what_a_variant_takes_where_that_is_not_what_the_base_takes():
    dear = [replace(run, cost=replace(run.cost, parameters=164060, macs=300)) for run in runs(NORM, B)]
    cheap = [replace(run, cost=replace(run.cost, macs=200)) for run in runs(BASE, A)]
    study = Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), Rule(seeds=(5, 5)))
    found = decide(plan(study, "fingerprint"), [*cheap, *dear]).verdicts[0]
    assert (found.costs.parameters, found.costs.macs) == (2.0, 1.5)
    assert "at 1.00 times the training time, 1.50 times the MACs, 2.00 times the parameters" in found.sentence
    assert "times the MACs" not in verdict().sentence


def test_a_recipe_whose_seeds_vary_beyond_the_choice_of_images_is_called_unstable():
    draw = np.random.default_rng(3)
    labels = np.zeros(1000, np.uint8)

    def answers(shares):
        """Whether each image is right is a coin of its own; the share of right ones is the seed's."""
        return [(draw.random(1000) > share).astype(np.uint8).tobytes() for share in shares]

    def sides(spread):
        return [
            [replace(run, predictions=given) for run, given in zip(runs(recipe, a), answers(shares), strict=True)]
            for recipe, a, shares in ((BASE, A, [0.7] * 5), (NORM, B, [0.7 + spread * i for i in range(-2, 3)]))
        ]

    study = Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), Rule(seeds=(5, 5)))
    steady, wild = (
        decide(plan(study, "fingerprint"), [*base, *variant], labels=labels).verdicts[0]
        for base, variant in (sides(0.0), sides(0.06))
    )
    assert steady.instability[1] < 4 < wild.instability[1]
    assert "Results of norm depend strongly on the seed: the spread between seeds is about" in wild.sentence
    assert "depend strongly" not in steady.sentence


def test_a_gain_that_may_be_smaller_than_the_margin_says_so_and_warns_of_exaggeration():
    near = (0.7051, 0.7275, 0.7105, 0.7065, 0.7130)
    found = verdict(A, near)
    assert found.word == "helps"
    assert found.sentence.startswith("norm helps, possibly by less than your margin: +")
    assert (
        f"the effect usually looks larger than it is: here it may be as small as {found.low:+.2f} pp." in found.sentence
    )
    assert "usually looks larger" not in verdict().sentence


def test_the_condition_stands_right_behind_the_headline():
    assert "times the training time. Both used learning rate 0.05, untuned, 10 epochs." in verdict().sentence


def test_tables_that_leave_name_the_learning_rates_that_they_hold_for():
    two = (Variant("norm", NORM, "norm=batch"), Variant("wide", BASE.with_("width=2"), "width=2"))
    assert rates(Study("?", BASE, two[:1])) == "Both used learning rate 0.05, untuned."
    assert rates(Study("?", BASE, two, is_tuned=True)) == "All used learning rate 0.05, tuned."
    fast = Variant("fast", BASE.with_("lr=0.1"), "lr=0.1")
    assert rates(Study("?", BASE, (fast,))) == "Learning rates, untuned: base 0.05, fast 0.1."


def test_an_undecided_study_says_what_to_believe_if_one_must_decide_now():
    found = verdict((0.70, 0.75, 0.72), (0.75, 0.72, 0.73), margin=1.0)
    seen = odds(differences(found.base_accuracies, found.accuracies), 1.0)
    said = (
        f"the probability that it helps by more than 1.00 pp is {100 * seen.above:.0f} %, "
        f"that it changes less {100 * seen.within:.0f} %"
    )
    assert said in found.sentence
    assert seen.above > seen.below
    assert "must decide" not in verdict().sentence


def test_a_verdict_says_what_it_is():
    assert repr(verdict()) == "<Verdict norm: helps, effect +1.86 pp, 5 pairs>"
    assert repr(verdict(A[:2], B[:2], seeds=(3, 3))) == "<Verdict norm: undecided, effect +1.80 pp, 2 pairs>"


@pytest.mark.parametrize("seconds", [0.0, float("nan"), float("inf")])
def test_a_time_that_no_clock_gives_is_compared_with_none(seconds):
    base, variant = sample_run(0), sample_run(0, recipe=NORM)
    assert cost_ratio([(base, variant)]) == 1.0
    assert cost_ratio([(base, replace(variant, cost=replace(variant.cost, seconds=seconds)))]) is None


def test_the_condition_names_training_images_where_they_are_not_all():
    few, fewer = BASE.with_("train_images=5000"), BASE.with_("train_images=2000")
    assert "5,000 training images" in condition(few, few.with_("norm=batch"), is_tuned=False)
    assert "5,000 and 2,000 training images" in condition(few, fewer, is_tuned=False)
    assert "all and 2,000 training images" in condition(BASE, fewer, is_tuned=False)
    assert "training images" not in condition(BASE, NORM, is_tuned=False)


def test_pairs_that_ran_on_two_machines_are_counted_in_the_sentence():
    other = replace(MACHINE, name="other")
    moved = [replace(run, machine=other) for run in runs(NORM, B)[:2]]
    rule = Rule(metric="train_seconds", margin=0.5, seeds=(5, 5))
    study = Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), rule)
    found = decide(plan(study, "fingerprint"), [*runs(BASE, A), *moved, *runs(NORM, B)[2:]]).verdicts[0]
    assert "2 pairs ran on two machines or devices" in found.sentence
    assert found.pairs == 3


def test_a_caption_says_how_rates_were_chosen():
    each = Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), is_tuned=True, tunes_each=True)
    assert "anew for each seed" in rates(each)
    assert "0.1" in rates(Study("?", "simple-nn lr=0.1", {"norm": "norm=batch"}))
