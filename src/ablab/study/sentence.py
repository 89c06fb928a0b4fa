"""The sentence of a verdict: effect, interval, pairs, margin, cost, and what it holds for."""

import math

from ablab.metric import ACCURACY, metric_of
from ablab.nouns import counted
from ablab.recipe import Recipe
from ablab.statistics.odds import odds
from ablab.statistics.paired import differences, mean
from ablab.statistics.reach import FARTHEST, HOPELESS
from ablab.study.doubts import doubt
from ablab.study.failures import Failing
from ablab.study.question.study import Study
from ablab.study.verdict import Evidence, Verdict, points, signed

ENOUGH, UNSTABLE = 5, 2.0  # pairs before a spread is spoken of, and how large it must be, in floors
USUAL = {"data_fraction": 1.0, "imbalance": 1.0, "label_noise": 0.0}  # keys that make the training data harder


def sentence(verdict: Verdict, evidence: Evidence, study: Study, *, is_at_chance: bool = False) -> str:
    """What a person reads of a verdict. Where networks learned nothing, more seeds and a choice are no advice."""
    seeds = study.rule.seeds
    said = [
        _unmeasured(verdict, evidence),
        _headline(verdict, seeds, evidence.is_stuck),
        condition(evidence.base, evidence.variant.recipe, is_tuned=study.has_tuned_rates, tunes_each=study.tunes_each),
        _rates(verdict, verdict.failing) if verdict.failing else "",
        _if_counted_otherwise(verdict, evidence),
        "" if is_at_chance else _advice(verdict, evidence, seeds[1]),
        "" if is_at_chance else _belief(verdict),
        doubt(verdict),
        _cautions(verdict),
        "Biased: epochs were chosen on the test set." if verdict.is_biased else "",
    ]
    return " ".join(filter(None, said))


def _headline(verdict: Verdict, seeds: tuple[int, int], is_stuck: bool) -> str:
    name, n = verdict.name, counted(verdict.pairs, "seed pair")
    margin, cost = verdict.size(verdict.margin), _cost(verdict)
    if verdict.low is None or verdict.high is None:
        seen = f"; so far {_gap(verdict, verdict.effect)}" if verdict.effect is not None and not is_stuck else ""
        return f"{name} is undecided after {n}{seen}; a verdict needs at least {seeds[0]} (margin {margin})."
    assert verdict.effect is not None
    low, high = (signed(end, verdict.digits) for end in (verdict.low, verdict.high))
    interval = f"{100 * verdict.level:g} % interval {low} to {high}"
    seen = f"{_gap(verdict, verdict.effect)} ({interval}), {n}"
    if verdict.is_negligible:
        kind = "gain" if _gains(verdict) else "loss"
        size = f"a real but negligible {kind}, smaller than your margin of {margin}"
        return f"{name} makes no practical difference: {seen}, {size}, {cost}."
    if verdict.word == "no practical difference":
        return f"{name} makes no practical difference: {seen}, smaller than your margin of {margin}, {cost}."
    if verdict.word == "undecided":
        return f"{name} is undecided: {seen}, margin {margin}, {cost}."
    if verdict.low > verdict.margin or verdict.high < -verdict.margin:
        return f"{name} {verdict.word}: {seen}, by more than your margin of {margin}, {cost}."
    return f"{name} {verdict.word}, possibly by less than your margin: {seen}, margin {margin}, {cost}."


def _gains(verdict: Verdict) -> bool:
    effect = verdict.effect or 0.0
    return metric_of(verdict.metric).gain(effect, effect)[0] > 0


def _gap(verdict: Verdict, number: float) -> str:
    return f"{signed(number, verdict.digits)} {verdict.unit}".rstrip()


def _unmeasured(verdict: Verdict, evidence: Evidence) -> str:
    """Runs and pairs that have no figure to compare come first: without them the headline is about fewer seeds."""
    said = []
    if verdict.failing is None:
        if verdict.failures:
            said.append(f"{verdict.failures} of {verdict.runs} runs of {verdict.variant} did not finish.")
        if verdict.base_failures:
            said.append(f"{counted(verdict.base_failures, 'run')} of the base did not finish.")
    if evidence.apart:
        said.append(
            f"{counted(evidence.apart, 'pair')} ran on two machines or devices, so their times cannot be compared."
        )
    if evidence.unreached:
        said.append(
            f"In {counted(evidence.unreached, 'pair')}, neither run reached the target, so the interval leaves "
            "them out."
        )
    if evidence.is_stuck:
        what = "an accuracy" if verdict.metric == ACCURACY else f'"{verdict.metric}"'
        said.append(f"A run without {what} forms no pair, and a verdict without it would favor its recipe.")
        if verdict.metric != ACCURACY:
            said.append(
                "Runs that were stored before this metric existed lack it: remove them with ablab runs rm to "
                "train them again."
            )
    return " ".join(said)


def _rates(verdict: Verdict, failing: Failing) -> str:
    """How often runs failed, and whether one recipe can be said to train less reliably."""
    if not (failing.base or failing.variant):
        return ""

    def share(failures: int, ends: tuple[float, float]) -> str:
        low, high = (f"{100 * end:.0f}" for end in ends)
        return f"{failures} of {failing.seeds} (95 % interval {low} to {high} %)"

    said = (
        f"Runs that failed or ended near chance: {share(failing.variant, failing.variant_rate)} of "
        f"{verdict.variant}, {share(failing.base, failing.base_rate)} of the base."
    )
    if failing.reliability == "not told apart":
        return said
    return f"{said} {verdict.variant} {failing.reliability} than the base."


def _if_counted_otherwise(verdict: Verdict, evidence: Evidence) -> str:
    """What the verdict does with failed runs, and what the effect is where they count otherwise."""
    failing, trained = verdict.failing, evidence.trained
    has_failures = bool(evidence.failures or evidence.base_failures)
    only = ""
    if trained and has_failures:
        gaps = differences(*(points([pair[side] for pair in trained], evidence.metric) for side in (0, 1)))
        kind = "train" if failing else "finished"
        effect = _gap(verdict, mean(gaps))
        only = (
            f"Only pairs where both {kind} ({counted(len(gaps), 'pair')}): {effect}; the verdict does not use "
            "this figure."
        )
    if failing is None:
        return only
    if failing.where_both_train:
        if failing.counted is None:
            return "This verdict covers only the seeds where both train."
        effect, low, high = (signed(number, verdict.digits) for number in failing.counted)
        return (
            f"This verdict covers only the seeds where both train; with failed runs counted, the effect is {effect} "
            f"{verdict.unit}".rstrip()
            + f" ({low} to {high})."
        )
    said = []
    if failing.chance is not None:
        said.append(f"Runs without a measurement count as chance ({failing.chance:.0f} %).")
    if failing.other_words:
        said.append(f"Counted as 0 % or as twice chance, they would give: {' or '.join(failing.other_words)}.")
    return " ".join(filter(None, [*said, only]))


def _advice(verdict: Verdict, evidence: Evidence, most: int) -> str:
    """What more pairs would do, by simulation of the rule; never another margin, which would follow the results."""
    outlook = verdict.outlook
    if outlook is None or evidence.is_stuck:
        return ""
    effect = f"an effect of {verdict.size(verdict.margin)}"
    if verdict.pairs >= most:  # the study is at its end: what it has cannot be added to
        if outlook.anew is None:
            few = f"Even {FARTHEST} seeds would not settle {effect}"
            return f"{few}; first make results vary less between seeds, for example by training longer."
        new = f"A new study with up to {outlook.anew:,} seeds would settle {effect} with 80 % power"
        return f"{new}{_training_time(verdict, evidence, outlook.anew)}."
    if outlook.is_hopeless:
        chance = f"{100 * HOPELESS:g} %"
        return (
            f"ablab gave up, as the study allows: the chance that its remaining pairs would decide is below {chance}."
        )
    if outlook.needed is None:
        chance, left = f"{100 * outlook.chance:.0f} %", most - verdict.pairs
        pairs = (
            f"the {counted(left, 'pair')} left will settle"
            if left <= FARTHEST
            else f"the next {FARTHEST} pairs will settle"
        )
        return f"If there is {effect}, {pairs} it with probability {chance}."
    more = f"{outlook.needed:,} more {'pair' if outlook.needed == 1 else 'pairs'}"
    return f"Roughly {more} would settle {effect} with 80 % power{_training_time(verdict, evidence, outlook.needed)}."


def _training_time(verdict: Verdict, evidence: Evidence, pairs: int) -> str:
    if verdict.cost_ratio is None:
        return ""
    one = mean([base.cost.wall_seconds + variant.cost.wall_seconds for base, variant in evidence.pairs])
    return f"; about {_minutes(pairs * one)} of training"


def _belief(verdict: Verdict) -> str:
    """What an undecided study still says, for somebody who must decide now."""
    gaps = differences(verdict.base_accuracies, verdict.accuracies)
    if verdict.word != "undecided" or verdict.low is None or not (seen := odds(gaps, verdict.margin)):
        return ""
    is_up = metric_of(verdict.metric).direction == "higher"
    helps, hurts = (seen.above, seen.below) if is_up else (seen.below, seen.above)
    return (
        f"If you must decide now, the probability that it helps by more than {verdict.size(verdict.margin)} is "
        f"{percent(helps)}, that it changes less {percent(seen.within)}, and that it hurts by more {percent(hurts)} "
        "(Bayesian estimate; the prior counts as one seed pair)."
    )


def percent(share: float) -> str:
    """A chance in whole percent, and never certainty, which a few runs cannot give.

    >>> percent(0.751), percent(0.9999), percent(0.0)
    ('75 %', 'over 99 %', 'under 1 %')
    """
    return "over 99 %" if share > 0.99 else "under 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def _cautions(verdict: Verdict) -> str:
    said = []
    if verdict.is_of_this_test_set and verdict.wide_low is not None and verdict.wide_high is not None:
        said.append(
            f"This holds for this test set; for other test images of the same kind, the interval is "
            f"{signed(verdict.wide_low)} to {signed(verdict.wide_high)}."
        )
    if metric_of(verdict.metric).reads is None and verdict.metric != ACCURACY and verdict.low is not None:
        said.append(
            "The interval is about other seeds; what other test images would change is known only of accuracy and of "
            "recall."
        )
    names = ("the base", verdict.variant)
    for name, ratio in zip(names, verdict.instability or (), strict=False):
        times = math.sqrt(ratio)
        if verdict.pairs >= ENOUGH and times > UNSTABLE:
            said.append(
                f"Results of {name} depend strongly on the seed: the spread between seeds is about {times:.0f} times "
                "what the test images explain; longer training usually shrinks it."
            )
    if overstated := _overstated(verdict):
        said.append(overstated)
    return " ".join(said)


def _overstated(verdict: Verdict) -> str:
    """Effects that are told as soon as they can be read too large; the nearer the interval is to 0, the more so."""
    if verdict.word not in ("helps", "hurts") or verdict.low is None or verdict.high is None or not verdict.effect:
        return ""
    near = verdict.low if verdict.low > 0 else verdict.high
    if abs(near) >= abs(verdict.effect) / 2:
        return ""
    return (
        "When an interval barely excludes 0, the effect usually looks larger than it is: "
        f"here it may be as small as {_gap(verdict, near)}."
    )


def condition(base: Recipe, variant: Recipe, *, is_tuned: bool = False, tunes_each: bool = False) -> str:
    """What the verdict holds for: `Both used learning rate 0.05, untuned, 10 epochs.`"""

    def show(value: int | None) -> str:
        return f"{value:,}" if value is not None else "all"

    tuned = "tuned" if is_tuned else "untuned"
    is_each = is_tuned and tunes_each
    is_fixed = is_each or base.lr == variant.lr
    rates = f"learning rates {base.lr:g} and {variant.lr:g}, {tuned}"
    said = [f"Both used learning rate {base.lr:g}, {tuned}" if is_fixed else f"They used {rates}"]
    if is_each:
        said = ["ablab tuned both learning rates anew for each seed"]
    is_one = base.epochs == variant.epochs == 1
    epochs = f"{base.epochs}" if base.epochs == variant.epochs else f"{base.epochs} and {variant.epochs}"
    said.append(f"{epochs} epoch{'' if is_one else 's'}")
    if base.train_images != variant.train_images:
        said.append(f"{show(base.train_images)} and {show(variant.train_images)} training images")
    elif base.train_images is not None:
        said.append(f"{show(base.train_images)} training images")
    for key, usual in USUAL.items():
        ours, theirs = getattr(base, key), getattr(variant, key)
        if not ours == theirs == usual:
            values = f"{ours:g}" if ours == theirs else f"{ours:g} and {theirs:g}"
            said.append(f"{key.replace('_', ' ')} {values}")
    is_same = is_fixed and all(
        getattr(base, key) == getattr(variant, key) for key in ("epochs", "train_images", *USUAL)
    )
    return f"{', '.join(said)}{'' if is_same else ' (base and variant)'}."


def rates(study: Study) -> str:
    """The learning rates of a study's recipes, and whether they were tuned, for a caption."""
    tuned = "tuned" if study.has_tuned_rates else "untuned"
    if study.is_retuned:
        return "ablab tuned the learning rates anew for each seed."
    if len({recipe.lr for recipe in study.recipes}) == 1:
        return f"{'Both' if len(study.recipes) == 2 else 'All'} used learning rate {study.base.lr:g}, {tuned}."
    each = ", ".join(f"{name} {recipe.lr:g}" for name, recipe in study.named.items())
    return f"Learning rates, {tuned}: {each}."


def _cost(verdict: Verdict) -> str:
    """Time always; parameters and MACs where they are not those of the base."""
    ratio = verdict.cost_ratio
    said = [f"at {ratio:.2f} times the training time" if ratio is not None else "training times not comparable"]
    counted = (("MACs", verdict.costs.macs), ("parameters", verdict.costs.parameters))
    said += [f"{one:.2f} times the {what}" for what, one in counted if one is not None and f"{one:.2f}" != "1.00"]
    return ", ".join(said)


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
