"""The report of a study of a command or a function: its verdicts, effects, trials, and what was called."""

from collections.abc import Iterator, Sequence
from typing import Any

from ablab.nouns import counted, duration
from ablab.report.chart import Axis, Intervals, Whisker
from ablab.report.means import DASH, ends, mean_text, ratio_text
from ablab.report.page import body, framed
from ablab.report.section import Code, Fold, Heading, Paragraph, Part, Section, Terms
from ablab.report.style import LOOKS
from ablab.report.table import Cell, Head, Table, table
from ablab.report.wording import visible
from ablab.report.words import WORDS
from ablab.statistics.paired import mean
from ablab.study.verdict import signed
from ablab.trial import Outcome
from ablab.trials.evidence import Series, grid
from ablab.trials.result import TrialResult
from ablab.trials.verdict import TrialVerdict

EFFECT = "mean over pairs of the variant's figure minus the base's."
KNOWN = ("interval", "margin", "helps, hurts", "no practical difference", "undecided")
MEANINGS = {
    "trial": "one call with arguments and a seed.",
    "pair": "a trial of the base and one of a variant with the same seed.",
    "effect": EFFECT,
    **{word: WORDS[word] for word in KNOWN},
    "n": "pairs of seeds, or trials, that a figure rests on.",
}


def trials_page(result: TrialResult) -> str:
    """The report: one self-contained HTML file, the same to the byte for the same outcomes."""
    study = result.study
    over = (f"study {visible(study.name)}", counted(len(result.outcomes), "trial"), f"plan {result.plan.hash}")
    foot = "What was called, with which arguments and seeds, and the plan that was locked before stand in this page."
    return framed(study.question, " · ".join(over), body(trial_sections(result)), foot)


def trial_sections(result: TrialResult) -> tuple[Section, ...]:
    """The parts of the report."""
    return (
        Section("verdicts", "", tuple(_verdicts(result)), is_open=True),
        Section("effects", "Effects", (_intervals(result), verdict_table(result)), is_open=True),
        Section("trials", "Trials", tuple(_trials(result))),
        Section("called", "What was called", tuple(_called(result))),
        Section("words", "Words", (Terms(tuple(MEANINGS.items())),)),
    )


def _verdicts(result: TrialResult) -> Iterator[Part]:
    for verdict in result.verdicts:
        yield Paragraph(verdict.sentence, word=verdict.word, label=verdict.label)
    for remark in result.remarks:
        yield Paragraph(_sentence(remark), "caution")
    if wanted := len(result.decision.wanted):
        yield Paragraph(f"{counted(wanted, 'trial')} {'is' if wanted == 1 else 'are'} still wanted.", lead="Not final.")


def _sentence(remark: str) -> str:
    """A remark as a sentence of its own."""
    return f"{remark[:1].upper()}{remark[1:]}{'' if remark.endswith('?') else '.'}"


def _intervals(result: TrialResult) -> Intervals:
    """Every effect with its interval, over the band of what is too small to matter."""
    study, metric = result.study, result.study.measure.metric
    shared = f", {len(study.variants)} comparisons together" if len(study.variants) > 1 else ""
    unit = metric.gap_unit.replace("pp", "points") or "units"
    return Intervals(
        name="effects",
        title=f"effects of {counted(len(study.variants), 'variant')} with their intervals",
        caption=(
            f"Change of {metric.title} against the base, in {metric.gap_words}: mean over pairs of seeds (dot) and its "
            f"{100 * study.rule.confidence:g} % interval (bar){shared}. The shaded band is the margin, "
            f"±{study.rule.margin:g} {unit}.{_equality_level(result)}"
        ),
        axis=Axis("effect", f"{metric.gap_words} of {metric.title}"),
        intervals=tuple(
            Whisker(v.variant, v.effect, v.low, v.high, v.word, v.pairs, v.arguments, metric.digits, v.label)
            for v in result.verdicts
        ),
        margin=study.rule.margin,
        unit=unit,
    )


def _equality_level(result: TrialResult) -> str:
    """Which intervals have another level than the others: those that have shown equality by two one-sided tests."""
    levels = {verdict.level for verdict in result.verdicts if verdict.level != verdict.confidence}
    return "".join(f" The interval beside no practical difference has {100 * level:g} %." for level in levels)


def verdict_table(result: TrialResult) -> Table:
    """The base and every variant: its mean, its effect, the pairs that this rests on and the verdict."""
    study, metric = result.study, result.study.measure.metric
    longest = max(result.verdicts, key=lambda verdict: verdict.pairs)
    base = longest.base_figures
    grain = grid(Series((), base, longest.figures), study.measure)
    base_failed = max(verdict.base_failures for verdict in result.verdicts)
    rows: list[tuple[str | Cell, ...]] = [
        (
            "base",
            Cell(study.base, "code"),
            "",
            mean_text(base, grain, metric),
            DASH,
            DASH,
            str(len(base)),
            str(base_failed),
            DASH,
            "",
        )
    ]
    for verdict in result.verdicts:
        step = grid(Series((), verdict.base_figures, verdict.figures), study.measure)
        is_strong = verdict.word in ("helps", "hurts")
        effect = DASH if verdict.effect is None else signed(verdict.effect, metric.digits)
        rows.append(
            (
                Cell(verdict.variant),
                Cell(verdict.arguments, "code"),
                f"{mean(verdict.base_figures):.{metric.digits}f}" if verdict.pairs else DASH,
                mean_text(verdict.figures, step, metric),
                Cell(effect, "strong" if is_strong else ""),
                ends(verdict.low, verdict.high, "no interval yet", metric.digits),
                str(verdict.pairs),
                str(verdict.failures),
                ratio_text(verdict.time_ratio),
                Cell(verdict.label, LOOKS[verdict.word].kind),
            )
        )
    return table(
        "verdicts",
        (
            "variant",
            "arguments",
            Head("base", True, "mean of the base over this variant's pairs."),
            Head(metric.head, True),
            Head(metric.gap_head, True, EFFECT),
            Head(f"{100 * study.rule.confidence:g} % interval", True, WORDS["interval"]),
            Head("n", True, "pairs of seeds that the verdict rests on; trials, for the base."),
            Head("failed", True, "trials without a figure."),
            Head("time", True, "times that of the base: median over pairs; – unless on one machine."),
            "verdict",
        ),
        rows,
        [_record(result, None), *(_record(result, verdict) for verdict in result.verdicts)],
        title="Verdicts",
        caption=f"Means of {metric.title} in {metric.unit_words} with their plain 95 % intervals; "
        f"margin {metric.size(study.rule.margin)}.{_equality_level(result)}",
    )


def _record(result: TrialResult, verdict: TrialVerdict | None) -> dict[str, Any]:
    """A row as a program reads it; the base has no verdict."""
    base = max((one.base_figures for one in result.verdicts), key=len)
    figures = verdict.figures if verdict else base
    return {
        "variant": verdict.variant if verdict else "base",
        "arguments": verdict.arguments if verdict else result.study.base,
        "base": mean(verdict.base_figures) if verdict and verdict.pairs else None,
        result.study.measure.metric.name: mean(figures) if figures else None,
        "effect": verdict.effect if verdict else None,
        "low": verdict.low if verdict else None,
        "high": verdict.high if verdict else None,
        "n": len(figures),
        "confidence": result.study.rule.confidence,
        "margin": result.study.rule.margin,
        "failed": verdict.failures if verdict else max(one.base_failures for one in result.verdicts),
        "time_ratio": verdict.time_ratio if verdict else None,
        "verdict": verdict.word if verdict else "",
        "label": verdict.label if verdict else "",
    }


def trial_table(result: TrialResult) -> Table:
    """Every trial with its figure."""
    metric = result.study.measure.metric
    several = [(arm.name, outcome) for arm in result.study.arms for outcome in result.of(arm)]
    rows = [
        (
            Cell(outcome.trial.id, "code"),
            name,
            str(outcome.trial.seed),
            _figure(outcome, result),
            duration(outcome.seconds),
            Cell(outcome.status, "" if outcome.status == "finished" else "broken"),
            outcome.note,
        )
        for name, outcome in several
    ]
    heads = ("trial", "arguments of", "seed >", Head(metric.head, True), "time >", "status", "")
    records = [
        {
            "trial": outcome.trial.id,
            "arm": name,
            "seed": outcome.trial.seed,
            "status": outcome.status,
            "seconds": outcome.seconds,
            **outcome.figures,
        }
        for name, outcome in several
    ]
    return table("trials", heads, rows, _with_all_keys(records))


def _with_all_keys(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records with the same keys in each: a trial that failed has no figures."""
    keys = dict.fromkeys(key for record in records for key in record)
    return [{key: record.get(key) for key in keys} for record in records]


def _trials(result: TrialResult) -> Iterator[Part]:
    """Every trial, and the end of what those that failed have printed."""
    yield trial_table(result)
    for name, outcome in ((arm.name, outcome) for arm in result.study.arms for outcome in result.of(arm)):
        if outcome.status != "finished":
            yield Heading(f"{name}, seed {outcome.trial.seed}", outcome.note)
            printed = outcome.errors.strip() or outcome.output.strip() or "It has printed nothing."
            yield Fold("The end of what it printed", (Code(printed),))


def _figure(outcome: Outcome, result: TrialResult) -> str:
    value = result.study.measure.of(outcome.figures)
    return DASH if value is None else f"{value:.{result.study.measure.metric.digits}f}"


def _called(result: TrialResult) -> Iterator[Part]:
    """The command or function, and all else that makes its results what they are."""
    study, rule = result.study, result.study.rule
    yield Code(study.subject.shown)
    files = study.subject.facts.get("files", {})
    facts = [
        ("seeds", f"{rule.seeds[0]} to {rule.seeds[1]}, from {result.plan.first_seed} on"),
        ("locked", result.plan.locked or "not yet"),
        *((key, str(value)) for key, value in study.subject.facts.items() if key in ("limit", "file", "pattern")),
        *((f"file {path}", f"SHA-256 {digest}") for path, digest in files.items()),
    ]
    yield Terms(tuple(facts))
