"""TrialStudy: a question about a program or a function, with all that decides its answer."""

import functools
import re
import shlex
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ablab.errors import Fault
from ablab.metric import Direction, Metric
from ablab.study.question.rule import Rule
from ablab.study.question.variant import MOST_VARIANTS, NAME_LENGTH, unshowable
from ablab.trial import Trial, digest

BASE = "base"  # what the arguments that the others are compared with are called
PLACEHOLDER = "--option value"  # the arguments of the variant in a study file that ablab has begun
ROUNDING = 1e-6  # by which the mean of 32-bit floats can exceed 1


class Subject(Protocol):
    """What is called: a command or a function."""

    @property
    def shown(self) -> str:
        """How people read it."""
        ...

    @property
    def facts(self) -> Mapping[str, Any]:
        """All that makes its results what they are, by a name for each."""
        ...

    def check(self, calls: int = 1) -> None:
        """Raise if it cannot be called, so many calls at a time."""
        ...

    def cautions(self, arguments: Iterable[str]) -> tuple[str, ...]:
        """What a person should know before it is called with these arguments."""
        ...


@dataclass(frozen=True)
class Measure:
    """The figure that decides: its name among those of a result, its unit, and which way is better."""

    name: str = ""  # empty where a result has one number only
    better: Direction = "higher"
    unit: str = ""  # "%" for a share from 0 to 1, which people read in percent
    chance: float | None = None  # what guessing gives, as the program would print it
    examples: int | None = None  # on which a share was counted
    decimals: int | None = None  # that are worth reading

    @property
    def metric(self) -> Metric:
        title = self.name or "figure"
        return Metric(title, title, self.unit, self.better, self.decimals)

    def of(self, figures: Mapping[str, float]) -> float | None:
        """The figure in its unit, from all numbers of a result; None where it is not among them."""
        only = next(iter(figures.values())) if len(figures) == 1 else None
        value = figures.get(self.name) if self.name else only
        return None if value is None else float(f"{self.metric.factor * value:.12g}")

    def oversize(self, figures: Mapping[str, float]) -> float | None:
        """The figure as it was printed, where it should be a share and is larger than 1: it is in percent already.

        >>> Measure(unit="%").oversize({"figure": 93.2}), Measure(unit="%").oversize({"figure": 0.932})
        (93.2, None)
        """
        value = self.of(figures)
        if self.unit != "%" or value is None or abs(value) <= self.metric.factor * (1 + ROUNDING):
            return None
        return float(f"{value / self.metric.factor:.12g}")

    @property
    def guess(self) -> float | None:
        """What a failed trial counts as, in the unit of the figure."""
        return None if self.chance is None else self.metric.factor * self.chance


@dataclass(frozen=True)
class Arm:
    """Arguments under a name."""

    name: str
    arguments: str


@dataclass(frozen=True, repr=False)
class TrialStudy:
    """A question with all that is needed to answer it, except the trials."""

    question: str
    subject: Subject
    base: str  # arguments
    variants: tuple[Arm, ...]
    measure: Measure
    rule: Rule
    name: str = "study"
    path: str = ""
    has_repeat: bool = True  # the base is called once more with its first seed

    def __repr__(self) -> str:
        names = ", ".join(arm.name for arm in self.variants)
        return f"<TrialStudy {self.name}: {self.question} {names}>"

    @property
    def where(self) -> str:
        """Its file, or its name where it has none."""
        return self.path or self.name

    @property
    def words(self) -> str:
        """How a command names it."""
        return shlex.quote(self.where)

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The base and every variant."""
        return (Arm(BASE, self.base), *self.variants)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a person should know before the first trial."""
        unedited = (
            f'"{arm.name}" still has the arguments of the example, {PLACEHOLDER}: write those of your program'
            for arm in self.variants
            if arm.arguments == PLACEHOLDER
        )
        return (*unedited, *self.subject.cautions(arm.arguments for arm in self.arms))

    @functools.cached_property
    def called(self) -> str:
        """The digest of what is called."""
        return digest(self.subject.facts)

    def trial(self, arguments: str, seed: int, *, is_repeat: bool = False) -> Trial:
        return Trial(self.called, arguments, seed, is_repeat)

    def at_root(self, root: int) -> "TrialStudy":
        """The same with other seeds."""
        return replace(self, rule=replace(self.rule, root=root))

    @property
    def facts(self) -> dict[str, Any]:
        """All that decides the answer; the names of variants and the words of the question have no part in it."""
        rule, measure = self.rule, self.measure
        told = {"better": measure.better, "unit": measure.unit, "chance": measure.chance, "examples": measure.examples}
        return {
            **self.subject.facts,
            "base": self.base,
            "variants": sorted(arm.arguments for arm in self.variants),
            "metric": measure.name,
            **{key: value for key, value in told.items() if value not in (None, "", "higher")},
            "margin": rule.margin,
            "confidence": rule.confidence,
            "seeds": list(rule.seeds),
            **({"budget": rule.budget} if rule.budget else {}),
            **({"root": rule.root} if rule.root else {}),
            **({} if self.has_repeat else {"repeat": False}),
        }


def arm_faults(base: str, variants: Mapping[str, str]) -> Iterator[Fault]:
    """What keeps variants from being compared, each fault with the name of its variant as the key."""
    if len(variants) > MOST_VARIANTS:
        most = f"one study compares at most {MOST_VARIANTS}"
        yield Fault(next(iter(variants)), f"{len(variants):,} variants; {most}")
        return
    names: dict[str, str] = {}
    known = {_plain(base): "the base"}
    for name, arguments in variants.items():
        plain = unicodedata.normalize("NFKC", name).strip().casefold()
        if not plain:
            yield Fault(name, "a variant needs a name")
        elif fault := unshowable(name, NAME_LENGTH):
            yield Fault(name, f"the name of a variant {fault}")
        elif plain == BASE:
            yield Fault(
                name, f"{BASE} is the name of the arguments that the variants are compared with: choose another"
            )
        elif plain in names:
            yield Fault(name, f'the names "{name}" and "{names[plain]}" look the same')
        names.setdefault(plain, name)
        same = known.setdefault(_plain(arguments), f'"{name}"')
        if same != f'"{name}"':
            yield Fault(name, f'"{name}" has the same arguments as {same}', arguments)


def _plain(arguments: str) -> str:
    return re.sub(r"\s+", " ", arguments).strip()
