"""PublishedReport: its figures, counts and claims as values, read from a TOML file with all faults at once."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from ablab.errors import Fault, InputError, StudyError, did_you_mean
from ablab.replication.facts import FACTS, fact_call
from ablab.replication.measures import MEASURES
from ablab.study.question.files import published_folder

Says = Literal["higher", "lower", "equal"]
IMAGES = {
    "validation": "",
    "test": "test images, which the report watched at every epoch",
    "augmented test": "test images that were augmented like training images, and watched at every epoch",
}


@dataclass(frozen=True)
class Figures:
    """What a report prints of one recipe, by the name of what was measured."""

    study: str  # the file that repeats it
    recipe: str  # the base or a variant of that study
    values: Mapping[str, float]
    data: str = ""  # where the study asks on several data sets
    elsewhere: str = ""  # the source, where it is not the report's own text
    why: str = ""  # ours may lie elsewhere, where that is known


@dataclass(frozen=True)
class Count:
    """The trainable parameters of a network that a report prints."""

    model: str
    parameters: int
    classes: int = 10
    elsewhere: str = ""


@dataclass(frozen=True)
class Claim:
    """A conclusion of a report, in our words, with what tests it: a study, a computed fact, or nothing.

    `denied` marks a sentence that the report itself calls false. With `against`, another recipe takes the base's place.
    With `by`, the claim names a size: a difference, or a ratio where the measure is one. With `value`, one recipe's
    figure is set against a number.
    """

    name: str
    text: str
    study: str = ""
    data: str = ""
    recipe: str = ""
    against: str = "base"
    against_study: str = ""
    against_data: str = ""
    measure: str = "test"
    says: Says = "equal"
    by: float | None = None
    fact: str = ""
    value: float | None = None
    within: float | None = None
    above: float | None = None
    below: float | None = None
    why: str = ""  # it cannot be tested here
    theirs: str = ""  # the report's evidence
    denied: bool = False


@dataclass(frozen=True)
class PublishedReport:
    """One report."""

    letter: str
    title: str
    course: str
    date: str
    images: str  # on which images its accuracies were measured
    setup: str
    unknown: str  # what it does not say of its method
    figures: tuple[Figures, ...] = field(repr=False)
    counts: tuple[Count, ...] = field(repr=False)
    claims: tuple[Claim, ...] = field(repr=False)
    more: tuple[str, ...] = ()  # studies of what its method leaves open, besides those of its figures and claims

    @property
    def studies(self) -> tuple[str, ...]:
        """The names of the study files that repeat it, in the order in which it comes to them."""
        named = [figures.study for figures in self.figures]
        named += [name for claim in self.claims for name in (claim.study, claim.against_study)]
        return tuple(name for name in dict.fromkeys([*named, *self.more]) if name)


def published_reports() -> tuple[PublishedReport, ...]:
    """All reports that the project repeats, by their letters."""
    return tuple(read_report(path) for path in sorted((published_folder() / "reports").glob("*.toml")))


def published_report(letter: str) -> PublishedReport:
    """The report with this letter, in either case."""
    reports = {one.letter: one for one in published_reports()}
    if letter.upper() not in reports:
        raise InputError(f'report "{letter}": the reports are {", ".join(reports)}')
    return reports[letter.upper()]


def read_report(path: Path) -> PublishedReport:
    """A report from its file, which is named by its letter."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise StudyError(f"{path}: {error}") from None
    faults = list(_faults(table))
    if faults:
        raise StudyError(faults, "\n".join(f"{path}: {fault}" for fault in faults))
    return PublishedReport(
        letter=path.stem.upper(),
        **{key: " ".join(table[key].split()) for key in _TEXTS},
        figures=tuple(Figures(**entry) for entry in table.get("figures", ())),
        counts=tuple(Count(**entry) for entry in table.get("counts", ())),
        claims=tuple(Claim(**entry) for entry in table.get("claims", ())),
        more=tuple(table.get("more", ())),
    )


_TEXTS = ("title", "course", "date", "images", "setup", "unknown")
_PARTS = {"figures": Figures, "counts": Count, "claims": Claim}


def _faults(table: Mapping[str, Any]) -> Iterator[Fault]:
    for key in _TEXTS:
        if not isinstance(table.get(key), str) or not table[key]:
            yield Fault(key, f"{key} is missing: write a sentence")
    if table.get("images") not in IMAGES:
        yield Fault("images", f"images: one of {', '.join(IMAGES)}")
    known = (*_TEXTS, *_PARTS, "more")
    for key in table.keys() - set(known):
        yield Fault(key, f'"{key}" is not a part of a report', hint=did_you_mean(key, known))
    for part, kind in _PARTS.items():
        keys = [each.name for each in fields(kind)]
        for place, entry in enumerate(table.get(part, ()), 1):
            for key in entry.keys() - set(keys):
                yield Fault(key, f'{part} {place}: "{key}" is not a key', hint=did_you_mean(key, keys))
    for entry in table.get("figures", ()):
        for name in entry.get("values", {}).keys() - MEASURES.keys():
            yield Fault(name, f'figures of "{entry.get("recipe")}": {did_you_mean(name, MEASURES)}')
    yield from (fault for entry in table.get("claims", ()) if (fault := _claim_fault(entry)))


def _claim_fault(claim: Mapping[str, Any]) -> Fault | None:
    """A claim is tested by a study, by a fact, or not at all: one of the three."""
    name = str(claim.get("name"))
    if sum(key in claim for key in ("study", "fact", "why")) != 1:
        return Fault(name, f"claim {name}: name the study or fact that tests it, or say in why that nothing can")
    if claim.get("measure", "test") not in MEASURES:
        return Fault(name, f"claim {name}: measure: {did_you_mean(str(claim['measure']), MEASURES)}")
    if "fact" in claim and fact_call(claim["fact"])[0] not in FACTS:
        return Fault(name, f"claim {name}: fact: {did_you_mean(fact_call(claim['fact'])[0], FACTS)}")
    if "fact" in claim and not claim.keys() & {"value", "above", "below"}:
        return Fault(name, f"claim {name}: a fact is compared with a value, or is above or below one")
    return None
