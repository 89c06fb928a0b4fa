"""The first page: every study in a few lines, and the list of runs."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ablab.events import Projection
from ablab.metric import Metric, metric_of
from ablab.records import StudyText
from ablab.report.means import DASH, ends
from ablab.report.style import LOOKS
from ablab.result import Result
from ablab.serve.entry import entries, of_live, running_of
from ablab.serve.runs_list import A_PAGE, Query, listed
from ablab.serve.snapshot import Snapshot, Unreadable
from ablab.study import Verdict
from ablab.study.forecast import Underway, during
from ablab.study.verdict import signed
from ablab.track.progress import LiveRun, LiveStudy
from ablab.trial import LockedTrials
from ablab.trials.result import TrialResult
from ablab.trials.verdict import TrialVerdict

STUDIES = 20  # on one page


def overview(seen: Snapshot, query: Query) -> dict[str, Any]:
    """The first page: studies, and runs as far as they are wanted. Of others it knows no more than their number."""
    found = listed(seen, query)
    pages = max(1, math.ceil(len(found) / A_PAGE))
    page = min(query.page, pages)
    shown = [one.id for one in found[(page - 1) * A_PAGE : page * A_PAGE]]
    stored = {one.id: one for one in entries(seen, [id_ for id_ in shown if id_ in seen.store.runs])}
    running = {id_: of_live(live, seen) for id_, live in seen.live_runs.items()}
    glances = seen.store.runs.glances.values()
    return {
        **_studies(seen, query),
        "rows": [stored.get(id_) or running[id_] for id_ in shown],
        "found": len(found),
        "all": len(glances) + len(running),
        "page": page,
        "pages": pages,
        "query": query,
        "models": sorted({one.model for one in glances} | {one.recipe.model for one in running.values()}),
        "statuses": sorted({one.status for one in glances} | {one.status for one in running.values()}),
    }


def _studies(seen: Snapshot, query: Query) -> dict[str, Any]:
    """One page of studies: those that are running, then the newest."""
    both: list[StudyText | LockedTrials] = [*seen.store.entries, *seen.store.programs]
    newest = sorted(both, key=_begun, reverse=True)
    kept = sorted(newest, key=lambda entry: entry.plan not in seen.live_studies)
    pages = max(1, math.ceil(len(kept) / STUDIES))
    page = min(query.studies, pages)
    some = kept[(page - 1) * STUDIES : page * STUDIES]
    results = [it for entry in some if (it := _result(seen, entry))]
    there = {entry.plan for entry in kept}
    return {
        "studies": [study_line(seen, it) for it in results if not isinstance(it, Unreadable)],
        "unreadable": [it for it in results if isinstance(it, Unreadable)],
        "loose": [live for hash_, live in seen.live_studies.items() if hash_ not in there],
        "studies_page": page,
        "studies_pages": pages,
    }


def _begun(entry: StudyText | LockedTrials) -> str:
    """When a study was locked; empty, and so last, where an older version did not note it."""
    return entry.time if isinstance(entry, LockedTrials) else entry.locked


def _result(seen: Snapshot, entry: StudyText | LockedTrials) -> Result | TrialResult | Unreadable | None:
    """What an entry has come to; nothing for a study at tuned rates, which is shown with the one that it is of."""
    if isinstance(entry, LockedTrials):
        return seen.store.program_result(entry)
    return None if seen.store.is_at_own_rates(entry) else seen.store.result(entry)


@dataclass(frozen=True)
class StudyRow:
    """One study in the list."""

    hash: str
    name: str
    question: str
    state: tuple[str, str]  # (kind, words)
    verdicts: tuple[dict[str, Any], ...]
    done: int
    least: int
    most: int
    live: LiveStudy | None
    forecast: Projection | None  # None when nothing more is wanted, and of programs
    noun: str = "run"

    @property
    def share(self) -> int:
        """Percent of the runs that are likely to be enough."""
        whole = self.done + (self.forecast.runs if self.forecast else 0)
        return round(100 * self.done / whole) if whole else 0


def study_line(seen: Snapshot, it: Result | TrialResult) -> StudyRow:
    live = seen.live_studies.get(it.plan.hash)
    if isinstance(it, TrialResult):
        return StudyRow(
            hash=it.plan.hash,
            name=it.study.name,
            question=it.study.question,
            state=state_of(it, live),
            verdicts=tuple(verdict_line(verdict, it.study.measure.metric) for verdict in it.verdicts),
            done=len(it.outcomes),
            least=it.plan.wanted,
            most=it.plan.most,
            live=live,
            forecast=None,
            noun="trial",
        )
    return StudyRow(
        hash=it.plan.hash,
        name=it.study.name,
        question=it.study.question,
        state=state_of(it, live),
        verdicts=tuple(verdict_line(verdict, metric_of(verdict.metric)) for verdict in it.decision.every),
        done=len(it.runs),
        least=len(it.plan.wanted),
        most=len(it.plan.most),
        live=live,
        forecast=during(it.plan, it.decision, it.runs, _underway(running_of(seen, it))) if it.decision.wanted else None,
    )


def state_of(it: Result | TrialResult, live: LiveStudy | None) -> tuple[str, str]:
    """Where a study stands, in a word or two."""
    if live:
        return ("running", "stopping after this epoch") if live.is_stopping else ("running", "running")
    if it.decision.wanted:
        return "paused", "paused"
    if it.decision.ended:
        return "ended", it.decision.ended
    words = [verdict.word for verdict in it.decision.every]
    if "undecided" not in words:
        return "ended", "decided"
    return "ended", ("finished, undecided" if set(words) == {"undecided"} else "finished, some undecided")


def verdict_line(verdict: Verdict | TrialVerdict, metric: Metric) -> dict[str, Any]:
    """A verdict with its numbers as they are printed."""
    look = LOOKS[verdict.word]
    return {
        "it": verdict,
        "kind": look.kind,
        "sign": look.sign,
        "effect": DASH if verdict.effect is None else signed(verdict.effect, metric.digits),
        "unit": metric.gap_unit if verdict.effect is not None else "",
        "words": metric.gap_words,
        "interval": ends(verdict.low, verdict.high, "no interval yet", metric.digits),
    }


def _underway(running: Iterable[LiveRun]) -> list[Underway]:
    """How far runs are, and how long they take as their first step said."""
    return [
        Underway(
            live.spec,
            left=1 - min(1.0, live.epoch / live.spec.recipe.epochs),
            seconds=live.started.epoch_seconds * live.spec.recipe.epochs
            if live.started and math.isfinite(live.started.epoch_seconds)
            else None,
        )
        for live in running
    ]
