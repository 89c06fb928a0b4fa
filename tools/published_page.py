"""Published figures beside ours: `python tools/published_page.py [--store DIR]` writes docs/published.md.

The page has a row for every figure of every report. Without a store it is made from the runs in docs/published*.ablab.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ablab.atomic import atomic_write
from ablab.records import NEAR_ZERO, Run
from ablab.replication.evidence import Repeated, evidence, size_of
from ablab.replication.published_report import PublishedReport, published_reports
from ablab.replication.work import runs_of, work_of
from ablab.report.means import ends, plain_ends
from ablab.report.paper import markdown
from ablab.report.replication import of_report, screen
from ablab.report.wording import shown
from ablab.result import Result, arms_of, pairs_of
from ablab.statistics.paired import mean
from ablab.store import Store
from ablab.store.exchange import take
from ablab.study import Study, Verdict
from ablab.study.across import across
from ablab.study.factorial import contrasts
from ablab.study.question.published import Published
from ablab.study.secondary import Secondary, learning_speed
from ablab.study.verdict import points, signed

HEAD = """# Five published reports, run again

Five student reports trained networks on CIFAR-10 and CIFAR-100 and drew conclusions, mostly from one run each. The
table shows the outcome of each claim, with our figures beside theirs. Reports have letters instead of names because the
point is the method.
{pages}

Made by `make published`{store}. `ablab run --published B --dry-run` says what repeating a report takes, and
`ablab report --published B --out DIR` writes everything that a report has, from our runs. Most runs shared their
machine with others, so ratios of times are rough.
"""
PAGE = Path(__file__).parents[1] / "docs" / "published.md"
SIZES = {"full": "At full size", "default": "Shortened"}


def exports() -> tuple[Path, ...]:
    """The exports that the pages of the docs are made from."""
    return tuple(sorted(PAGE.parent.glob(f"{PAGE.stem}*.ablab")))


def pages_of(repeated: Sequence[Repeated], stores: Sequence[Path] = (), name: str = "published") -> dict[str, str]:
    """The pages by their paths: the screen with a row for each claim, and a page for each report."""
    reports = published_reports()
    links = " · ".join(f"[{each.letter}: {each.title}]({name}/{each.letter.lower()}.md)" for each in reports)
    files = " and ".join(f"[{path.name}]({path.name})" for path in stores)
    head = HEAD.format(pages=f"Details: {links}.", store=f" from the runs in {files}" if files else "")
    pages = {f"{name}.md": head + _without_title(markdown.document("", screen(reports, repeated)))}
    for report in reports:
        pages[f"{name}/{report.letter.lower()}.md"] = _report_page(report, repeated)
    return pages


def _report_page(report: PublishedReport, repeated: Sequence[Repeated]) -> str:
    """One report with everything that was run of it."""
    text = markdown.document(f"Report {report.letter}: {report.title}", of_report(report, repeated))
    parts = [text]
    for file in report.studies:
        several = [there for there in repeated if there.file == file]
        parts += ["\n".join(_section(there)) for there in several]
        parts += _across_data_sets(several)
    return "\n".join(parts) + "\n"


def _without_title(text: str) -> str:
    return text.partition("\n")[2]


def _section(one: Repeated) -> Iterator[str]:
    study, told = one.studies[-1], one.studies[-1].published
    assert told is not None
    whole = [result for result in one.results if result.study.scale == "full"]
    yield f"## {study.name}"
    yield ""
    yield f"**{_cell(study.question)}** {told.report}. {told.source}"
    yield ""
    yield f"- The report concludes: {_cell(told.conclusion)}"
    if told.differs:
        yield f"- Why ours differ: {_cell(told.differs)}"
    if told.see:
        yield f"- See also: {told.see}"
    if not whole:
        yield f"- Not run at full size here. That takes `ablab run {study.path} --scale full`{_work(one)}."
    if not one.results:
        yield f"- Not run here. It takes `ablab run {study.path}`."
    for result in one.results:
        yield from _at_a_size(told, result)
    yield ""


def _work(one: Repeated) -> str:
    """What the full size takes, if it can be counted."""
    work = work_of(one, "full", runs_of([one]))
    least = f"{work.least} runs at least"
    return f": {least}, about {work.hours[0]:.1f} hours one after the other" if work.hours else f": {least}"


def _at_a_size(told: Published, result: Result) -> Iterator[str]:
    study = result.study
    yield ""
    yield f"### {SIZES[study.scale]}: {study.name}"
    yield ""
    yield from _table(study, result)
    yield ""
    if told.shortened and study.scale == "default":
        yield f"- Shortened: {_cell(told.shortened)}"
    yield from (f"- {_cell(verdict.sentence)}" for verdict in result.verdicts)
    yield from (f"- {_cell(one.sentence)}" for one in contrasts(result.plan, result.runs))
    yield from (f"- {_cell(sentence)}" for sentence in _speeds(result))
    if sparse := _sparsity(result):
        yield f"- Weights smaller than {NEAR_ZERO:g}: {sparse}."
    yield f"- Computed in {_numbers(result.runs)}."
    yield f"- `ablab run {study.words}`; plan `{result.plan.hash}`, runs {_ids(result.runs)}"


def _across_data_sets(several: Sequence[Repeated]) -> Iterator[str]:
    """Whether a study's changes do the same on all of its data sets, at each size that was run on more than one."""
    for scale in SIZES:
        results = [result for one in several for result in one.results if result.study.scale == scale]
        if not results:
            continue
        found = across({result.study.base.data: result.verdicts for result in results}, results[0].study.rule.seeds)
        if found:
            yield f"### {SIZES[scale]}, across data sets: {several[0].studies[-1].path}\n"
            yield "\n".join([*(f"- {_cell(one.sentence)}" for one in found), ""])


def _numbers(runs: Sequence[Run]) -> str:
    """Where the runs were carried out and in which precision, with how many were."""
    counts = Counter((run.machine.precision, run.machine.device, run.machine.threads) for run in runs)
    return "; ".join(f"{p} on {device}, threads: {threads} (runs: {n})" for (p, device, threads), n in counts.items())


def _table(study: Study, result: Result) -> Iterator[str]:
    yield "| recipe | test accuracy | 95 % interval | n | epochs × images | effect | interval | verdict |"
    yield "|---|---|---|---|---|---|---|---|"
    for arm in arms_of(study, result.runs):
        ours, verdict = points(arm.runs), result.verdict(arm.name)
        cells = (
            _cell(arm.name),
            f"{mean(ours):.2f} %" if ours else "–",
            plain_ends(ours),
            f"{len(ours)}",
            size_of(arm.runs),
            "" if arm.name == "base" else _mean_effect(verdict),
            "" if arm.name == "base" else _ends(verdict),
            "" if arm.name == "base" else _word(verdict, arm.runs),
        )
        yield f"| {' | '.join(cells)} |"


def _broke_down(runs: Sequence[Run]) -> bool:
    return bool(runs) and not any(run.test for run in runs)


def _word(verdict: Verdict | None, runs: Sequence[Run]) -> str:
    """The verdict in a word; of runs that all broke down, that they did."""
    if _broke_down(runs):
        return f"does not train: {len(runs)} of {len(runs)} runs broke down"
    return verdict.word if verdict and runs else "not run"


def _speeds(result: Result) -> Iterator[str]:
    """Epochs and seconds to each accuracy that the study names, and the runs that never got there."""
    arms = arms_of(result.study, result.runs)
    for arm, verdict in zip(arms[1:], result.verdicts, strict=False):
        for target in result.study.rule.target:
            speed = learning_speed(pairs_of(arms[0], arm, verdict), target / 100, result.study.rule.seeds)
            if speed is None:
                continue
            said = [
                f"{one.name}: {one.base:.1f} for the base, {one.variant:.1f} for {arm.name} ({_change(one)})"
                for one in (speed.epochs, speed.seconds)
                if one
            ]
            told = f"{'; '.join(said)}; " if said else f"{target:g} % validation accuracy, {arm.name}: "
            yield told + speed.sentence


def _change(one: Secondary) -> str:
    if one.unit == "times":
        return f"{one.effect:.2f} times, 95 % interval {one.low:.2f} to {one.high:.2f}"
    return f"{signed(one.effect)}, 95 % interval {ends(one.low, one.high)}"


def _sparsity(result: Result) -> str:
    """The mean share of weights next to nothing, by recipe, where the question is about pulls on weights."""
    study = result.study
    if not any({"l1", "weight_decay"} & variant.recipe.difference(study.base).keys() for variant in study.variants):
        return ""
    shares = {
        arm.name: [100 * run.weights.near_zero for run in arm.runs if run.weights]
        for arm in arms_of(study, result.runs)
    }
    return ", ".join(f"{_cell(name)} {mean(each):.1f} %" for name, each in shares.items() if each)


def _mean_effect(verdict: Verdict | None) -> str:
    return "–" if verdict is None or verdict.effect is None else signed(verdict.effect)


def _ends(verdict: Verdict | None) -> str:
    return "–" if verdict is None or verdict.low is None else ends(verdict.low, verdict.high)


def _ids(runs: Sequence[Run]) -> str:
    return ", ".join(f"`{run.id}`" for run in runs)


def _cell(text: str) -> str:
    """Text in a table: nothing in it ends a cell or starts markup."""
    return shown(text).replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the pages that set published figures beside ours.")
    parser.add_argument("--store", type=Path, help="Where runs are kept  [default: docs/published*.ablab]")
    parser.add_argument("--out", type=Path, default=PAGE, help="Where the page goes  [default: docs/published.md]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(options.store, create=False) if options.store else Store(Path(folder))
        if not options.store:
            for exported in exports():
                take(store, exported, {})
        repeated = evidence(store)
    pages = pages_of(repeated, () if options.store else exports(), options.out.stem)
    for path, text in pages.items():
        (options.out.parent / path).parent.mkdir(exist_ok=True)
        atomic_write(options.out.parent / path, text)
    with_runs = [there for there in repeated if there.results]
    runs = {run.id for there in with_runs for result in there.results for run in result.runs}
    print(f"{len(with_runs)} of {len(repeated)} studies have been run, with {len(runs)} runs\npage: {options.out}")


if __name__ == "__main__":
    main()
