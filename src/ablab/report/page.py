"""page(): a study, its runs and its verdicts as one HTML file that needs nothing else and runs nothing."""

import base64
import hashlib
import importlib.metadata
import itertools
import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import tomli_w
from markupsafe import Markup

from ablab import grammar
from ablab.recipe import Recipe
from ablab.records import DataFacts, EpochRow, Ledger, Run
from ablab.report import charts
from ablab.study import Study, Verdict, plan
from ablab.study.secondary import ClassEffect, Secondary, class_effects, secondary
from ablab.study.verdict import signed

TOGETHER = 5  # variants in one set of panels, beside the base: more colours than six cannot be told apart
MOST_ROWS = 3000  # of the table of runs; 200 variants with 1000 seeds would make a page of 30 MB
MOST_POINTS = 150_000  # of all curves: 1.7 MB
QUANTITIES = (
    ("Validation accuracy", "%", lambda row: 100 * row.val_accuracy),
    ("Training accuracy", "%", lambda row: 100 * row.train_accuracy),
    ("Validation loss", "", lambda row: row.val_loss),
    ("Training loss", "", lambda row: row.train_loss),
)
BADGES = {
    "helps": ("helps", "▲"),
    "hurts": ("hurts", "▼"),
    "no practical difference": ("same", "="),
    "undecided": ("open", "?"),
}


@dataclass(frozen=True)
class Arm:
    """A recipe under the name that it has in the study, with its runs in the order of seeds."""

    name: str
    recipe: Recipe
    runs: tuple[Run, ...]
    style: int


def page(
    study: Study,
    runs: Sequence[Run],
    verdicts: Sequence[Verdict],
    *,
    ledger: Ledger | None = None,
    data: DataFacts | None = None,
) -> str:
    """The report: one self-contained HTML file, the same to the byte for the same runs in any order."""
    arms = _arms(study, runs)
    shown = tuple(run for arm in arms for run in arm.runs)
    span = _span(verdicts, study.rule.margin)
    environment = _environment()
    style = environment.loader.get_source(environment, "page.css")[0]  # type: ignore[union-attr]
    return environment.get_template(
        "page.html"
    ).render(
        study=study,
        rule=study.rule,
        style=Markup(style),  # noqa: S704 (our own file)
        # only this style sheet counts: no script, no picture from elsewhere, no style attribute that slipped in
        policy=f"default-src 'none'; style-src 'sha256-{_digest(style)}'; base-uri 'none'; form-action 'none'",
        arms=arms,
        runs=shown,
        verdicts=[_verdict(verdict, span) for verdict in verdicts],
        axis=charts.strip_axis(span),
        warnings=tuple(_warnings(study, shown, verdicts)),
        sets=tuple(_curve_sets(arms)),
        rows=_run_rows(arms),
        costs=[_cost(arm) for arm in arms if arm.runs],
        total=_duration(sum(run.cost.wall_seconds for run in shown)),
        changes=[_changes(study.base, arm) for arm in arms[1:]],
        base=tomli_w.dumps({k: v for k, v in study.base.full().items() if v is not None}),
        machines=_machines(shown),
        plans=[
            (fingerprint, plan(study, fingerprint).hash)
            for fingerprint in sorted({run.wanted.fingerprint for run in shown})
        ],
        ledger=ledger,
        secondary=tuple(_secondary(arms, verdicts, data)),
        version=importlib.metadata.version("ablab"),
    )


def visible(text: Any) -> Any:
    r"""Text with the characters that cannot be seen, or that turn the writing around, spelled out.

    >>> visible("a\u202eb"), visible("two\nlines")
    ('a\\u202eb', 'two\nlines')
    """
    if not isinstance(text, str) or isinstance(text, Markup):
        return text
    return "".join(f"\\u{ord(c):04x}" if _is_hidden(c) else c for c in text)


def _is_hidden(c: str) -> bool:
    # joiners (Cf) stay: they hold emoji and several scripts together; half a surrogate pair cannot be written to a file
    kind = unicodedata.category(c)
    return (
        (kind == "Cc" and c not in "\n\t") or kind in ("Cs", "Zl", "Zp") or (kind == "Cf" and c not in "\u200c\u200d")
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ablab.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(signed=signed, sample=charts.sample, show=grammar.show, duration=_duration)
    return environment


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _arms(study: Study, runs: Iterable[Run]) -> tuple[Arm, ...]:
    """The base and the variants with the runs of each; runs of other recipes are not of this study."""
    by_recipe: dict[str, dict[str, Run]] = {}
    for run in runs:
        by_recipe.setdefault(run.wanted.recipe.hash, {})[run.id] = run
    named = [("base", study.base), *((variant.name, variant.recipe) for variant in study.variants)]
    return tuple(
        Arm(
            name,
            recipe,
            tuple(sorted(by_recipe.get(recipe.hash, {}).values(), key=lambda run: (run.wanted.seed, run.id))),
            style=1 + (at - 1) % TOGETHER if at else 0,
        )
        for at, (name, recipe) in enumerate(named)
    )


def _span(verdicts: Iterable[Verdict], margin: float) -> tuple[float, float]:
    """The axis of the forest plot: all ends of intervals, and the margin on both sides of zero."""
    ends = [end for verdict in verdicts for end in (verdict.low, verdict.effect, verdict.high) if end is not None]
    return charts.reach([*ends, -1.5 * margin, 1.5 * margin])


def _verdict(verdict: Verdict, span: tuple[float, float]) -> dict[str, Any]:
    """A verdict with its numbers as they are printed everywhere on the page."""
    kind, sign = BADGES[verdict.word]
    effect = "–" if verdict.effect is None else signed(verdict.effect)
    ends = "no interval yet" if verdict.low is None else _between(verdict.low, verdict.high)
    text = f"{verdict.variant}: effect {effect} points, interval {ends}, margin {verdict.margin:.2f}"
    return {
        "it": verdict,
        "kind": kind,
        "sign": sign,
        "effect": effect,
        "interval": ends,
        "wide": "–" if verdict.wide_low is None else _between(verdict.wide_low, verdict.wide_high),
        "error_reduction": "–" if verdict.error_reduction is None else f"{100 * verdict.error_reduction:+.1f} %",
        "chance_better": "–" if verdict.chance_better is None else _chance(verdict.chance_better),
        "sd": "–" if verdict.sd is None else f"{verdict.sd:.2f}",
        "cost_ratio": "–" if verdict.cost_ratio is None else f"× {verdict.cost_ratio:.2f}",
        "strip": charts.strip(
            verdict.effect,
            verdict.low,
            verdict.high,
            margin=verdict.margin,
            span=span,
            text=visible(text),
        ),
    }


def _between(low: float, high: float | None) -> str:
    return f"{signed(low)} to {signed(high)}" if high is not None else "–"


def _chance(share: float) -> str:
    """A chance in whole percent, and never certainty, which a few runs cannot give.

    >>> _chance(0.751), _chance(0.9999), _chance(0.0)
    ('75 %', '> 99 %', '< 1 %')
    """
    return "> 99 %" if share > 0.99 else "< 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def _warnings(study: Study, runs: Sequence[Run], verdicts: Sequence[Verdict]) -> Iterator[tuple[str, str]]:
    """What a reader must know before believing a number: a headline and a sentence each."""
    biased = [recipe for recipe in study.recipes if recipe.select == "test"]
    if biased:
        yield (
            "Biased selection",
            f"{len(biased)} of {len(study.recipes)} recipes choose the epoch on the test set (select = test). Their "
            "test accuracies are too high, and a verdict on them is no evidence about new images.",
        )
    if broken := [run for run in runs if run.status != "finished"]:
        kinds = Counter(run.status for run in broken)
        said = " and ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        yield (
            "Runs that did not finish",
            f"{said}, of {len(runs)} runs. None is left out of a count: see the table of runs. "
            "A recipe that breaks down now and then is worse than its mean over the other seeds.",
        )
    if len({(run.machine.name, run.machine.device, run.machine.threads) for run in runs}) > 1:
        yield (
            "Times not comparable",
            "the runs were carried out on different machines, devices or numbers of threads: "
            "compare parameters, epochs and examples instead of seconds.",
        )
    if len({(run.machine.torch, run.machine.precision) for run in runs}) > 1:
        yield "Mixed versions", "the runs differ in the version of torch or in precision; see the list of machines."
    if len({run.wanted.fingerprint for run in runs}) > 1:
        yield "Mixed data", "the runs were trained on different images; only pairs on the same images are compared."
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
                f"{_between(verdict.wide_low, verdict.wide_high)}, which would not give the same verdict.",
            )


def _curve_sets(arms: Sequence[Arm]) -> Iterator[dict[str, Any]]:
    """Panels for the base and a few variants at a time, as long as the page stays small."""
    base, variants = arms[0], [arm for arm in arms[1:] if arm.runs]
    chunks = [variants[at : at + TOGETHER] for at in range(0, len(variants), TOGETHER)] or [[]]
    sets = [[arm for arm in (base, *chunk) if any(run.curve for run in arm.runs)] for chunk in chunks]
    means = [4 * 3 * sum(max(len(run.curve) for run in arm.runs) for arm in members) for members in sets]
    singles = 4 * sum(len(run.curve) for members in sets for arm in members for run in arm.runs)
    has_singles = sum(means) + singles <= MOST_POINTS
    for members, drawn in zip(sets, itertools.accumulate(means), strict=True):
        if members:
            panels = [_panel(members, *quantity, has_singles) for quantity in QUANTITIES if drawn <= MOST_POINTS]
            yield {"arms": members, "panels": panels, "has_singles": has_singles}


def _panel(arms: Sequence[Arm], name: str, unit: str, of: Any, has_singles: bool) -> dict[str, Any]:
    groups = [charts.Group(arm.style, tuple(_curve(run, of) for run in arm.runs)) for arm in arms]
    finished = [y for group in groups for curve in group.finished for _, y in curve.points]
    everything = [y for group in groups for curve in group.curves for _, y in curve.points]
    # one run that diverges would flatten all the others, so those that finished make the axis; the caption counts it
    span = charts.reach(finished or everything, floor=0.0)
    title = f"{name} against epoch: {', '.join(str(visible(arm.name)) for arm in arms)}"
    return {
        "name": name + (f", {unit}" if unit else ""),
        "svg": charts.panel(groups, span, title=title, has_singles=has_singles),
        "outside": charts.outside(groups, span),
    }


def _curve(run: Run, of: Any) -> charts.Curve:
    rows: tuple[EpochRow, ...] = run.curve
    return charts.Curve(tuple((row.epoch, of(row)) for row in rows), run.selected_epoch, run.status == "finished")


def _run_rows(arms: Sequence[Arm]) -> list[tuple[Arm, Run]]:
    """Every run by seed and then by recipe, so that pairs stand together; where there are too many, the first."""
    rows = [(arm, run) for arm in arms for run in arm.runs]
    return sorted(rows, key=lambda row: row[1].wanted.seed)[:MOST_ROWS]


def _secondary(
    arms: Sequence[Arm], verdicts: Sequence[Verdict], data: DataFacts | None
) -> Iterator[tuple[str, tuple[Secondary, ...], tuple[ClassEffect, ...]]]:
    """For each variant with enough pairs: what else it did, from the pairs that its verdict used."""
    base = {run.wanted.seed: run for run in arms[0].runs if run.test}
    for arm, verdict in zip(arms[1:], verdicts, strict=False):
        other = {run.wanted.seed: run for run in arm.runs if run.test}
        pairs = [(base[seed], other[seed]) for seed in range(verdict.pairs) if seed in base and seed in other]
        found = secondary(pairs)
        if found:
            yield arm.name, found, class_effects(pairs, data) if data else ()


def _cost(arm: Arm) -> dict[str, Any]:
    seconds = sorted(run.cost.seconds for run in arm.runs)
    return {
        "name": arm.name,
        "parameters": _range([run.cost.parameters for run in arm.runs]),
        "macs": _range([run.cost.macs for run in arm.runs if run.cost.macs is not None]),
        "memory": _range([round(run.cost.memory / 2**20) for run in arm.runs if run.cost.memory is not None]),
        "epochs": _range([run.cost.epochs for run in arm.runs]),
        "examples": _range([run.cost.examples for run in arm.runs]),
        "seconds": _duration(statistics.median(seconds)),
        "between": f"{_duration(seconds[0])} to {_duration(seconds[-1])}",
        "total": _duration(sum(run.cost.wall_seconds for run in arm.runs)),
        "n": len(seconds),
    }


def _range(values: Sequence[int]) -> str:
    """The smallest and the largest; a dash where nothing is known."""
    if not values:
        return "–"
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _duration(seconds: float) -> str:
    """Three figures or so, in a unit that one can picture.

    >>> [_duration(s) for s in (0.42, 12.3, 754, 9000)]
    ['0.42 s', '12.3 s', '12.6 min', '2.5 h']
    """
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _changes(base: Recipe, arm: Arm) -> dict[str, Any]:
    keys: Mapping[str, tuple[Any, Any]] = arm.recipe.difference(base)
    return {"name": arm.name, "hash": arm.recipe.hash, "keys": [(k, keys[k][1], keys[k][0]) for k in sorted(keys)]}


def _machines(runs: Sequence[Run]) -> list[tuple[Any, int]]:
    counts = Counter(run.machine for run in runs)
    return sorted(counts.items(), key=lambda item: repr(item[0]))
