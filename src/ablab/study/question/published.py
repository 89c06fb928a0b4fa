"""What a published report says about the question of a study, and the size at which the report asked it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ablab.errors import Fault

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
    see: str = ""  # where else the project looks at the question
    by_data: dict[str, dict[str, float]] = field(default_factory=dict)  # figures, where there are several data sets

    def on(self, data: str) -> "Published":
        """The same with the figures of one of its data sets."""
        return replace(self, figures=self.by_data.get(data, self.figures))


TEXTS = ("report", "source", "conclusion", "shortened", "differs", "see")


def published_faults(found: Any, names: tuple[str, ...], datasets: tuple[str, ...] = ()) -> tuple[Fault, ...]:
    """What is wrong with a section [published], by its keys; `names` are those that figures may be given for."""
    if not isinstance(found, dict):
        return (Fault("", "published is a section: write a line [published], and below it one line each"),)
    faults = [Fault(key, fault) for key in TEXTS if (fault := _text_fault(key, found))]
    parts = (*TEXTS, "figures", "faults")
    faults += [Fault(key, f'"{key}" is not a key of [published]', key) for key in found if key not in parts]
    if fault := _tables_fault(found.get("figures", {}), names, datasets):
        faults.append(Fault("figures", fault))
    listed = found.get("faults", [])
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        faults.append(Fault("faults", "write faults as a list of sentences"))
    return tuple(faults)


def _text_fault(key: str, found: Mapping[str, Any]) -> str:
    if key in TEXTS[:3] and not found.get(key):
        return f"{key} is missing: write a sentence"
    return "" if isinstance(found.get(key, ""), str) else f'{key} must be text, such as "..."'


def _tables_fault(tables: Any, names: tuple[str, ...], datasets: tuple[str, ...]) -> str:
    if not datasets or not isinstance(tables, dict):
        return _figures_fault(tables, names)
    if not tables.keys() <= set(datasets):
        return f"figures: with several data sets, write one table for each: {', '.join(datasets)}"
    return next(filter(None, (_figures_fault(table, names) for table in tables.values())), "")


def published(found: Mapping[str, Any], datasets: tuple[str, ...] = ()) -> Published:
    """The section's content, once it is known to be in order; with the figures of the first of several data sets."""
    tables = found.get("figures", {})
    by_data = {data: _numbers(table) for data, table in tables.items()} if datasets else {}
    figures = by_data.get(datasets[0], {}) if datasets else _numbers(tables)
    texts = {key: found.get(key, "") for key in TEXTS}
    return Published(**texts, figures=figures, faults=tuple(found.get("faults", ())), by_data=by_data)


def _numbers(table: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(one) for name, one in table.items()}


def _figures_fault(figures: Any, names: tuple[str, ...]) -> str:
    if not isinstance(figures, dict):
        return 'write figures as a table, such as { base = 66.14, "crop + flip" = 72.06 }'
    if unknown := [name for name in figures if name not in names]:
        return f'figures: "{unknown[0]}" is neither base nor a variant of this study'
    if not all(
        isinstance(one, int | float) and not isinstance(one, bool) and 0 <= one <= 100 for one in figures.values()
    ):
        return "figures: write each as an accuracy in percent, from 0 to 100"
    return ""


def scaled(values: Mapping[str, Any], scale: str, rules: frozenset[str]) -> dict[str, Any]:
    """A study's document at a scale: at full size what [full] says takes the place of what stands above it."""
    full = values.get("full", {})
    rest = {key: value for key, value in values.items() if key != "full"}
    if scale != "full" or not isinstance(full, dict):
        return rest
    decide = {**rest.get("decide", {}), **{key: value for key, value in full.items() if key in rules}}
    return {**rest, **{key: value for key, value in full.items() if key not in rules}, "decide": decide}
