"""Study: a question, a base recipe, its variants, and the rule that decides; read from TOML with all faults at once."""

import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ablab.errors import Fault, StudyError, did_you_mean
from ablab.recipe import Recipe
from ablab.study.question import toml
from ablab.study.question.published import SCALES, Published, scaled
from ablab.study.question.reader import MOST_FAULTS, Reader
from ablab.study.question.rule import RULES, Rule
from ablab.study.question.variant import NO_VARIANTS, Variant, variant_faults


@dataclass(frozen=True)
class Study:
    """A question with all that is needed to answer it, except the runs."""

    name: str
    question: str
    base: Recipe
    variants: tuple[Variant, ...]
    rule: Rule = field(default_factory=Rule)
    text: str = ""  # of the file that it was read from
    path: str = ""
    datasets: tuple[str, ...] = ()  # all that the question is asked on; this study is about the base's own
    published: Published | None = None
    scale: str = "default"
    grid: tuple[tuple[str, tuple[Any, ...]], ...] = ()  # factors and their values, where variants are cells of a grid
    tune: bool = False  # whether every recipe may also choose its own learning rate, by equally many trials

    def __post_init__(self) -> None:
        if not self.variants:
            raise StudyError(NO_VARIANTS)
        found = variant_faults(self.base, self.variants)
        if faults := [Fault(name, f'variant "{name}": {fault}', near) for name, fault, near in found]:
            raise StudyError(faults)

    @property
    def where(self) -> str:
        """Its file, or its name where it has none."""
        return self.path or self.name

    @property
    def words(self) -> str:
        """How a command names it: its file, and its size where that is not the default."""
        where = shlex.quote(self.where)
        return where if self.scale == "default" else f"{where} --scale {self.scale}"

    @property
    def comparisons(self) -> int:
        """How many share the error that the rule allows: every variant on every data set."""
        return len(self.variants) * max(1, len(self.datasets))

    def on(self, data: str) -> "Study":
        """The same question on another of its data sets."""
        variants = tuple(replace(one, recipe=Recipe.of({"data": data}, base=one.recipe)) for one in self.variants)
        told = self.published and self.published.on(data)
        return replace(self, base=Recipe.of({"data": data}, base=self.base), variants=variants, published=told)

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The base and every variant."""
        return (self.base, *(variant.recipe for variant in self.variants))

    @classmethod
    def from_toml(cls, content: bytes | str, path: Path | str = "study.toml", scale: str = "default") -> "Study":
        """The study in a file's content. Everything that is wrong with it is said in one StudyError.

        At full scale it is as large as its section [full] says, which is the size of a published report.
        """
        if scale not in SCALES:
            raise StudyError(f'scale "{scale}": {did_you_mean(scale, SCALES)}')
        document = toml.read(content, str(path))
        if scale == "full" and "full" not in document.values:
            raise StudyError(f"{path}: this study has one size: there is no section [full]")
        reader = Reader(replace(document, values=scaled(document.values, scale, frozenset(RULES))))
        question, datasets = reader.question(), reader.datasets()
        base = reader.base()
        variants, rule = reader.variants(base), reader.rule()
        tune, grid = reader.tune(base, variants), reader.grid(base)
        told = reader.published(("base", *(variant.name for variant in variants)), datasets)
        if reader.faults:
            left = len(reader.faults) - MOST_FAULTS
            more = [f"and {left:,} more like these"] if left > 0 else []
            raise StudyError(reader.faults, "\n".join([*reader.texts, *more]))
        return cls(
            Path(path).stem, question, base, variants, rule, document.text, str(path), datasets, told, scale, grid, tune
        )
