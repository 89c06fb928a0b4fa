"""What makes a run's accuracy quieter: `python tools/noise_page.py` writes docs/noise.md from the shipped figures."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ablab.atomic import atomic_write
from ablab.recipe import Recipe
from ablab.statistics.paired import Interval, interval, mean, t_multiplier
from ablab.statistics.ratio import Ratio
from ablab.study.noise import ALPHA, REFERENCE, SAME, WAYS, Finding, Setting, advice, finding, settings

STEPS = 32  # an epoch, in every setting
PAGE = Path(__file__).parents[1] / "docs" / "noise.md"
HEAD = """# Less noise a run

The number of runs that a study needs grows with the variance of a difference between two runs. Part of that variance
comes from how a run is measured: which epoch counts, which weights, how many views of an image. This page measures it.

Each training below was measured in every way of the tables, so the ways are compared on the same runs. A way is useful
if the variance of a difference is smaller and the effect of a change stays the same.

- **Accuracy** is the mean over seeds.
- **Two seeds**: the variance of the difference of two runs of one recipe with two seeds, divided by the variance in the
  first row. That is a change that does nothing, in runs that share nothing but the test images.
- **Pairs**: the same for the effect of a real change, measured in pairs of runs with one seed, as a study does. Pairs
  share images, initial weights and order, so part of the noise that these cause cancels in any case. How much cancels
  depends on the change.
- **Effect shifts by**: how much larger the effect of that change is than in the first row. It is a bias if its interval
  excludes 0.
- **Runs saved**: the share of runs that a study saves at the same power, by the larger and by the smaller ratio. A dash
  means that the interval for two seeds includes 1, or that pairs vary more. *Biased* means that the effect shifts,
  *unclear* that the interval of the shift reaches beyond 0.5 points, the margin that studies have by default.

Intervals are 95 % intervals, in parentheses, and not widened for the number of rows. Those of ratios invert the test of
Pitman (1939) and Morgan (1939), which compares two variances that were measured on the same runs. An average of weights
is kept beside the weights that train and does not change them, so one training gives both accuracies.
`python benchmarks/noise.py` trains the runs, and `make noise` makes this page from `src/ablab/study/noise.json`.
"""
LIMITS = """
## Limits
- The networks are small and trained briefly, so that seeds matter much. The noise of a long training has other causes.
- A recipe sets 5,000 of CIFAR-10's images aside for validation by default, and 1,000 here. So the first row is noisier
  than that default where fewer validation images add noise.
- Validation images select the epoch here and are not trained on in any row. Where a larger validation part takes images
  away from training, it also costs accuracy.
- `ablab plan` recommends a way only for the schedules that were measured, only if it is quieter in every setting
  with that schedule, biased in none and neither *unclear* nor biased in one at least, and only for recipes that do not
  average weights or views already.
"""


def page(found: Sequence[Setting]) -> str:
    """The whole page."""
    lines = [HEAD]
    for setting in found:
        lines += [*section(setting), ""]
    lines += ["## What follows", "", *conclusions(found)]
    return "\n".join(lines) + "\n" + LIMITS


def section(setting: Setting) -> Iterator[str]:
    """One setting: what was trained, and a table of the ways."""
    reference = setting.runs(REFERENCE)
    yield f"## {setting.name}"
    yield ""
    yield f"`{setting.recipe}`"
    yield ""
    yield f"{len(reference)} seeds."
    for change in setting.changes:
        effects = setting.effects(change, REFERENCE)
        effect = interval(effects, t_multiplier(len(effects), ALPHA))
        yield f"The change is `{change}`; its effect over {len(effects)} pairs is {signed(effect)} points."
    yield ""
    heads = ["way to measure", "accuracy", "sd of a difference", "two seeds"]
    for change in setting.changes:
        heads += [f"pairs, {change}", f"effect of {change} shifts by"]
    yield "| " + " | ".join([*heads, "runs saved"]) + " |"
    yield "|---" * (len(heads) + 1) + "|"
    for way in (REFERENCE, *WAYS):
        yield "| " + " | ".join(cells(finding(setting, way))) + " |"
    yield from second_trainings(setting)


def cells(one: Finding) -> Iterator[str]:
    """The row of one way."""
    is_reference = one.way == REFERENCE
    yield one.way.title + (f" (`{one.way.changes(STEPS)}`)" if one.way.keys else "")
    yield f"{mean(one.setting.runs(one.way)):.2f} %"
    yield f"{one.spread:.2f}"
    yield "1" if is_reference else ratio(one.seeds)
    for change in one.setting.changes:
        yield "1" if is_reference else ratio(one.pairs[change])
        yield "0" if is_reference else signed(one.shift[change])
    yield "" if is_reference else saved(one)


def saved(one: Finding) -> str:
    """What a way is good for."""
    if not one.is_quieter:
        return "-"
    if one.is_biased:
        return "biased"
    return shares(one.saved) if one.is_faithful else "unclear"


def second_trainings(setting: Setting) -> Iterator[str]:
    """What it brings to train twice with each seed, from trainings that share their images."""
    if SAME not in setting.trainings:
        return
    again = setting.trainings[SAME][REFERENCE.key]
    first = setting.runs(REFERENCE)[: len(again)]
    within = mean([(b - a) ** 2 / 2 for a, b in zip(first, again, strict=True)])
    centre = mean([*first, *again])
    whole = sum((one - centre) ** 2 for one in (*first, *again)) / (2 * len(again) - 1)
    yield ""
    yield (
        f"Two trainings a seed: {len(again)} seeds were trained twice, with the same images but other initial weights "
        f"and another order. The variance of a run is {whole:.2f} points squared, of which {within:.2f} remain between "
        "trainings with the same images. So the mean of two trainings of one seed has "
        f"{1 - within / whole / 2:.2f} of the variance of one run. The mean over two seeds costs the same and has 0.50."
    )


def conclusions(found: Sequence[Setting]) -> Iterator[str]:
    """What `ablab plan` recommends for each schedule, and what the validation images are worth."""
    for schedule in dict.fromkeys(setting.schedule for setting in found):
        names = " and ".join(setting.name for setting in found if setting.schedule == schedule)
        known = advice([Recipe.of({"schedule": schedule})], STEPS, found)
        if known is None:
            yield f"- `schedule={schedule}` ({names}): no recipe key is shown to save runs without shifting effects."
        else:
            yield f"- `schedule={schedule}` ({names}): `{known.changes}` saves {shares(known.saved)} of the runs."
    yield from of_validation(found)


def shares(ends: tuple[float, float]) -> str:
    least, most = (f"{100 * one:.0f}" for one in ends)
    return f"{least} %" if least == most else f"{least} to {most} %"


def of_validation(found: Sequence[Setting]) -> Iterator[str]:
    """How much the noise grows with fewer validation images."""
    for images in ("400", "100"):
        (way,) = (way for way in WAYS if way.key == f"best of {images}")
        ratios = [finding(setting, way).seeds.value for setting in found]
        yield (
            f"- Selecting the epoch by {images} validation images instead of 1,000 multiplies the variance between two "
            f"seeds by {min(ratios):.1f} to {max(ratios):.1f}."
        )


def ratio(one: Ratio) -> str:
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"


def signed(one: Interval) -> str:
    return f"{one.mean:+.2f} ({one.low:+.2f} to {one.high:+.2f})"


if __name__ == "__main__":
    atomic_write(PAGE, page(settings()))
