"""What a published report says about the question of a study, and the size at which the report asked it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCALES = ("default", "full")


@dataclass(frozen=True)
class Published:
    """The report's figures stand beside ours; they decide nothing."""

    report: str  # its letter, course and year
    source: str  # what was measured and how: on which images, at which epoch
    conclusion: str  # what the report drew from it
    figures: dict[str, float] = field(default_factory=dict)  # percent of accuracy, by the names of base and variants
    faults: tuple[str, ...] = ()  # of the method, as far as the report shows them
    shortened: str = ""  # what the default size leaves out
    differs: str = ""  # what is known about why ours are not theirs


TEXTS = ("report", "source", "conclusion", "shortened", "differs")


def faults_of(found: Any, names: tuple[str, ...]) -> dict[str, str]:
    """What is wrong with a section [published], by its key; `names` are those that figures may be given for."""
    if not isinstance(found, dict):
        return {"": "published is a section: write a line [published], and below it one line each"}
    faults = {key: f'{key} must be text, such as "..."' for key in TEXTS if not isinstance(found.get(key, ""), str)}
    faults |= {key: f"{key} is missing: say it in a sentence" for key in TEXTS[:3] if not found.get(key)}
    faults |= {key: f'"{key}" is no part of [published]' for key in found if key not in (*TEXTS, "figures", "faults")}
    figures = found.get("figures", {})
    if not isinstance(figures, dict):
        faults["figures"] = 'figures are a table, such as { base = 66.14, "crop + flip" = 72.06 }'
    elif unknown := [name for name in figures if name not in names]:
        faults["figures"] = f'figures: "{unknown[0]}" is neither base nor a variant of this study'
    elif any(
        not isinstance(one, int | float) or isinstance(one, bool) or not 0 <= one <= 100 for one in figures.values()
    ):
        faults["figures"] = "figures: each is an accuracy in percent, from 0 to 100"
    said = found.get("faults", [])
    if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
        faults["faults"] = "faults are a list of sentences"
    return faults


def published(found: Mapping[str, Any]) -> Published:
    """The section's content, once it is known to be in order."""
    figures = {name: float(one) for name, one in found.get("figures", {}).items()}
    texts = {key: found.get(key, "") for key in TEXTS}
    return Published(**texts, figures=figures, faults=tuple(found.get("faults", ())))


def scaled(values: Mapping[str, Any], scale: str, rules: frozenset[str]) -> dict[str, Any]:
    """A study's document at a scale: at full size what [full] says takes the place of what stands above it."""
    full = values.get("full", {})
    rest = {key: value for key, value in values.items() if key != "full"}
    if scale != "full" or not isinstance(full, dict):
        return rest
    decide = {**rest.get("decide", {}), **{key: value for key, value in full.items() if key in rules}}
    return {**rest, **{key: value for key, value in full.items() if key not in rules}, "decide": decide}
