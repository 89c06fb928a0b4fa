"""Slots: the executor that the studies of one call share, as a person or their files name it.

It carries out runs of recipes, calls of programs, or both with the same slots.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from ablab.catalogue import read_operation
from ablab.errors import InputError
from ablab.execute import Executor, Job, Loader, choose
from ablab.study import Plan, Study
from ablab.trial import Trial
from ablab.trials.command import Command
from ablab.trials.function import Calls, Function
from ablab.trials.processes import Processes
from ablab.trials.question import Measure, TrialStudy

if TYPE_CHECKING:
    from ablab.store import Store

HERE = ("here", "workers")  # the executors whose slots are on this machine


def named_executor(studies: Sequence[Study | TrialStudy]) -> str | None:
    """The executor that the files of studies name, if any does. They share its slots, so it is one for all."""
    named = {study.executor: study for study in studies if isinstance(study, Study) and study.executor}
    if len(named) > 1:
        first, second = list(named.values())[:2]
        raise InputError(
            f"{first.where} and {second.where} name different executors ({first.executor}, {second.executor}): "
            "run them separately, or add --executor"
        )
    return next(iter(named), None)


def check_programs(studies: Sequence[Study | TrialStudy], executor: str | None, workers: int | None) -> None:
    """Raise for a program that cannot be called, or not so many times at once, or not where runs are carried out."""
    programs = [study for study in studies if isinstance(study, TrialStudy)]
    if programs and executor and read_operation("execute", "executor", executor).entry.name not in HERE:
        raise InputError(
            f"--executor {executor}: {programs[0].where} calls a program, and ablab calls programs only on this "
            "machine: --workers 4 runs four calls at a time"
        )
    for study in programs:
        study.subject.check(_slots(executor, workers) or 1)
        if isinstance(study.subject, Function) and len(studies) > 1:
            raise InputError(f"{study.where}: ablab calls a function in this process, so run its study by itself")


def _slots(executor: str | None, workers: int | None) -> int | None:
    """How many runs or trials at a time a person has asked for; None where nobody has."""
    if executor is None:
        return workers
    operation = read_operation("execute", "executor", executor)
    return 1 if operation.entry.name == "here" else operation.arguments.get("number")


def executor_for(
    plans: Sequence[Plan],
    programs: Sequence[TrialStudy],
    text: str | None,
    workers: int | None,
    load: Loader,
    store: Store,
) -> AbstractContextManager[Executor]:
    """The executor of studies: of runs, of calls, or of both with the same slots."""
    runs = {spec.id for planned in plans for spec in planned.wanted}
    kept = store.weights if any(planned.study.keep for planned in plans) else None
    job = Job(load, store.checkpoints, len(runs), kept)
    if not programs:
        return choose(text, workers, job)
    if isinstance(function := programs[0].subject, Function):
        return Calls(function, programs[0].measure)
    find = functools.partial(_command_of, programs)
    if not plans:
        return Processes(find, store.folder / "trials", _slots(text, workers) or 1)
    from ablab.execute.workers import Workers
    from ablab.mixed import Mixed

    side_by_side = Workers(job, number=_slots(text, workers))
    return Mixed(side_by_side, Processes(find, store.folder / "trials", side_by_side.slots))


def _command_of(programs: Sequence[TrialStudy], trial: Trial) -> tuple[Command, list[Measure]]:
    """The command that a trial calls, and the figures that studies read from its result."""
    of_trial = [study for study in programs if study.called == trial.subject]
    command = of_trial[0].subject
    assert isinstance(command, Command)
    return command, [study.measure for study in of_trial]
