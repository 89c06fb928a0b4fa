"""Published figures beside ours: a Markdown page with a row for every figure of every report, made from the store."""

from collections.abc import Iterator, Sequence

from ablab.conduct import Result
from ablab.records import Run
from ablab.report.arms import arms_of, between
from ablab.report.beside import interval_of
from ablab.report.tables import shown
from ablab.study import Study, Verdict
from ablab.study.audit import audit
from ablab.study.audit.claims import Claim
from ablab.study.factorial import contrasts
from ablab.study.statistics import mean
from ablab.study.verdict import points, signed

HEAD = """# Five published reports, run again

Five student reports trained CNNs on CIFAR-10 and CIFAR-100 and drew conclusions from one run each. Each of their
experiments is a study file in `studies/published/`, and each row below sets a published figure beside ours. Reports are
named by letter, course and year: the point is the method.

Made by `ablab report --published`{store}. *Ours* is the mean test accuracy, measured once a run at the epoch chosen on
validation images, with its 95 % interval over seeds; *effect* is the change against the base of the study over pairs
of seeds, with the interval that its verdict rests on. The default sizes are those of a laptop's CPU: what they leave
out is said at each study, and `ablab run FILE --scale full` runs it as it was published.
Training times are those of the machine as it was: where it did other work as well, they say little.
"""


def published_page(studies: Sequence[tuple[Study, Result | None]], store: str = "") -> str:
    """The page; a study that was not run has its published figures, and says so."""
    parts = [HEAD.format(store=f" from the runs in [{store}]({store})" if store else "")]
    parts.append("\n".join(_summary(studies)))
    parts += ["\n".join(_section(study, result)) for study, result in studies]
    return "\n".join(parts) + "\n"


def _summary(studies: Sequence[tuple[Study, Result | None]]) -> Iterator[str]:
    yield "| study | variant | report says | effect in the report | our effect | seeds | our verdict |"
    yield "|---|---|---|---|---|---|---|"
    for study, result in studies:
        assert study.published is not None
        by_name = {one.variant: one for one in result.verdicts} if result else {}
        theirs = study.published.figures
        for variant in study.variants:
            verdict = by_name.get(variant.name)
            gap = theirs[variant.name] - theirs["base"] if {variant.name, "base"} <= theirs.keys() else None
            yield (
                f"| [{study.name}](#{study.name}) | {_cell(variant.name)} | {_cell(study.published.conclusion)} | "
                f"{'–' if gap is None else signed(gap)} | {_effect(verdict)} | {verdict.pairs if verdict else '–'} | "
                f"{verdict.word if verdict else 'not run'} |"
            )
    yield ""


def _section(study: Study, result: Result | None) -> Iterator[str]:
    told = study.published
    assert told is not None
    yield f"## {study.name}"
    yield ""
    yield f"**{_cell(study.question)}** {told.report}. {told.source}"
    yield ""
    yield "| recipe | published | ours | 95 % interval | n | epochs | effect | interval | verdict |"
    yield "|---|---|---|---|---|---|---|---|---|"
    yield from _rows(study, result)
    yield ""
    yield f"- The report concludes: {_cell(told.conclusion)}"
    if result and result.runs:
        yield from (f"- Ours: {_cell(verdict.sentence)}" for verdict in result.verdicts)
        yield from (f"- {_cell(one.sentence)}" for one in contrasts(result.plan, result.runs))
        if sparse := _sparsity(study, result):
            yield f"- Weights smaller than 0.001: {sparse}."
    else:
        yield f"- Not run here. It takes `ablab run {study.path}`."
    if told.shortened:
        yield f"- Shortened: {_cell(told.shortened)}"
    if told.differs:
        yield f"- Why ours differ: {_cell(told.differs)}"
    faults = [*told.faults, *_audited(study)]
    if faults:
        yield "- Faults of the published method:"
        yield from (f"  - {_cell(fault)}" for fault in faults)
    yield f"- File: `{study.path}`" + (f"; plan `{result.plan.hash}`, runs {_ids(result.runs)}" if result else "")
    yield ""


def _rows(study: Study, result: Result | None) -> Iterator[str]:
    assert study.published is not None
    by_name = {one.variant: one for one in result.verdicts} if result else {}
    for arm in arms_of(study, result.runs if result else ()):
        name, theirs, verdict = arm.name, study.published.figures.get(arm.name), by_name.get(arm.name)
        ours = points(arm.runs)
        epochs = sorted({run.cost.epochs for run in arm.runs})
        told = f"{epochs[0]}" if len(epochs) == 1 else f"{epochs[0]} to {epochs[-1]}" if epochs else "–"
        yield (
            f"| {_cell(name)} | {'–' if theirs is None else f'{theirs:.2f} %'} | "
            f"{f'{mean(ours):.2f} %' if ours else '–'} | {interval_of(ours)} | "
            f"{len(ours)} | {told} | {'' if name == 'base' else _mean_effect(verdict)} | "
            f"{'' if name == 'base' else _ends(verdict)} | {verdict.word if verdict else ''} |"
        )


def _audited(study: Study) -> Iterator[str]:
    """What an audit of the published pair of figures adds to the faults."""
    assert study.published is not None
    figures = study.published.figures
    if "base" not in figures or len(figures) < 2:
        return
    size = 5000 if "5,000 validation" in study.published.source else 10_000
    claims = [Claim(value, name=name, seeds=1, test_size=size) for name, value in figures.items()]
    order = sorted(claims, key=lambda claim: claim.name != "base")
    yield from (f"Audit of {one.name}: {signed(one.difference)} pp, {one.sentence}" for one in audit(order).judgements)


def _sparsity(study: Study, result: Result) -> str:
    """The mean share of weights next to nothing, by recipe, where the question is about pulls on weights."""
    if not any({"l1", "weight_decay"} & variant.recipe.difference(study.base).keys() for variant in study.variants):
        return ""
    shares = {
        arm.name: [100 * run.weights.near_zero for run in arm.runs if run.weights]
        for arm in arms_of(study, result.runs)
    }
    return ", ".join(f"{_cell(name)} {mean(each):.1f} %" for name, each in shares.items() if each)


def _effect(verdict: Verdict | None) -> str:
    return f"{_mean_effect(verdict)} ({_ends(verdict)})" if verdict and verdict.low is not None else "–"


def _mean_effect(verdict: Verdict | None) -> str:
    return "–" if verdict is None or verdict.effect is None else signed(verdict.effect)


def _ends(verdict: Verdict | None) -> str:
    return "–" if verdict is None or verdict.low is None else between(verdict.low, verdict.high)


def _ids(runs: Sequence[Run]) -> str:
    return ", ".join(f"`{run.id}`" for run in runs)


def _cell(text: str) -> str:
    """Text in a table: nothing in it ends a cell or starts markup."""
    return shown(text).replace("|", "\\|").replace("<", "&lt;")
