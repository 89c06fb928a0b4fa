"""Runs and verdicts to pictures: effects, curves, confusion, cost, and the images that were most confidently wrong."""

from __future__ import annotations

import math
import statistics
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ablab.errors import DataError, InputError
from ablab.metric import known_metrics
from ablab.records import DataFacts, EpochRow, Run
from ablab.report import style as looks
from ablab.report.charts import Curve, is_drawable, reach, summary
from ablab.report.picture import Picture, blank, plain, style
from ablab.report.scatter import pareto
from ablab.result import answered
from ablab.result import arms_of as study_arms
from ablab.statistics.confusion import MANY, most_confused, unpacked
from ablab.statistics.confusion import confusion as counted
from ablab.statistics.paired import interval, mean, t_multiplier
from ablab.study import Study, Verdict
from ablab.study.verdict import points, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Arms = Mapping[str, Sequence[Run]]  # recipes by the names that they have in a study, the base first

COLOURS = tuple(tone.light for tone in looks.COLOURS)
BAND, INK, SOFT = looks.BAND.light, looks.INK.light, looks.SOFT.light
DASHES = tuple((0, tuple(part / 2 for part in dash)) if dash else "-" for dash in looks.DASHES)
TOGETHER = len(COLOURS)  # curves of more recipes in one picture could not be told apart
MATRICES = 3  # variants in one picture of confusion
ACROSS = 6  # images in a row of a contact sheet
ALPHA = 0.05  # of the plain intervals around the mean of a recipe's runs
WORDS = {word: (look.colour.light, look.mark) for word, look in looks.WORDS.items()}
MARKS = "oD^vsPX"
QUANTITIES: tuple[tuple[str, Callable[[EpochRow], float]], ...] = (
    ("validation accuracy, %", lambda row: 100 * row.val_accuracy),
    ("training accuracy, %", lambda row: 100 * row.train_accuracy),
    ("validation loss", lambda row: row.val_loss),
    ("training loss", lambda row: row.train_loss),
)
COSTS: tuple[tuple[str, Callable[[Run], float | None]], ...] = (
    ("seconds of training", lambda run: run.cost.seconds),
    ("MACs of an image", lambda run: run.cost.macs),
    ("parameters", lambda run: run.cost.parameters),
)


def arms_of(study: Study, runs: Sequence[Run]) -> dict[str, tuple[Run, ...]]:
    """The runs of the base and of every variant, by its name, in the order of seeds."""
    return {arm.name: arm.runs for arm in study_arms(study, runs)}


def effects(verdicts: Sequence[Verdict], runs: Sequence[Run], *, has_caption: bool = True) -> Picture:
    """A forest plot: every effect with its interval, over the band of what is too small to matter."""
    first, metric = verdicts[0], known_metrics()[verdicts[0].metric]
    pairs = sorted({verdict.pairs for verdict in verdicts})
    shared = f", {first.comparisons} comparisons together" if first.comparisons > 1 else ""
    caption = (
        f"Effect on test {metric.title} in {metric.gap_words} (variant minus base) with the "
        f"{100 * first.confidence:g} % interval{shared}; n = {_count(pairs, 'seed pair')}. The band is the margin of "
        f"{metric.size(first.margin)}: what "
        f"lies inside it is of no practical size.{_spoilt(runs)}"
    )
    ends = [end for verdict in verdicts for end in (verdict.low, verdict.effect, verdict.high) if end is not None]
    with style():
        names = [_wrapped(verdict.variant, 30) for verdict in verdicts]
        figure, _ = blank(7.5, 0.75 + 0.42 * len(verdicts), caption if has_caption else "")
        axes = figure.add_subplot()
        axes.axvspan(-first.margin, first.margin, color=BAND, linewidth=0, zorder=0)
        axes.axvline(0, color=SOFT, linewidth=1, linestyle=(0, (3, 3)), zorder=1)
        for place, verdict in enumerate(verdicts):
            _strip(axes, place, verdict)
        axes.set_xlim(*reach([*ends, -1.5 * first.margin, 1.5 * first.margin]))
        axes.set_ylim(len(verdicts) - 0.5, -0.5)
        axes.set_yticks(range(len(verdicts)), names, color=INK, fontsize=9)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(f"effect, {metric.gap_words} of test {metric.title}")
    return Picture(figure, "Effects", caption, _ids(runs))


def curves(arms: Arms, *, has_caption: bool = True) -> Picture:
    """Accuracy and loss against the epoch: mean and range of each recipe's runs, the runs themselves faint behind."""
    arms = {name: runs for name, runs in arms.items() if any(run.curve for run in runs)}
    if not arms:
        raise InputError("none of these runs has a curve")
    if len(arms) > TOGETHER:
        raise InputError(f"curves of {len(arms)} recipes cannot be told apart: choose up to {TOGETHER - 1} variants")
    runs = [run for some in arms.values() for run in some]
    finished = {name: [run for run in some if run.status == "finished"] for name, some in arms.items()}
    n = _count([len(some) for some in finished.values()], "run")
    broken = sum(run.status != "finished" for run in runs)
    caption = (
        f"Thick: the mean over seeds (n = {n}), with a band from the smallest to the largest; thin: single runs, with "
        "a dot at the epoch that was selected."
        + (f" {broken} of {len(runs)} runs did not finish: dotted, and not in the mean." if broken else "")
        + _spoilt(runs)
    )
    with style():
        figure, _ = blank(7.5, 5.2, caption if has_caption else "")
        grid = figure.subplots(2, 2, sharex=True)
        for axes, (name, of) in zip(grid.flat, QUANTITIES, strict=True):
            for at, some in enumerate(arms.values()):
                _curves(axes, some, of, at)
            # one run that diverges would flatten all the others
            shown = [run for some in finished.values() for run in some] or runs
            axes.set_ylim(*reach([of(row) for run in shown for row in run.curve], floor=0.0))
            axes.set_title(name)
            axes.grid(axis="y")
        for axes in grid[1]:
            axes.set_xlabel("epoch")
            axes.xaxis.get_major_locator().set_params(integer=True)
        _legend(figure, finished, has_marks=False)
    return Picture(figure, "Curves", caption, _ids(runs))


def confusion(arms: Arms, data: DataFacts, *, has_caption: bool = True) -> Picture:
    """How often each class was taken for which: the first recipe, then every other one and its difference to it."""
    arms = {name: answered(runs, data) for name, runs in arms.items()}
    arms = {name: runs for name, runs in arms.items() if runs}
    if not arms:
        raise InputError("none of these runs has its answers to these test images: only one that was measured has")
    if len(arms) > 1 + MATRICES:
        raise InputError(f"{len(arms) - 1} variants are too many for one picture: choose up to {MATRICES}")
    shares = {name: _shares(runs, data) for name, runs in arms.items()}
    runs = [run for some in arms.values() for run in some]
    (base, first), *others = shares.items()
    counts = ", ".join(f"{name} n = {len(some)}" for name, some in arms.items())
    caption = (
        f"Of the test images of each class (a row), the percent given each answer; means over runs: {counts}. "
        + (f"Differences are percentage points against {base}: a description, not a test. " if others else "")
        + f"Most often mistaken by {base}: {_mistakes(first, data.classes)}."
        + _spoilt(runs)
    )
    size = min(5.2, max(2.9, 0.8 + 0.3 * len(data.classes)))
    with style():
        tall, wide = max(1, len(others)), 3 if others else 1
        figure, _ = blank(wide * size + 0.3, tall * (size + 0.2), caption if has_caption else "")
        grid = figure.subplots(tall, wide, squeeze=False)
        _matrix(grid[0][0], first, data.classes, base, is_first=True)
        for row in grid[1:]:
            row[0].set_axis_off()
        for row, (name, matrix) in zip(grid, others, strict=False):
            _matrix(row[1], matrix, data.classes, name)
            _matrix(row[2], matrix - first, data.classes, f"{name} minus {base}", is_difference=True)
    return Picture(figure, "Confusion", caption, _ids(runs))


def cost(arms: Arms, *, has_caption: bool = True) -> Picture:
    """Test accuracy against what it took, with the line of those that nothing beats in both."""
    arms = {name: [run for run in runs if run.test] for name, runs in arms.items()}
    arms = {name: runs for name, runs in arms.items() if runs}
    runs = [run for some in arms.values() for run in some]
    if not runs:
        raise InputError("none of these runs has a test accuracy")
    machines = {(run.machine.name, run.machine.device, run.machine.threads) for run in runs}
    known = [
        (name, of)
        for name, of in COSTS
        if all(of(run) is not None for run in runs) and (len(machines) == 1 or of is not COSTS[0][1])
    ]
    caption = (
        f"Mean test accuracy with its 95 % interval (n = {_count([len(some) for some in arms.values()], 'run')}; "
        "without an interval: one run) against the median of the cost. The line joins those that no other recipe "
        "beats in both. Intervals are of each recipe alone: effects are judged by pairs."
        + ("" if len(machines) == 1 else f" Times are left out: the runs are from {len(machines)} machines or devices.")
        + _spoilt(runs)
    )
    with style():
        figure, _ = blank(1.2 + 2.6 * len(known), 3.4, caption if has_caption else "")
        grid = figure.subplots(1, len(known), sharey=True, squeeze=False)[0]
        for axes, (name, of) in zip(grid, known, strict=True):
            rows = [(statistics.median(of(run) or 0.0 for run in some), points(some)) for some in arms.values()]
            _costs(axes, rows, step(runs))
            axes.set_xlabel(name)
            axes.grid(axis="y")
        grid[0].set_ylabel("test accuracy, %")
        _legend(figure, arms, has_marks=True)
    return Picture(figure, "Cost", caption, _ids(runs))


@dataclass(frozen=True)
class Wrong:
    """One test image and what runs took it for."""

    image: int  # its number among the test images
    true: int
    given: int  # the answer that those runs gave most often that were wrong
    probability: float  # of their wrong answers, as the mean over all runs: those that were right count 0
    times: int  # runs that were wrong
    runs: int


def most_wrong(runs: Sequence[Run], data: DataFacts, most: int) -> tuple[Wrong, ...]:
    """The test images that were most confidently taken for something else, the worst first."""
    import numpy as np

    known = [run for run in answered(runs, data) if len(run.certainty) == len(data.labels)]
    if not known:
        raise InputError("none of these runs has the probabilities of its answers: only a run that was measured has")
    labels = np.asarray(data.labels, np.int64)
    given = np.stack([_answers(run, data) for run in known])  # [n,N]
    is_wrong = given != labels
    certainty = np.stack([np.frombuffer(run.certainty, np.uint8) for run in known]) / 255.0
    score = (certainty * is_wrong).mean(0)
    order = [int(at) for at in np.argsort(-score, kind="stable")[:most] if is_wrong[:, at].any()]
    return tuple(
        Wrong(
            at,
            int(labels[at]),
            Counter(given[is_wrong[:, at], at].tolist()).most_common(1)[0][0],
            float(score[at]),
            int(is_wrong[:, at].sum()),
            len(known),
        )
        for at in order
    )


def worst(runs: Sequence[Run], data: DataFacts, images: Any, *, most: int = 24, has_caption: bool = True) -> Picture:
    """A sheet of the test images (u8[N,C,H,W]) that were most confidently wrong: true class, answer, probability."""
    found = most_wrong(runs, data, most)
    if not found:
        raise InputError("these runs took no test image for anything else than it is")
    if images.shape[1] not in (1, 3):
        raise DataError(f"pictures of {images.shape[1]} channels cannot be shown: 1 (grey) or 3 (RGB) are wanted")
    n = found[0].runs
    of_runs = f"mean over n = {n} runs, a right answer counts 0" if n > 1 else "n = 1 run"
    caption = (
        f"Of {len(data.labels):,} test images, those most confidently given a wrong class: the true class above, the "
        f"answer below with its probability ({of_runs}). What everything gets wrong may be labelled wrongly."
        + _spoilt(runs)
    )
    rows = math.ceil(len(found) / ACROSS)
    with style():
        figure, _ = blank(7.5, 1.75 * rows + 0.1, caption if has_caption else "")
        grid = figure.subplots(rows, ACROSS, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for axes, one in zip(grid.flat, found, strict=False):
            pixels = images[one.image].transpose(1, 2, 0)
            axes.imshow(pixels.repeat(3, 2) if pixels.shape[2] == 1 else pixels, interpolation="nearest")
            axes.set_title(_short(data.classes[one.true]), fontsize=8, loc="center", pad=2)
            times = f", {one.times} of {n}" if n > 1 else ""
            said = f"{_short(data.classes[one.given])}\n{100 * one.probability:.0f} %{times}"
            axes.text(0.5, -0.04, said, transform=axes.transAxes, fontsize=8, color="#b04a00", ha="center", va="top")
    return Picture(figure, "Most confidently wrong", caption, _ids(runs))


def centre(values: Sequence[float], step: float) -> tuple[float, float, float] | None:
    """The mean of a recipe's shares in percent with its plain 95 % interval, cut off at 0 and 100.

    None where one run does not show how they vary. `step` is the smallest by which two can differ: one image.
    """
    if len(values) < 2:
        return None
    seen = interval(values, t_multiplier(len(values), ALPHA), grid=step)
    return seen.mean, max(0.0, seen.low), min(100.0, seen.high)


def step(runs: Sequence[Run]) -> float:
    """The smallest difference between accuracies of these runs, in points: that of one test image."""
    return max((100 / run.test.images for run in runs if run.test and run.test.images), default=0.01)


def _strip(axes: Axes, place: int, verdict: Verdict) -> None:
    colour, mark = WORDS[verdict.word]
    if verdict.low is not None and verdict.high is not None:
        axes.plot([verdict.low, verdict.high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot([verdict.low, verdict.high], [place, place], color=colour, linestyle="", marker="|", markersize=9)
    if verdict.effect is not None:
        face = colour if verdict.low is not None else "white"
        axes.plot(verdict.effect, place, marker=mark, markersize=7, color=colour, markerfacecolor=face)
    number = "no pair yet" if verdict.effect is None else signed(verdict.effect, verdict.digits)
    ends = "no interval yet"
    if verdict.low is not None and verdict.high is not None:
        ends = f"{signed(verdict.low, verdict.digits)} to {signed(verdict.high, verdict.digits)}"
    word = verdict.word + (" (biased)" if verdict.is_biased else "")
    said = f"{word}\n{number}  ({ends}), n = {verdict.pairs}"
    where: Any = axes.get_yaxis_transform()
    axes.text(1.02, place, said, transform=where, va="center", fontsize=8, linespacing=1.35)


def _curves(axes: Axes, runs: Sequence[Run], of: Callable[[EpochRow], float], at: int) -> None:
    colour, dash = _colour(at), DASHES[at]
    finished = [run for run in runs if run.status == "finished"]
    rows = summary([Curve(tuple((row.epoch, of(row)) for row in run.curve)) for run in finished])
    if len(finished) > 1:
        epochs = [row[0] for row in rows]
        axes.fill_between(epochs, [row[2] for row in rows], [row[3] for row in rows], color=colour, alpha=0.15, lw=0)
    for run in runs:
        is_whole = run.status == "finished"
        points = [(row.epoch, of(row) if is_drawable(of(row)) else math.nan) for row in run.curve]
        width, alpha, line = (0.6, 0.45, "-") if is_whole else (1.2, 0.9, ":")
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=width, alpha=alpha, linestyle=line)
        chosen = [point for point in points if point[0] == run.selected_epoch and is_whole]
        if chosen:
            axes.plot(*chosen[0], marker="o", markersize=3, color=colour, alpha=0.8)
    mark = "o" if len(rows) == 1 else None
    axes.plot([r[0] for r in rows], [r[1] for r in rows], color=colour, linestyle=dash, linewidth=1.8, marker=mark)


def _shares(runs: Sequence[Run], data: DataFacts) -> Any:
    """The mean over runs of the confusion matrix, each row in percent of its class, f64[K,K]."""
    import numpy as np

    k = len(data.classes)
    counts = [counted(data.labels, _answers(run, data), k) for run in runs]
    return np.mean([100 * one / np.maximum(one.sum(1, keepdims=True), 1) for one in counts], axis=0)


def _answers(run: Run, data: DataFacts) -> Any:
    answers = unpacked(run.predictions, len(data.classes))
    if len(answers) != len(data.labels):
        raise DataError(f"run {run.id}: its {len(answers)} answers are not to these {len(data.labels)} test images")
    return answers


def _mistakes(shares: Any, names: Sequence[str]) -> str:
    found = most_confused(shares, 3)
    return ", ".join(f"{names[i]} for {names[j]} ({shares[i][j]:.1f} %)" for i, j, _ in found) or "none"


def _matrix(
    axes: Axes, shares: Any, names: Sequence[str], title: str, *, is_first: bool = False, is_difference: bool = False
) -> None:
    import numpy as np

    off = shares.copy()
    np.fill_diagonal(off, 0.0)
    # the diagonal is large in every usable network, and mistakes of 2 and of 20 percent would look the same beside it
    limit = max(1.0, float(abs(shares).max() if is_difference else off.max()))
    colours, lowest = ("PuOr_r", -limit) if is_difference else ("Blues", 0.0)
    axes.imshow(shares, cmap=colours, vmin=lowest, vmax=limit, interpolation="nearest")
    axes.set_title(_wrapped(title, 32))
    if len(names) > MANY:
        axes.set_xlabel(f"{len(names)} classes, in their order")
        return
    axes.set_xticks(range(len(names)), [_short(name) for name in names], rotation=90, fontsize=7)
    axes.set_yticks(range(len(names)), [_short(name) for name in names] if is_first else [], fontsize=7)
    axes.tick_params(length=0)
    axes.set_xlabel("answer")
    if is_first:
        axes.set_ylabel("true class")
    for i, row in enumerate(shares):
        for j, value in enumerate(row):
            if round(abs(value)) >= 1:
                ink = "white" if abs(value) > 0.6 * limit else INK
                text = f"{value:+.0f}" if is_difference else f"{value:.0f}"
                axes.text(j, i, text, ha="center", va="center", fontsize=6.5, color=ink)


def _costs(axes: Axes, rows: Sequence[tuple[float, Sequence[float]]], step: float) -> None:
    """One point a recipe, with the interval of its mean, and the front."""
    means = [mean(accuracies) for _, accuracies in rows]
    costs = [value for value, _ in rows]
    front = pareto(costs, means)
    axes.plot([costs[at] for at in front], [means[at] for at in front], color=SOFT, linewidth=1, zorder=1)
    for at, (value, accuracies) in enumerate(rows):
        if seen := centre(accuracies, step):
            axes.plot([value, value], seen[1:], color=_colour(at), linewidth=1.5, zorder=2)
        axes.plot(value, means[at], marker=_mark(at), markersize=7, color=_colour(at), zorder=3, linestyle="")
    if min(costs) > 0 and max(costs) > 5 * min(costs):
        axes.set_xscale("log")
    else:
        low, high = reach(costs)
        axes.set_xlim(low, high)
        axes.locator_params(axis="x", nbins=4)
    if max(costs) >= 1000:
        axes.xaxis.set_major_formatter(_large)


def _large(value: float, _place: object = None) -> str:
    """A number at an axis in three figures.

    >>> _large(82_000.0), _large(2.5e9)
    ('82k', '2.5G')
    """
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.4g}{sign}"
    return f"{value:g}"


def _legend(figure: Figure, arms: Arms, *, has_marks: bool) -> None:
    """The names above the picture, beside the line or the mark that each recipe is drawn with."""
    from matplotlib.lines import Line2D

    names = [f"{plain(name)} (n = {len(runs)})" for name, runs in arms.items()]
    looks = [
        {"linestyle": "", "marker": _mark(at), "markersize": 7} if has_marks else {"linestyle": DASHES[at]}
        for at in range(len(names))
    ]
    lines = [Line2D([], [], color=_colour(at), linewidth=1.8, **look) for at, look in enumerate(looks)]
    across = max(1, int(figure.get_size_inches()[0] / (0.7 + 0.075 * max(map(len, names)))))
    figure.legend(lines, names, loc="outside upper left", ncols=across, frameon=False, fontsize=8)


def _colour(at: int) -> str:
    return COLOURS[at % len(COLOURS)]


def _mark(at: int) -> str:
    return MARKS[at % len(MARKS)]  # seven marks and six colours: 42 recipes until two look the same


def _short(name: str, most: int = 16) -> str:
    return plain(name if len(name) <= most else name[: most - 1] + "…")


def _wrapped(text: str, width: int) -> str:
    return "\n".join(plain(line) for line in textwrap.wrap(text, width)[:2])


def _count(numbers: Sequence[int], noun: str) -> str:
    """Numbers of things as their range.

    >>> _count([1, 1], "run"), _count([3, 5], "run")
    ('1 run', '3 to 5 runs')
    """
    low, high = min(numbers), max(numbers)
    return f"{low} {noun}{'s' * (low != 1)}" if low == high else f"{low} to {high} {noun}s"


def _spoilt(runs: Sequence[Run]) -> str:
    """What nobody may overlook who sees the picture alone."""
    said = ""
    if any(run.spec.recipe.select == "test" for run in runs):
        said += " Biased: epochs were chosen on the test images."
    if any(run.spec.explores for run in runs):
        said += " Exploring: measured on validation images in the place of test images; nothing is decided."
    return said


def _ids(runs: Sequence[Run]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(run.id for run in runs))
