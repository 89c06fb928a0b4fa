"""Studies of a command, for the commands that plan, run and report studies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablab.cli.shared import StudyWords, answered, say, to_write
from ablab.errors import InputError

if TYPE_CHECKING:
    from ablab.result import Result
    from ablab.trials.question import TrialStudy
    from ablab.trials.result import TrialResult


def study_of_command(words: StudyWords) -> TrialStudy | None:
    """The study where its file is about a command."""
    from ablab.trials.file import read_trials

    found = read_trials(words.path) if words.path else None
    if found and words.scale != "default":
        raise InputError(f"--scale {words.scale}: a study of a program has one size")
    return found


def looked_up(words: StudyWords) -> list[Result] | list[TrialResult]:
    """A study as the store has it: one result for each data set, or that of a command."""
    from ablab.result import look_up, together
    from ablab.trials.result import look_up as look_up_trials

    kept = words.open_store()
    if asked := study_of_command(words):
        return [look_up_trials(asked, kept)]
    return together([look_up(part, kept) for part in words.parts()])


def show_plan(study: TrialStudy, words: StudyWords, as_json: bool, *, reuses: bool = False) -> None:
    """Print the plan of a study and what can be foreseen of it; nothing is called."""
    from ablab.report.terminal.trials import plan_text
    from ablab.store import place
    from ablab.trials.begun import foreseen

    study.subject.check()
    store = words.open_store(create=True) if (place(words.store) / "store.sqlite").exists() else None
    plan, there, spread = foreseen(study, store, reuses=reuses)
    facts = {
        "plan": plan.hash,
        "root": plan.study.rule.root,
        "note": plan.note,
        "cautions": list(study.cautions),
        "question": study.question,
        "trials": [plan.wanted, plan.most],
        "done": len(there),
        "spread": spread,
    }
    say(as_json, facts, plan_text(plan, there, spread), words.command("run"))


def show_result(result: TrialResult, words: StudyWords, out: Path | None, as_json: bool) -> Path:
    """Write the report, print the verdicts; gives the path of the report."""
    from ablab.atomic import atomic_write
    from ablab.cli.report import report_path
    from ablab.report.explained import of_result
    from ablab.report.page.trials import trials_page
    from ablab.report.terminal.trials import result_text

    path = report_path(result.study.name, out)
    atomic_write(path, trials_page(result))
    value, following = {**result.to_dict(), "report": str(path)}, words.command("report", "--open")
    end = f"{to_write(words)}\nreport: {path}"
    answered(as_json, value, f"\n{result_text(result)}", end, following, lambda: of_result(result))
    return path


def refuse(study: TrialStudy, given: Mapping[str, Any]) -> None:
    """Raise for an option that a study of a program does not have."""
    for option, value in given.items():
        if value:
            raise InputError(f"{option}: {study.where} is a study of a program, which has no such option")
