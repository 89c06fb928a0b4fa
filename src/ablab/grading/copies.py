"""Runs that two hand-ins share. Two people who train one recipe with one seed may get the same bits, but never the
same times: a run whose seconds agree to the last digit was trained once and copied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ablab.grading.checks import NAMED, Finding
from ablab.grading.opened import Opened
from ablab.nouns import counted
from ablab.records import Run


def copies(several: Iterable[Opened]) -> Iterator[tuple[str, Finding]]:
    """The name of each hand-in with a finding about the runs that it shares with others."""
    every = list(several)
    owners: dict[object, dict[str, Run]] = defaultdict(dict)
    for opened in every:
        for run in opened.runs:
            owners[_clock(run)][opened.hand_in.name] = run
    for opened in every:
        name = opened.hand_in.name
        shared = [owners[_clock(run)] for run in opened.runs if len(owners[_clock(run)]) > 1]
        others = sorted({other for by_name in shared for other in by_name} - {name})
        if not others:
            yield (
                name,
                Finding("copies", "ok", "no run took the same time, to the last digit, as a run of another hand-in"),
            )
        for other in others:
            own = [by_name[name].id for by_name in shared if other in by_name]
            more = f" and {len(own) - NAMED} more" if len(own) > NAMED else ""
            text = f"{counted(len(own), 'run')} are identical to those of {other}: {', '.join(own[:NAMED])}{more}"
            yield name, Finding("copies", "wrong", text)


def _clock(run: Run) -> object:
    """The times of a run as they were measured: as good as a serial number."""
    seconds = tuple(row.seconds for row in run.curve)
    return seconds if any(seconds) else (run.id, run.cost.seconds, run.cost.wall_seconds)
