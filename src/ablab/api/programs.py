"""Studies of programs: functions and commands, called with the arguments of a base and its variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ablab.store import opened
from ablab.trials.result import TrialResult

if TYPE_CHECKING:
    from ablab.trial import Outcome
    from ablab.trials.decide import Decision
    from ablab.trials.function import Called
    from ablab.trials.plan import Plan

    TrialObserver = Callable[[Plan, Outcome, Decision], None]


def compare_function(
    function: Called,
    variants: Mapping[str, Any],
    *,
    base: Any = None,
    store: Any = None,
    show: TrialObserver | bool = False,
    is_new: bool = False,
    reuses: bool = False,
    track: Sequence[str] = (),
    **words: Any,
) -> TrialResult:
    """Call `function(arguments, seed)` with the arguments of the base and of each variant until every verdict stands.

    It gives a number, or a mapping of names to numbers of which `metric` decides. A variant that is a mapping changes
    the base. `margin` is wanted, in the unit of the figure. The other words are those of a study file: `question`,
    `files`, `repeat`, the keys of [result], such as `unit` and `better`, and those of [decide], such as `seeds`.
    What is in the store is not called again. With `show=True` it prints a line for each call.
    """
    from ablab.conduct import run_program
    from ablab.trials.values import study_of_function

    study = study_of_function(function, variants, base=base, **words)
    return run_program(study, opened(store), show=_trial_observer(show), is_new=is_new, reuses=reuses, track=track)


def compare_command(
    command: str,
    variants: Mapping[str, str],
    *,
    base: str = "",
    store: Any = None,
    workers: int = 1,
    show: TrialObserver | bool = False,
    is_new: bool = False,
    reuses: bool = False,
    track: Sequence[str] = (),
    **words: Any,
) -> TrialResult:
    """The same for any program: `compare_command("python train.py --seed {seed} {args}", {"wide": "--width 2"})`.

    The words are those of a study file: `files`, `limit`, and all that `compare_function` takes.
    """
    from ablab.conduct import run_program
    from ablab.trials.values import study_of_command

    study = study_of_command(command, variants, base=base, **words)
    options = {"is_new": is_new, "reuses": reuses, "track": track}
    return run_program(study, opened(store), workers=workers, show=_trial_observer(show), **options)


def _trial_observer(show: TrialObserver | bool) -> Callable[[Any], Callable[[Any, Any], None]]:
    """Who sees every outcome: an observer that was given, one that prints lines, or nobody."""
    from ablab.report.terminal.trials import line_of
    from ablab.trials.decide import Tried

    told = show if not isinstance(show, bool) else (lambda *of_trial: print(line_of(*of_trial)) if show else None)

    def of_plan(plan: Any) -> Callable[[Any, Any], None]:
        return lambda _, event: told(plan, event.outcome, event.decision) if isinstance(event, Tried) else None

    return of_plan
