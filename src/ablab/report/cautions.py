"""What a reader must know before believing a number of the page: a headline and a sentence each."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ablab.recipe import Recipe
from ablab.records import Run
from ablab.report.arms import between
from ablab.study import Study, Verdict

Caution = tuple[str, str]


def cautions(study: Study, runs: Sequence[Run], verdicts: Sequence[Verdict]) -> Iterator[Caution]:
    """All that applies, what spoils the figures first."""
    yield from _of_recipes(study)
    yield from _of_runs(runs)
    yield from _of_verdicts(study, runs, verdicts)


def _of_recipes(study: Study) -> Iterator[Caution]:
    """Faults of method that the recipes have, mostly in order to repeat what a report did."""

    def some(kept: list[Recipe]) -> str:
        return f"{len(kept)} of {len(study.recipes)} recipes"

    if biased := [recipe for recipe in study.recipes if recipe.select == "test"]:
        yield (
            "Biased selection",
            f"{some(biased)} choose the epoch on the test set (select = test). Their "
            "test accuracies are too high, and a verdict on them is no evidence about new images.",
        )
    if changed := [recipe for recipe in study.recipes if recipe.tta == "augment"]:
        yield (
            "Augmented test images",
            f"{some(changed)} measure on test images changed at random (tta = augment). Their accuracies are too low, "
            "and are not those of the images as they are.",
        )
    if stopped := [recipe for recipe in study.recipes if recipe.target is not None]:
        yield (
            "Stopped at an accuracy",
            f"{some(stopped)} end as soon as an accuracy reaches a target (target = {stopped[0].target:g}). What "
            "they end with is that of the rule and not of the recipe: compare the time to a target instead.",
        )
    if twice := [recipe for recipe in study.recipes if recipe.options.get("output") == "softmax"]:
        yield (
            "Softmax before the loss",
            f"{some(twice)} end in a softmax (output = softmax), which the loss then applies once more. Gradients "
            "become small, training becomes slow, and these losses compare with no other.",
        )


def _of_runs(runs: Sequence[Run]) -> Iterator[Caution]:
    if any(run.spec.explores for run in runs):
        yield (
            "Exploring",
            "these runs were measured on validation images in the place of test images. Differences can be seen, and "
            "nothing is decided: what is called test accuracy here is that of validation images.",
        )
    if broken := [run for run in runs if run.status != "finished"]:
        kinds = Counter(run.status for run in broken)
        said = " and ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        yield (
            "Runs that did not finish",
            f"{said}, of {len(runs)} runs. None is left out of a count: see the table of runs. "
            "A recipe that breaks down now and then is worse than its mean over the other seeds.",
        )
    if unplanned := [run for run in runs if not run.plan]:
        yield (
            "Trained before this plan",
            f"{len(unplanned)} of {len(runs)} runs were trained without a plan, before this one was made. Who knew "
            "their results may have chosen the question by them.",
        )
    if len({(run.machine.name, run.machine.device, run.machine.threads) for run in runs}) > 1:
        yield (
            "Times not comparable",
            "the runs were carried out on different machines, devices or numbers of threads: "
            "compare parameters, epochs and examples instead of seconds.",
        )
    if len({(run.machine.torch, run.machine.precision) for run in runs}) > 1:
        yield "Mixed versions", "the runs differ in the version of torch or in precision; see the list of machines."
    if len({run.spec.fingerprint for run in runs}) > 1:
        yield "Mixed data", "the runs were trained on different images; only pairs on the same images are compared."


def _of_verdicts(study: Study, runs: Sequence[Run], verdicts: Sequence[Verdict]) -> Iterator[Caution]:
    if runs and (few := [verdict for verdict in verdicts if verdict.low is None]):
        pairs = max(verdict.pairs for verdict in few)
        count = "One seed" if pairs == 1 else f"{pairs} pairs of seeds" if pairs else "No pair of seeds"
        yield (
            "Too few pairs",
            f"{count} cannot show how large the noise is: {study.rule.seeds[0]} pairs are needed before an effect gets "
            "an interval, and no verdict is given before.",
        )
    for verdict in verdicts:
        if verdict.is_of_this_test_set and verdict.wide_low is not None:
            yield (
                "On this test set only",
                f"{verdict.variant} {verdict.word} on these test images; for other images of the kind the interval is "
                f"{between(verdict.wide_low, verdict.wide_high)}, which would not give the same verdict.",
            )
