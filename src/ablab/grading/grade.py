"""grade(): every hand-in of a class with what all checks found in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablab.errors import AblabError
from ablab.grading.again import again, drawn
from ablab.grading.checks import Check, Finding, Mark, findings
from ablab.grading.copies import copies
from ablab.grading.hand_in import HandIn
from ablab.grading.opened import Opened, opened
from ablab.recipe import Recipe
from ablab.records import Observer
from ablab.study import Study

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset

ORDER: tuple[Mark, ...] = ("ok", "look", "wrong")


@dataclass(frozen=True)
class Grade:
    """One hand-in and what was found in it."""

    name: str
    plans: tuple[str, ...]
    runs: int
    verdicts: tuple[tuple[str, str], ...]  # variant and word, as the runs say
    findings: tuple[Finding, ...]

    @property
    def mark(self) -> Mark:
        """The worst that was found."""
        return max((finding.mark for finding in self.findings), key=ORDER.index, default="ok")

    def of(self, check: Check) -> Mark | None:
        """The worst that one check found; None where it was not made."""
        return max((it.mark for it in self.findings if it.check == check), key=ORDER.index, default=None)


@dataclass(frozen=True)
class Rerun:
    """How many runs of each hand-in are trained again, on which data, and who follows."""

    many: int
    load: Callable[[Recipe], Dataset]
    show: Observer


def grade(
    hand_ins: Sequence[HandIn], assigned: tuple[Study, ...], rerun: Rerun, *, own_code: bool = False
) -> list[Grade]:
    """Check every hand-in by itself, against the assignment, and against the others; train some of its runs again."""
    found: dict[str, list[Finding]] = {hand_in.name: [] for hand_in in hand_ins}
    readable: dict[str, Opened] = {}
    for hand_in in hand_ins:
        try:
            readable[hand_in.name] = one = opened(hand_in, assigned, own_code=own_code)
        except AblabError as error:
            found[hand_in.name].append(Finding("file", "wrong", str(error)))
            continue
        found[hand_in.name] += findings(one, assigned)
    for name, finding in copies(readable.values()):
        found[name].append(finding)
    for name, one in readable.items():
        for run, metric in drawn(one, rerun.many):
            found[name].append(again(run, metric, rerun.load, rerun.show, allows=own_code))
    return [_grade(hand_in, readable.get(hand_in.name), found[hand_in.name]) for hand_in in hand_ins]


def _grade(hand_in: HandIn, one: Opened | None, found: Sequence[Finding]) -> Grade:
    results = one.results if one else ()
    return Grade(
        name=hand_in.name,
        plans=tuple(result.plan.hash for result in results),
        runs=sum(len(result.runs) for result in results),
        verdicts=tuple((verdict.variant, verdict.word) for result in results for verdict in result.verdicts),
        findings=tuple(found),
    )
