"""Study: a question, a base recipe, its variants, and the rule that decides; read from TOML with all faults at once."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from ablab.errors import StudyError, did_you_mean
from ablab.recipe import Recipe
from ablab.study.question import toml
from ablab.study.question.published import SCALES, Published, scaled
from ablab.study.question.reader import MOST_FAULTS, Reader
from ablab.study.question.rule import RULES, Rule
from ablab.study.question.variant import NO_VARIANTS, Variant, variant_faults
from ablab.study.question.write import base_keys, study_text

Grid = tuple[tuple[str, tuple[Any, ...]], ...]


@dataclass(frozen=True, init=False)
class Study:
    """A question with all that is needed to answer it, except the runs."""

    question: str
    base: Recipe
    variants: tuple[Variant, ...]
    rule: Rule
    name: str
    text: str  # of the file that it was read from, or that says the same
    path: str
    datasets: tuple[str, ...]  # all that the question is asked on; this study is about the base's own
    published: Published | None
    scale: str
    grid: Grid  # factors and their values, where variants are cells of a grid
    tune: bool  # whether every recipe may also choose its own learning rate, by equally many trials
    is_part: bool  # of a question on several data sets: the study on one of them

    from_file: ClassVar[Callable[..., Any]]  # these are given by ablab.api: they need rooms above this one
    plan: ClassVar[Callable[..., Any]]
    run: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        question: str,
        base: Recipe | str,
        variants: Mapping[str, str] | tuple[Variant, ...],
        rule: Rule | None = None,
        *,
        seeds: str | int = "3..10",
        margin: float = 0.5,
        confidence: float = 0.95,
        budget: str | None = None,
        name: str = "study",
        text: str = "",
        path: str = "",
        datasets: tuple[str, ...] = (),
        published: Published | None = None,
        scale: str = "default",
        grid: Grid = (),
        tune: bool = False,
        is_part: bool = False,
    ) -> None:
        """A study in the words of a study file and a command line, or of the values that these come to."""
        if isinstance(variants, Mapping):
            decide = {"margin": margin, "confidence": confidence, "seeds": seeds, "budget": budget}
            text = study_text(question, base_keys(base), variants, decide)
            self.__dict__.update(vars(Study.from_toml(text, f"{name}.toml")), path="")
            return
        assert isinstance(base, Recipe)  # words are given together
        self.__dict__.update(question=question, base=base, variants=variants, rule=rule or Rule(), name=name)
        self.__dict__.update(text=text, path=path, datasets=datasets, published=published, scale=scale)
        self.__dict__.update(grid=grid, tune=tune, is_part=is_part)
        self._check()

    def _check(self) -> None:
        if not self.variants:
            raise StudyError(NO_VARIANTS)
        found = variant_faults(self.base, self.variants)
        if faults := [replace(fault, message=f'variant "{fault.key}": {fault.message}') for fault in found]:
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
        return replace(
            self,
            base=Recipe.of({"data": data}, base=self.base),
            variants=variants,
            published=told,
            name=f"{self.name}-{data}",
            is_part=True,
        )

    @property
    def parts(self) -> tuple["Study", ...]:
        """The study once for each of its data sets, each with a name of its own; itself where there is one."""
        return (self,) if self.is_part or not self.datasets else tuple(self.on(data) for data in self.datasets)

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The base and every variant."""
        return (self.base, *(variant.recipe for variant in self.variants))

    @property
    def named(self) -> dict[str, Recipe]:
        """The base and every variant by its name."""
        return {"base": self.base, **{variant.name: variant.recipe for variant in self.variants}}

    @property
    def names(self) -> dict[str, str]:
        """What each recipe is called, by the recipe's hash."""
        return {recipe.hash: name for name, recipe in self.named.items()}

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
            question,
            base,
            variants,
            rule,
            name=Path(path).stem,
            text=document.text,
            path=str(path),
            datasets=datasets,
            published=told,
            scale=scale,
            grid=grid,
            tune=tune,
        )
