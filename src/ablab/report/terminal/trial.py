"""Trials for the terminal: a list of them, and one with all that is known of it."""

from collections.abc import Iterable, Mapping

from ablab.nouns import duration
from ablab.report.means import DASH
from ablab.report.table import Cell, Table, table
from ablab.report.terminal.screen import facts_text
from ablab.report.wording import shown
from ablab.trial import Outcome, Trial

FEW = 3  # figures of a trial that a list shows


def trials_table(outcomes: Iterable[Outcome], names: Mapping[str, str]) -> Table:
    """One line a trial; `names` are those of studies by their plans."""
    rows = [
        (
            outcome.trial.id,
            names.get(outcome.plan, DASH),
            outcome.trial.arguments,
            _seed(outcome.trial),
            ", ".join(f"{name} {value:g}" for name, value in list(outcome.figures.items())[:FEW]) or DASH,
            f"{outcome.seconds:.1f}",
            Cell(outcome.status, "" if outcome.status == "finished" else "broken"),
        )
        for outcome in outcomes
    ]
    return table("trials", ("trial", "study", "arguments", "seed >", "figures", "seconds >", "status"), rows)


def _seed(trial: Trial) -> str:
    return f"{trial.seed}, once more" if trial.is_repeat else str(trial.seed)


def trial_details(outcome: Outcome, study: str) -> str:
    """What was called and what it came to, with the end of what it printed."""
    trial = outcome.trial
    facts = [
        ("trial", trial.id),
        *([("study", study)] if study else []),
        ("arguments", trial.arguments or DASH),
        ("seed", _seed(trial)),
        ("status", f"{outcome.status}{f': {outcome.note}' if outcome.note else ''}"),
        *((name, f"{value:g}") for name, value in outcome.figures.items()),
        ("took", duration(outcome.seconds)),
        ("machine", outcome.machine or DASH),
        ("ended", outcome.time or DASH),
    ]
    printed = (("output", outcome.output), ("errors", outcome.errors))
    ends = [
        f"\n{name}:\n" + "\n".join(map(shown, text.rstrip().splitlines())) for name, text in printed if text.strip()
    ]
    return "\n".join([facts_text(facts), *ends])
