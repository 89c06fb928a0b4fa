"""The study that would settle what an audit leaves open, as the text of a study file."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w

from ablab.auditing import ALPHA, Audit, letter
from ablab.auditing.noise import study_pairs
from ablab.errors import InputError
from ablab.study.question.study import Study
from ablab.study.question.toml import printable

TEMPLATE = (
    "# A template: accuracies alone do not show what was trained. Write the published recipe here (all keys:\n"
    "# ablab recipe; all networks: ablab models), and the change in question below [variants].\n"
)


def study_text(
    audit: Audit, recipe: Mapping[str, Any] | None = None, changes: Sequence[str] = (), *, path: str = "study.toml"
) -> str:
    """A study file for the audited comparison: its seeds follow from the gaps, its margin from the audit.

    Where no recipe and no change are given, it is a template that says so and can be read all the same.
    """
    if not audit.judgements:
        raise InputError("a study compares two recipes: give two accuracies, such as: ablab audit 73.20 74.19")
    base = dict(recipe or {"model": "simple-nn"})
    base = {"data": "cifar10", **base}
    epochs = {claim.epochs for claim in audit.claims}
    if "epochs" not in base and len(epochs) == 1 and None not in epochs:
        base["epochs"] = epochs.pop()
    figures = " and ".join(f"{claim.name} {claim.accuracy:g} %" for claim in audit.claims[:4])
    figures += f" and {len(audit.claims) - 4} more" if len(audit.claims) > 4 else ""
    names = _names(audit, changes)
    gap = audit.open_gap if audit.open_gap is not None else min(abs(one.difference) for one in audit.judgements)
    sd = max(one.usual_sd for one in audit.judgements)
    pairs, is_enough = study_pairs(gap, ALPHA / len(names), sd)
    found = f"detect a gap of {gap:.2f} pp with 80 % power, at a run-to-run sd of {sd:g} pp"
    why = f"{pairs} {found}" if is_enough else f"more than {pairs} would be needed to {found}"
    lines = [
        f"# To settle what was published: {printable(figures)}.",
        "" if recipe and changes else TEMPLATE.rstrip("\n"),
        f"question = {_text(f'Does {names[0]} change the accuracy?' if len(names) == 1 else 'Which changes help?')}",
        "",
        tomli_w.dumps(base).rstrip("\n"),
        "",
        "[variants]",
        *(f"{_text(name)} = {_text(change)}" for name, change in zip(names, changes or ["norm=batch"], strict=True)),
        "",
        "[decide]",
        f"margin = {audit.margin!r}  # percentage points of accuracy worth having",
        f'seeds = "3..{pairs}"  # {why}',
    ]
    text = "\n".join(line for at, line in enumerate(lines) if line or at > 1) + "\n"
    Study.from_toml(text, path)  # what is wrong with a given recipe or change is said before anything is written
    return text


def _names(audit: Audit, changes: Sequence[str]) -> list[str]:
    """The published names where each stands for one change and can be told apart, else the changes themselves."""
    names = [judgement.name for judgement in audit.judgements]
    if not changes:
        return ["norm=batch"]
    plain = {name.casefold() for name in names}
    is_told = len(names) == len(changes) == len(plain) and "base" not in plain
    is_told = is_told and names != [letter(at + 1) for at in range(len(names))]
    return [name if is_told else change for name, change in zip(names if is_told else changes, changes, strict=True)]


def _text(text: str) -> str:
    return json.dumps(printable(text).replace("\n", " "), ensure_ascii=False)
