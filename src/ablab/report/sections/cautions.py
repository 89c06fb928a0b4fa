"""What a reader must know before believing a number: a headline and a sentence each."""

from collections import Counter
from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.nouns import counted
from ablab.recipe import Recipe
from ablab.records import Run
from ablab.report.section import Paragraph, Part
from ablab.result import Result
from ablab.study import Study
from ablab.study.failures import Pair
from ablab.study.question.lookalikes import lookalikes
from ablab.study.verdict import signed

Caution = tuple[str, str]


@mark("section", "cautions", title="", place=20, absent=("terminal",), is_open=True)
def cautions(result: Result) -> Iterator[Part]:
    """All that applies, what spoils the figures first."""
    for about in (_of_recipes(result.study), _of_runs(result), _of_verdicts(result)):
        for headline, text in about:
            yield Paragraph(text, "caution", lead=f"{headline}:")


def _of_recipes(study: Study) -> Iterator[Caution]:
    """Faults of method that the recipes have, mostly in order to repeat what a report did."""

    def some(kept: list[Recipe]) -> str:
        return f"{len(kept)} of {len(study.recipes)} recipes"

    for remark in lookalikes(study.names.values()):
        yield "Look-alike names", f"{remark[:1].upper()}{remark[1:]}."
    if biased := [recipe for recipe in study.recipes if recipe.select == "test"]:
        yield (
            "Biased selection",
            f"{some(biased)} choose the epoch on the test set (select = test). Their "
            "test accuracies are too high, and a verdict on them says nothing about new images.",
        )
    if changed := [recipe for recipe in study.recipes if recipe.tta == "augment"]:
        yield (
            "Augmented test images",
            f"{some(changed)} measure on randomly changed test images (tta = augment). Their accuracies are too low, "
            "and differ from those on the unchanged images.",
        )
    if stopped := [recipe for recipe in study.recipes if recipe.target is not None]:
        yield (
            "Stopped at an accuracy",
            f"{some(stopped)} end as soon as an accuracy reaches a target (target = {stopped[0].target:g}). The "
            "final accuracy reflects this rule, not the recipe: compare the time to a target instead.",
        )
    if twice := [recipe for recipe in study.recipes if recipe.options.get("output") == "softmax"]:
        yield (
            "Softmax before the loss",
            f"{some(twice)} end in a softmax (output = softmax), and the loss applies another one. Gradients become "
            "small, training becomes slow, and these losses cannot be compared with others.",
        )


def _of_runs(result: Result) -> Iterator[Caution]:
    runs = tuple(run for arm in result.arms for run in arm.runs)
    if any(run.spec.explores for run in runs):
        yield (
            "Exploring",
            "these runs were measured on validation images instead of test images. They can show differences, but they "
            "decide nothing: the test accuracy here is the accuracy on validation images.",
        )
    if broken := [run for run in runs if run.status != "finished"]:
        kinds = Counter(run.status for run in broken)
        counts = " and ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        yield (
            "Runs that did not finish",
            f"{counts}, of {counted(len(runs), 'run')}. Every run counts; see the table of runs. "
            "If a recipe fails now and then, it is worse than its mean over the other seeds.",
        )
    known = [verdict.known for verdict in result.verdicts if verdict.known]
    if known:
        yield (
            "Results known before the plan",
            f"up to {max(one.seen for one in known)} runs behind a verdict had results when this plan was locked. "
            "Choosing a margin, a confidence, a number of seeds or variants after seeing results raises the error "
            "rate.",
        )
    elif unplanned := [run for run in runs if not run.plan]:
        yield (
            "Trained before this plan",
            f"{len(unplanned)} of {counted(len(runs), 'run')} were trained before this plan was made. "
            "Their results may have influenced the question.",
        )
    if len({run.machine.clock for run in runs}) > 1:
        yield (
            "Times not comparable",
            "the runs used different machines, devices or numbers of threads: compare parameters, epochs and examples "
            "instead of seconds. Each ratio of times below compares only runs on the same machine.",
        )
    yield from _of_pairs(result)
    if len({(run.machine.torch, run.machine.precision) for run in runs}) > 1:
        yield (
            "Mixed versions",
            "the runs used different versions of torch or different precisions; see the list of machines.",
        )
    if mixed := [run for run in runs if run.machine.resumed]:
        yield (
            "Resumed under other conditions",
            f"{len(mixed)} of {counted(len(runs), 'run')} stopped and resumed with other threads or processes, on "
            "another device or in another version: their last bits may differ from those of uninterrupted runs.",
        )
    if len({run.spec.fingerprint for run in runs}) > 1:
        yield "Mixed data", "the runs were trained on different images; only pairs on the same images are compared."


def _of_pairs(result: Result) -> Iterator[Caution]:
    """Pairs whose two runs had different hardware, where a variant is not about that."""
    for verdict in result.verdicts:
        pairs = result.pairs(verdict)
        mixed = [pair for pair in pairs if _hardware(pair[0], pair) != _hardware(pair[1], pair)]
        if mixed:
            kinds = sorted({" in ".join(_hardware(run, pair)) for pair in mixed for run in pair})
            yield (
                "Mixed pairs",
                f"in {len(mixed)} of {counted(len(pairs), 'pair')} of {verdict.variant} the two runs had different "
                f"hardware or precisions ({', '.join(kinds)}): their difference is partly due to hardware. To ask "
                "again with fresh runs on one kind of machine, type ablab run STUDY --replicate.",
            )


def _hardware(run: Run, pair: Pair) -> tuple[str, ...]:
    """The device, and the precision unless the two recipes ask for two, or leave it to different kernels."""
    asked = {(other.spec.recipe.precision, other.spec.recipe.kernels) for other in pair}
    return (run.machine.device, *((run.machine.precision,) if len(asked) == 1 else ()))


def _of_verdicts(result: Result) -> Iterator[Caution]:
    if result.runs and (few := [verdict for verdict in result.verdicts if verdict.low is None]):
        pairs = max(verdict.pairs for verdict in few)
        count = "One seed" if pairs == 1 else f"{pairs} pairs of seeds" if pairs else "No seed pair"
        yield (
            "Too few pairs",
            f"{count} cannot show the size of the noise: an effect needs {result.study.rule.seeds[0]} pairs before it "
            "gets an interval and a verdict.",
        )
    for verdict in result.verdicts:
        if verdict.is_of_this_test_set and verdict.wide_low is not None:
            yield (
                "On this test set only",
                f"on these test images, {verdict.variant} {verdict.word}; for other images of the kind the interval is "
                f"{signed(verdict.wide_low)} to {signed(verdict.wide_high or 0.0)}, which "
                "would not give the same verdict.",
            )
