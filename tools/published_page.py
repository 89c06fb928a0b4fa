"""Published figures beside ours: `python tools/published_page.py [--store DIR]` writes docs/published.md.

The page has a row for every figure of every report. Without a store it is made from the runs in docs/published.ablab.
"""

import argparse
import itertools
import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablab.atomic import atomic_write
from ablab.auditing import audit
from ablab.auditing.claims import Claim
from ablab.errors import InputError
from ablab.execute.run_one import macs
from ablab.models import Io
from ablab.records import NEAR_ZERO, Run
from ablab.report.means import ends, plain_ends, plain_interval
from ablab.report.wording import shown
from ablab.result import Arm, Result, arms_of, look_up, pairs_of
from ablab.statistics.paired import mean
from ablab.store import Store
from ablab.store.exchange import take
from ablab.study import Study, Verdict
from ablab.study.across import across
from ablab.study.factorial import contrasts
from ablab.study.question.files import published_studies, read_studies
from ablab.study.question.published import Published
from ablab.study.secondary import Secondary, learning_speed
from ablab.study.verdict import points, signed

HEAD = """# Five published reports, run again

Five student reports trained CNNs on CIFAR-10 and CIFAR-100 and drew conclusions from one run each. Each of their
experiments is a study file in `studies/published/`, and each row below sets a published figure beside ours. Reports are
named by letter, course and year: the point is the method.

Made by `make published`{store}. *Ours* is the mean test accuracy, measured once a run at the epoch chosen on
validation images, with its 95 % interval over seeds; the *effect* is the change against the base of the study over
pairs of seeds, with the interval that its verdict rests on. A row is from the largest size that has come far enough for
it: as published (`--scale full`), or shortened to what two cores of a laptop can do; its length is in epochs and
training images. *Differs* marks figures that lie outside our interval; the study's section says why, as far as it was
found out. Training times are those of the machine as it was: where it did other work as well, they say little.
"""
IMAGES = 45_000  # of CIFAR to train on, where a recipe does not say
PASSES = 3  # forward, and twice as much back
PAGE = Path(__file__).parents[1] / "docs" / "published.md"
SIZES = {"full": "At full size", "default": "Shortened"}


@dataclass(frozen=True)
class Repeated:
    """A published study with what became of it here: a result for each size that has runs, the largest first."""

    study: Study  # as it is by default
    results: tuple[Result, ...] = ()
    full: Study | None = None

    @property
    def told(self) -> Published:
        assert self.study.published is not None
        return self.study.published

    def best(self, name: str) -> Result | None:
        """The result that a row of the summary is from: the largest that can say something of it, else with runs."""
        there = [one for one in self.results if _arm(one, name).runs]
        return next(iter([one for one in there if _is_enough(one, name)] or there), None)


def page_of(studies: Sequence[Repeated], store: str = "") -> str:
    """The page; a study that was not run has its published figures, and says so."""
    parts = [HEAD.format(store=f" from the runs in [{store}]({store})" if store else "")]
    parts.append("\n".join(_summary(studies)))
    for _, group in itertools.groupby(studies, key=lambda one: one.study.path):
        several = list(group)
        parts += ["\n".join(_section(one)) for one in several]
        parts += _across_data_sets(several)
    return "\n".join(parts) + "\n"


def _summary(studies: Sequence[Repeated]) -> Iterator[str]:
    yield (
        "| study | recipe | published | ours | n | epochs x images | effect in the report | our effect | our verdict | "
        "the report concludes | faults |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for one in studies:
        theirs, faults = one.told.figures, len(one.told.faults) + len(list(_audited(one.told)))
        for arm in arms_of(one.study, ()):
            result = one.best(arm.name)
            runs = _arm(result, arm.name).runs if result else ()
            verdict = _verdict(result, arm.name) if result else None
            gap = theirs[arm.name] - theirs["base"] if {arm.name, "base"} <= theirs.keys() else None
            is_base = arm.name == "base"
            cells = (
                f"[{one.study.name}](#{one.study.name})" if is_base else "",
                _cell(arm.name),
                f"{theirs[arm.name]:.2f} %" if arm.name in theirs else "–",
                _mean_with_interval(points(runs)) + (", differs" if _is_outside(one.told, arm.name, runs) else ""),
                f"{len(points(runs))}" if runs else "–",
                _length(runs),
                "" if is_base else "–" if gap is None else signed(gap),
                "" if is_base else _effect(verdict),
                "" if is_base else _word(verdict, runs),
                _cell(one.told.conclusion) if is_base else "",
                f"{faults}" if is_base else "",
            )
            yield f"| {' | '.join(cells)} |"
    yield ""


def _section(one: Repeated) -> Iterator[str]:
    study, told = one.study, one.told
    whole = [result for result in one.results if result.study.scale == "full"]
    yield f"## {study.name}"
    yield ""
    yield f"**{_cell(study.question)}** {told.report}. {told.source}"
    yield ""
    yield f"- The report concludes: {_cell(told.conclusion)}"
    if told.differs:
        yield f"- Why ours differ: {_cell(told.differs)}"
    elif any(_is_outside(told, arm.name, arm.runs) for full in whole for arm in arms_of(full.study, full.runs)):
        yield "- Why ours differ was not found out."
    if told.see:
        yield f"- See also: {told.see}"
    if faults := [*told.faults, *_audited(told)]:
        yield "- Faults of the published method:"
        yield from (f"  - {_cell(fault)}" for fault in faults)
    if not whole:
        yield f"- Not run at full size here. That takes `ablab run {study.path} --scale full`{_work(one.full)}."
    if not one.results:
        yield f"- Not run here. It takes `ablab run {study.path}`."
        yield ""
        yield from _table(told, study, None)
    for result in one.results:
        yield from _at_a_size(told, result)
    yield ""


def _work(study: Study | None) -> str:
    """How much a study of CIFAR computes at least, in multiply-adds."""
    if study is None or not study.base.data.startswith("cifar"):
        return ""
    counts = [macs(recipe, Io(3, 32, 32, 10)) for recipe in study.recipes]
    seeds = study.rule.seeds[0]
    work = math.fsum(
        PASSES * count * (recipe.train_images or IMAGES) * recipe.epochs * seeds
        for count, recipe in zip(counts, study.recipes, strict=True)
        if count
    )
    return f": {seeds * len(counts)} runs at least, {work:.1e} multiply-adds (two cores do at most some 10^11 a second)"


def _at_a_size(told: Published, result: Result) -> Iterator[str]:
    study = result.study
    yield ""
    yield f"### {SIZES[study.scale]}: {study.name}"
    yield ""
    yield from _table(told, study, result)
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
        found = across({result.study.base.data: result.verdicts for result in results})
        if found:
            yield f"### {SIZES[scale]}, across data sets: {several[0].study.path}\n"
            yield "\n".join([*(f"- {_cell(one.sentence)}" for one in found), ""])


def _numbers(runs: Sequence[Run]) -> str:
    """Where the runs were carried out and in which precision, with how many were."""
    counts = Counter((run.machine.precision, run.machine.device, run.machine.threads) for run in runs)
    return "; ".join(f"{p} on {device}, threads: {threads} (runs: {n})" for (p, device, threads), n in counts.items())


def _table(told: Published, study: Study, result: Result | None) -> Iterator[str]:
    yield "| recipe | published | ours | 95 % interval | n | epochs x images | effect | interval | verdict |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for arm in arms_of(study, result.runs if result else ()):
        ours, theirs = points(arm.runs), told.figures.get(arm.name)
        verdict = _verdict(result, arm.name) if result else None
        cells = (
            _cell(arm.name),
            "–" if theirs is None else f"{theirs:.2f} %",
            f"{mean(ours):.2f} %" if ours else "–",
            plain_ends(ours),
            f"{len(ours)}",
            _length(arm.runs),
            "" if arm.name == "base" else _mean_effect(verdict),
            "" if arm.name == "base" else _ends(verdict),
            "" if arm.name == "base" else _word(verdict, arm.runs),
        )
        yield f"| {' | '.join(cells)} |"


def _arm(result: Result, name: str) -> Arm:
    return next(arm for arm in arms_of(result.study, result.runs) if arm.name == name)


def _verdict(result: Result, name: str) -> Verdict | None:
    return next((one for one in result.verdicts if one.variant == name), None)


def _is_enough(result: Result, name: str) -> bool:
    """There is an interval of the base's mean; of a variant, one of its effect, or nothing but failures."""
    runs = _arm(result, name).runs
    if name == "base":
        return plain_interval(points(runs)) is not None
    verdict = _verdict(result, name)
    return (verdict is not None and verdict.low is not None) or _broke_down(runs)


def _broke_down(runs: Sequence[Run]) -> bool:
    return bool(runs) and not any(run.test for run in runs)


def _word(verdict: Verdict | None, runs: Sequence[Run]) -> str:
    """The verdict in a word; of runs that all broke down, that they did."""
    if _broke_down(runs):
        return f"does not train: {len(runs)} of {len(runs)} runs broke down"
    return verdict.word if verdict and runs else "not run"


def _length(runs: Sequence[Run]) -> str:
    """How long the runs were that ended as they should: epochs, and training images in each."""
    whole = [run for run in runs if run.test]
    epochs = sorted({run.cost.epochs for run in whole})
    images = sorted({round(run.cost.examples / max(run.cost.epochs, 1)) for run in whole})
    return f"{_span(epochs)} x {_span(images)}" if whole else "–"


def _span(numbers: Sequence[int]) -> str:
    return f"{numbers[0]:,}" if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,}"


def _is_outside(told: Published, name: str, runs: Sequence[Run]) -> bool:
    """The published figure is outside the interval of ours."""
    ours, theirs = points(runs), told.figures.get(name)
    seen = plain_interval(ours)
    return theirs is not None and seen is not None and not seen.low <= theirs <= seen.high


def _mean_with_interval(ours: Sequence[float]) -> str:
    return "–" if not ours else f"{mean(ours):.2f} %" + (f" ({plain_ends(ours)})" if plain_interval(ours) else "")


def _speeds(result: Result) -> Iterator[str]:
    """Epochs and seconds to each accuracy that the study names, and the runs that never got there."""
    arms = arms_of(result.study, result.runs)
    for arm, verdict in zip(arms[1:], result.verdicts, strict=False):
        for target in result.study.rule.target:
            speed = learning_speed(pairs_of(arms[0], arm, verdict), target / 100)
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


def _audited(told: Published) -> Iterator[str]:
    """What an audit of the published pair of figures adds to the faults."""
    figures = told.figures
    if "base" not in figures or len(figures) < 2:
        return
    size = 5000 if "5,000 validation" in told.source else 10_000
    claims = [Claim(value, name=name, seeds=1, test_size=size) for name, value in figures.items()]
    order = sorted(claims, key=lambda claim: claim.name != "base")
    yield from (f"Audit of {one.name}: {signed(one.difference)} pp, {one.sentence}" for one in audit(order).judgements)


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


def _effect(verdict: Verdict | None) -> str:
    return f"{_mean_effect(verdict)} ({_ends(verdict)})" if verdict and verdict.low is not None else "–"


def _mean_effect(verdict: Verdict | None) -> str:
    return "–" if verdict is None or verdict.effect is None else signed(verdict.effect)


def _ends(verdict: Verdict | None) -> str:
    return "–" if verdict is None or verdict.low is None else ends(verdict.low, verdict.high)


def _ids(runs: Sequence[Run]) -> str:
    return ", ".join(f"`{run.id}`" for run in runs)


def _cell(text: str) -> str:
    """Text in a table: nothing in it ends a cell or starts markup."""
    return shown(text).replace("|", "\\|").replace("<", "&lt;")


def repeated(store: Store) -> list[Repeated]:
    """Every published study with what a store has of it, at both sizes."""
    return [
        Repeated(sizes[-1], tuple(result for size in sizes if (result := _with_runs(size, store))), sizes[0])
        for path in published_studies()
        for sizes in zip(read_studies(path, "full"), read_studies(path), strict=True)
    ]


def _with_runs(study: Study, store: Store) -> Result | None:
    """What the store has of a study; None where it was not begun."""
    try:
        result = look_up(study, store)
    except InputError:
        return None
    return result if result.runs else None


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the page that sets published figures beside ours.")
    parser.add_argument("--store", type=Path, help="Where runs are kept  [default: docs/published.ablab]")
    parser.add_argument("--out", type=Path, default=PAGE, help="Where the page goes  [default: docs/published.md]")
    options = parser.parse_args()
    exported = options.out.with_suffix(".ablab")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(options.store, create=False) if options.store else Store(Path(folder))
        if not options.store:
            take(store, PAGE.with_suffix(".ablab"), {})
        studies = repeated(store)
    atomic_write(options.out, page_of(studies, exported.name if exported.exists() else ""))
    with_runs = [one for one in studies if one.results]
    runs = {run.id for one in with_runs for result in one.results for run in result.runs}
    print(f"{len(with_runs)} of {len(studies)} studies have been run, with {len(runs)} runs\npage: {options.out}")


if __name__ == "__main__":
    main()
