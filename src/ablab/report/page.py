"""page(): a Result as one HTML file that needs nothing else, and no script to be whole."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import jinja2
import tomli_w
from markupsafe import Markup

from ablab import grammar
from ablab.metric import known_metrics
from ablab.records import NEAR_ZERO, DataFacts, Ledger, Run
from ablab.report import charts
from ablab.report.answers import Goal, answers, goal_of, histograms, line_rows
from ablab.report.arms import between, duration
from ablab.report.beside import beside
from ablab.report.cautions import cautions
from ablab.report.confusion import confusions
from ablab.report.curves import curve_sets
from ablab.report.embedded import Sheet, figures_json, runs_json, short
from ablab.report.gallery import Pictures, gallery
from ablab.report.layers import layer_tables
from ablab.report.scatter import scatters
from ablab.report.wording import visible
from ablab.result import Arm, arms_of
from ablab.study import Study, Verdict, plan
from ablab.study.factorial import contrasts
from ablab.study.verdict import signed

if TYPE_CHECKING:
    from ablab.result import Result

LARGEST = 2_800_000  # bytes; curves take what the rest leaves of it
MOST_ROWS = 1000  # of the table of runs; 200 variants with 1000 seeds would make a page of 30 MB
BADGES = {
    "helps": ("helps", "▲"),
    "hurts": ("hurts", "▼"),
    "no practical difference": ("same", "="),
    "undecided": ("open", "?"),
}
WORDS = {
    "recipe": "everything that decides a training run except the seed.",
    "run": "one recipe trained with one seed.",
    "variant": "a named change to the base recipe.",
    "pair": "a run of the base and one of a variant with the same seed: same validation images, order and draws.",
    "effect": "mean over pairs of the variant's figure on the test images minus the base's.",
    "interval": "between its ends the effect lies, if the study were repeated with other seeds, as often as the "
    "confidence says.",
    "margin": "the smallest effect that is worth having, as the study says it.",
    "helps, hurts": "the interval leaves out zero, and is not within the margin.",
    "no practical difference": "the interval lies within the margin on both sides of zero.",
    "undecided": "neither: the runs cannot tell. It is not the same as no difference.",
    "n": "pairs of seeds, or runs, that a figure rests on.",
    "sd": "the spread of the differences from seed to seed.",
    "gap": "training minus test accuracy: what a network knows of its own images alone.",
    "precision": "of the images that were given this class, the share that are of it.",
    "recall": "of the images of this class, the share that were given it.",
    "F1": "one figure from precision and recall: twice their product over their sum.",
    "MAC": "one multiplication and one addition; two FLOPs.",
    "FLOPs": "additions and multiplications. Training counts six for each MAC and image: two forward, four back.",
    "Pareto front": "the recipes that no other one beats: none is as accurate and cheaper.",
    "plan": "question, recipes, rule and data, as they were before the runs; its hash changes if any of them does.",
    "ledger": "how often the test images had been looked at before in this store.",
}


def page(result: Result, pictures: Pictures | None = None) -> str:
    """The report: one self-contained HTML file, the same to the byte for the same runs in any order.

    With `pictures`, all test images u8[N,C,H,W] or a function from rows to such an array, it shows some of those that
    were mistaken.
    """
    study, runs, verdicts, data = result.study, result.runs, result.verdicts, result.data
    arms = arms_of(study, runs)
    goal = goal_of(arms, study.rule)
    parts = _parts(study, arms, verdicts, data, goal, pictures)
    sheets, name = _sheets(verdicts, parts), str(visible(study.name))
    environment = _environment()
    template = environment.get_template("page.html")
    fixed = _looks(environment) | _facts(study, arms, verdicts, result.ledger) | parts | {"goal": goal}
    fixed |= _beyond(result)
    rest = template.render(fixed, sets=(), figures=figures_json(name, sheets))
    sets = tuple(curve_sets(arms, LARGEST - len(rest.encode())))
    sheets |= {one["id"]: one["facts"] for one in sets if one["facts"]}
    return template.render(fixed, sets=sets, figures=figures_json(name, sheets))


def _looks(environment: jinja2.Environment) -> dict[str, Any]:
    """Style sheet and script, and the policy that lets in these two and nothing else."""
    style, script = (
        environment.loader.get_source(environment, name)[0]  # type: ignore[union-attr]
        for name in ("page.css", "page.js")
    )
    policy = _policy(style, script)
    return {"style": Markup(style), "script": Markup(script), "policy": policy}  # noqa: S704 (our own files)


def _facts(study: Study, arms: Sequence[Arm], verdicts: Sequence[Verdict], ledger: Ledger | None) -> dict[str, Any]:
    """What the page says of the study, its runs and its verdicts."""
    shown = tuple(run for arm in arms for run in arm.runs)
    span, metric = _span(verdicts, study.rule.margin), known_metrics()[study.rule.metric]
    looked_at = sorted({(run.spec.fingerprint, run.spec.explores) for run in shown})
    plans = [(fingerprint, plan(study, fingerprint, explores=explores).hash) for fingerprint, explores in looked_at]
    embedded, left_in = runs_json(study, _in_order(arms), plans[0][1] if plans else "")
    return {
        "study": study,
        "rule": study.rule,
        "metric": metric,
        "arms": arms,
        "runs": shown,
        "verdicts": [_verdict(verdict, span) for verdict in verdicts],
        "axis": charts.strip_axis(span, f"{metric.gap_words} of test {metric.title}"),
        "warnings": tuple(cautions(study, shown, verdicts)),
        "rows": _run_rows(arms),
        "costs": [_cost(arm, arms[0], verdicts) for arm in arms if arm.runs],
        "total": duration(sum(run.cost.wall_seconds for run in shown)),
        "changes": [_changes(arms[0], arm) for arm in arms[1:]],
        "base": tomli_w.dumps({k: v for k, v in study.base.full().items() if v is not None}),
        "machines": _machines(shown),
        "plans": plans,
        "ledger": ledger,
        "version": importlib.metadata.version("ablab"),
        "command": study.words if study.path else "STUDY.toml",
        "near_zero": NEAR_ZERO,
        "embedded": embedded,
        "left_in": left_in,
    }


def _parts(
    study: Study,
    arms: Sequence[Arm],
    verdicts: Sequence[Verdict],
    data: DataFacts | None,
    goal: Goal,
    pictures: Pictures | None,
) -> dict[str, Any]:
    """The sections that are made elsewhere, by the names that the template has for them."""
    return {
        "answers": tuple(answers(arms, verdicts, data, goal)),
        "weights": histograms(arms),
        "confusions": tuple(confusions(arms, verdicts, data)) if data else (),
        "walls": tuple(gallery(arms, verdicts, data, pictures)) if data and pictures is not None else (),
        "scatter": scatters(arms),
        "layers": tuple(layer_tables(arms, data)) if data else (),
        "published": beside(study.published, arms, verdicts) if study.published else None,
    }


def _beyond(result: Result) -> dict[str, Any]:
    """What is told of a grid as a whole, and of the question at tuned rates."""
    tuned, after = result.tuned, result.after_tuning
    return {
        "contrasts": contrasts(result.plan, result.runs),
        "tuned": tuple(zip(tuned.names, tuned.trials, tuned.chosen, strict=True)) if tuned else (),
        "after": after.verdicts if after else (),
        "disagreements": result.disagreements,
    }


def _sheets(verdicts: Sequence[Verdict], parts: dict[str, Any]) -> dict[str, Any]:
    """What each figure but the curves was drawn from, by the name that it has in the page."""
    unit = verdicts[0].unit.replace("pp", "points") if verdicts else "points"
    columns = ("variant", "change", "verdict", f"effect, {unit}", "low", "high", "pairs", "margin")
    effects = tuple(
        (visible(v.variant), visible(v.change), v.word, short(v.effect), short(v.low), short(v.high), v.pairs, v.margin)
        for v in verdicts
    )
    found = {"effects": Sheet(columns, effects), "weights": parts["weights"][1], "cost": parts["scatter"][1]}
    found |= {one["id"]: one["sheet"] for one in parts["confusions"] if one["sheet"]}
    found |= {one.id: one.sheet for one in parts["walls"]}
    return found


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ablab.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        signed=signed, sample=charts.sample, show=grammar.show, duration=duration, words=WORDS, line_rows=line_rows
    )
    return environment


def _policy(style: str, script: str) -> str:
    """Only this style sheet and this script count, and only pictures that are in the page: nothing is asked for."""
    return (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; script-src 'sha256-{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _span(verdicts: Iterable[Verdict], margin: float) -> tuple[float, float]:
    """The axis of the forest plot: all ends of intervals, and the margin on both sides of zero."""
    ends = [end for verdict in verdicts for end in (verdict.low, verdict.effect, verdict.high) if end is not None]
    return charts.reach([*ends, -1.5 * margin, 1.5 * margin])


def _verdict(verdict: Verdict, span: tuple[float, float]) -> dict[str, Any]:
    """A verdict with its numbers as they are printed everywhere on the page."""
    kind, sign = BADGES[verdict.word]
    effect = "–" if verdict.effect is None else signed(verdict.effect, verdict.digits)
    ends = "no interval yet" if verdict.low is None else between(verdict.low, verdict.high, verdict.digits)
    unit, margin = verdict.unit.replace("pp", "points"), f"{verdict.margin:.{verdict.digits}f}"
    text = f"{verdict.variant}: effect {effect} {unit}, interval {ends}, margin {margin}"
    return {
        "it": verdict,
        "kind": kind,
        "sign": sign,
        "effect": effect,
        "interval": ends,
        "wide": "–" if verdict.wide_low is None else between(verdict.wide_low, verdict.wide_high),
        "error_reduction": "–" if verdict.error_reduction is None else f"{100 * verdict.error_reduction:+.1f} %",
        "chance_better": "–" if verdict.chance_better is None else _chance(verdict.chance_better),
        "sd": "–" if verdict.sd is None else f"{verdict.sd:.{verdict.digits}f}",
        "cost_ratio": _times(verdict.cost_ratio),
        "strip": charts.strip(
            verdict.effect,
            verdict.low,
            verdict.high,
            margin=verdict.margin,
            span=span,
            text=visible(text),
        ),
    }


def _chance(share: float) -> str:
    """A chance in whole percent, and never certainty, which a few runs cannot give.

    >>> _chance(0.751), _chance(0.9999), _chance(0.0)
    ('75 %', '> 99 %', '< 1 %')
    """
    return "> 99 %" if share > 0.99 else "< 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def _times(ratio: float | None) -> str:
    return "–" if ratio is None else f"× {ratio:.2f}"


def _in_order(arms: Sequence[Arm]) -> list[Run]:
    return [run for _, run in _by_seed(arms)]


def _by_seed(arms: Sequence[Arm]) -> list[tuple[Arm, Run]]:
    """Every run by seed and then by recipe, so that pairs stand together."""
    return sorted(((arm, run) for arm in arms for run in arm.runs), key=lambda row: row[1].spec.seed)


def _run_rows(arms: Sequence[Arm]) -> list[tuple[Arm, Run]]:
    """The rows of the table of runs; where there are too many, the first."""
    return _by_seed(arms)[:MOST_ROWS]


def _cost(arm: Arm, base: Arm, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    seconds = sorted(run.cost.seconds for run in arm.runs)
    ratio = next((verdict.cost_ratio for verdict in verdicts if verdict.variant == arm.name), None)
    return {
        "name": arm.name,
        "parameters": _beside(arm, base, lambda run: run.cost.parameters),
        "macs": _beside(arm, base, lambda run: run.cost.macs),
        "memory": _range([round(run.cost.memory / 2**20) for run in arm.runs if run.cost.memory is not None]),
        "epochs": _range([run.cost.epochs for run in arm.runs]),
        "examples": _range([run.cost.examples for run in arm.runs]),
        "seconds": duration(statistics.median(seconds)),
        "between": f"{duration(seconds[0])} to {duration(seconds[-1])}",
        "ratio": "1" if arm is base else _times(ratio),
        "total": duration(sum(run.cost.wall_seconds for run in arm.runs)),
        "n": len(seconds),
    }


def _beside(arm: Arm, base: Arm, of: Callable[[Run], int | None]) -> str:
    """What the runs of a recipe have, and how many times that of the base where that tells them apart."""
    mine, other = ([value for run in one.runs if (value := of(run)) is not None] for one in (arm, base))
    told = _range(mine)
    if len(set(mine)) == len(set(other)) == 1 and other[0] > 0 and (times := _times(mine[0] / other[0])) != _times(1):
        return f"{told} ({times})"
    return told


def _range(values: Sequence[int]) -> str:
    """The smallest and the largest; a dash where nothing is known."""
    if not values:
        return "–"
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _changes(base: Arm, arm: Arm) -> dict[str, Any]:
    keys = arm.recipe.difference(base.recipe)
    return {"name": arm.name, "hash": arm.recipe.hash, "keys": [(k, keys[k][1], keys[k][0]) for k in sorted(keys)]}


def _machines(runs: Sequence[Run]) -> list[tuple[Any, int]]:
    counts = Counter(run.machine for run in runs)
    return sorted(counts.items(), key=lambda item: repr(item[0]))
