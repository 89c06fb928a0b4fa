"""Study: a question, a base recipe, its variants, and the rule that decides; read from TOML with all faults at once."""

import functools
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar

from ablab.errors import Fault, StudyError, did_you_mean
from ablab.recipe import Recipe
from ablab.study.question import toml
from ablab.study.question.parts import (
    TUNED,
    TUNED_EACH,
    base_of,
    datasets_faults,
    keep_fault,
    question_fault,
    tune_faults,
    variants_of,
)
from ablab.study.question.published import SCALES, Published, scaled
from ablab.study.question.rates import WIDEST, at_rates
from ablab.study.question.reader import MOST_FAULTS, Reader
from ablab.study.question.rule import RULES, Rule, decide_keys, rule_of
from ablab.study.question.search import Searched, searched_of
from ablab.study.question.variant import NO_VARIANTS, Variant, variant_faults
from ablab.study.question.write import base_keys, data_text, study_text

Grid = tuple[tuple[str, tuple[Any, ...]], ...]


@dataclass(frozen=True, init=False, repr=False)
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
    is_tuned: bool  # its learning rates are those that won trials
    tunes_each: bool  # trials are repeated for every seed, and a rate is chosen for each
    keep: str  # "weights" where its runs leave their weights beside the store; no verdict depends on it
    executor: str  # that its file names for its runs; no verdict depends on it

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
        name: str = "study",
        text: str = "",
        path: str = "",
        datasets: tuple[str, ...] = (),
        published: Published | None = None,
        scale: str = "default",
        grid: Grid = (),
        tune: bool | Mapping[str, str] = False,
        is_part: bool = False,
        is_tuned: bool = False,
        tunes_each: bool = False,
        keep: str = "",
        executor: str = "",
        data: Any = None,
        **decide: Any,
    ) -> None:
        """A study in the words of a study file and a command line, or of the values that these come to.

        Instead of a rule it takes any key of [decide], such as seeds="3..10" or margin=0.5. `data` is a text like that
        of a recipe, or a Dataset that a program made.
        """
        if data is not None:
            base = Recipe.of({**base_keys(base), "data": data_text(data)})
        tuning = _tuning(tune, tunes_each=tunes_each)
        recipe, base_faults = (base, ()) if isinstance(base, Recipe) else base_of(base_keys(base))
        decided, rule_faults = (rule, ()) if rule else rule_of(decide)
        if rule and decide:
            raise StudyError(f"rule and {next(iter(decide))} are both given; {next(iter(decide))} belongs in the rule")
        faults = [*base_faults, *rule_faults]
        if isinstance(variants, Mapping):
            text = text or study_text(
                question, base_keys(base), variants, decide_keys(decided), datasets, tune=tuning, keep=keep
            )
            variants, named_faults = variants_of(recipe, variants)
            faults += [_of_variant(variant, fault) for variant, fault in named_faults]
            faults += datasets_faults(datasets) if datasets else ()
            faults += filter(None, [question_fault(question), keep_fault(keep)])
        if faults:
            raise StudyError(faults)
        values = (question, recipe, variants, decided, name, text, path, datasets, published, scale, grid)
        is_each = (is_tuned and tunes_each) or tuning == TUNED_EACH
        whether = (bool(tune), is_part, is_tuned, is_each, keep, executor)
        for field, value in zip(fields(self), (*values, *whether), strict=True):
            object.__setattr__(self, field.name, value)
        self._check(tuning)

    def _check(self, tuning: Mapping[str, str]) -> None:
        """Raise for what is wrong with the parts together."""
        if not self.variants:
            raise StudyError(NO_VARIANTS)
        faults = [_of_variant(fault.key, fault) for fault in variant_faults(self.base, self.variants)]
        faults += tune_faults(tuning, self.base, self.variants)
        if self.datasets and not self.is_part and self.base.data != self.datasets[0]:
            faults.append(
                Fault("data", f'the base is about {self.base.data}: it starts with "data={self.datasets[0]}"')
            )
        if faults:
            raise StudyError(faults)

    def __repr__(self) -> str:
        names = ", ".join(variant.name for variant in self.variants)
        return f"<Study {self.name}: {self.question} {names}>"

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
    def is_retuned(self) -> bool:
        """Whether its recipes are trained at rates that are chosen for every seed."""
        return self.is_tuned and self.tunes_each

    @functools.cached_property
    def searched(self) -> Searched | None:
        """What trials of `ablab search` chose its settings, as its text says; None where none did."""
        found = toml.read(self.text, self.where).values.get("searched") if "searched" in self.text else None
        return searched_of(found, tuple(self.named))[0] if found else None

    @property
    def has_tuned_rates(self) -> bool:
        """Whether every recipe has a learning rate that trials chose for it."""
        it = self.searched
        return self.is_tuned or (it is not None and "lr" in it.keys and all(it.trials.values()))

    @functools.cached_property
    def names(self) -> dict[str, str]:
        """What each recipe is called, by the recipe's hash, at every rate where rates are chosen for every seed."""
        if self.is_retuned:
            return {one.hash: name for name, recipe in self.named.items() for one in at_rates(recipe, WIDEST)}
        return {recipe.hash: name for name, recipe in self.named.items()}

    @classmethod
    def from_toml(cls, content: bytes | str, path: Path | str = "study.toml", scale: str = "default") -> "Study":
        """The study in a file's content. Everything that is wrong with it is said in one StudyError.

        At full scale it is as large as its section [full] says, which is the size of a published report.
        """
        if not isinstance(content, bytes) and _is_file_name(str(content)):
            raise StudyError(
                f'{content!s}: this needs the text of a file, not its name: Study.from_file("{content!s}")'
            )
        if scale not in SCALES:
            raise StudyError(f'scale "{scale}": {did_you_mean(scale, SCALES)}')
        document = toml.read(content, str(path))
        if "command" in document.values:
            raise StudyError(f"{path}: a study of a program is for ablab plan, run, report and table")
        if scale == "full" and "full" not in document.values:
            raise StudyError(f"{path}: this study has one size, because it has no section [full]")
        reader = Reader(replace(document, values=scaled(document.values, scale, frozenset(RULES))))
        question, datasets = reader.question(), reader.datasets()
        base = reader.base()
        variants, rule = reader.variants(base), reader.rule()
        tune, grid, keep = reader.tune(base, variants), reader.grid(base), reader.keep()
        executor = reader.executor()
        reader.searches(base, variants)
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
            keep=keep,
            executor=executor,
        )


def _tuning(tune: bool | Mapping[str, str], *, tunes_each: bool) -> Mapping[str, str]:
    """What is tuned, as a file says it."""
    if isinstance(tune, Mapping):
        return tune
    return (TUNED_EACH if tunes_each else TUNED) if tune else {}


def _of_variant(name: str, fault: Fault) -> Fault:
    return replace(fault, key=name, message=f'variant "{name}": {fault.message}')


def _is_file_name(content: str) -> bool:
    return content.endswith(".toml") and "\n" not in content
