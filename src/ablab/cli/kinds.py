"""Kinds of words on a command line that a shell can complete: recipe keys and their values, runs, studies."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import click
from click.shell_completion import CompletionItem

from ablab.errors import AblabError

MOST = 200  # suggestions


class Word(click.ParamType[str]):
    """A word that stays as it is typed."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            words = [word for word in self.words(ctx, param, incomplete) if word.startswith(incomplete)]
        except AblabError:  # a store or folder that cannot be read has nothing to suggest
            words = []
        return [CompletionItem(word) for word in words[:MOST]]

    def words(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Iterable[str]:
        """Everything that may stand here."""
        raise NotImplementedError


class RecipeWord(Word):
    """A network in front, then keys of a recipe with their values: `simple-nn data=cifar10 norm=batch`."""

    name = "key=value"

    def words(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Iterable[str]:
        from ablab.catalogue import catalogue
        from ablab.recipe import Recipe

        models = catalogue("models", "model")
        before = tuple(ctx.params.get(param.name or "") or ())
        model = models.get(before[0] if before else "")
        key, has_value, _ = incomplete.partition("=")
        if has_value:
            return (f"{key}={value}" for value in _values(key, model.domains.get(key, ()) if model else ()))
        options = model.options if model else {}
        keys = (f"{key}=" for key in (*Recipe.model_fields, *options) if key != "options")
        return (*(models if not before else ()), *keys)


class RunWord(Word):
    """A run of the store, by its id."""

    name = "run"

    def words(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Iterable[str]:  # noqa: ARG002
        from ablab.store import Store, place

        return Store(place(ctx.params.get("store")), create=False).ids()


class StudyWord(click.Path):
    """A study: a file, or one that comes with ablab by its name."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from ablab.study.question.files import shipped_studies

        folder = Path(incomplete).parent
        files = sorted(str(path) for path in folder.glob("*.toml")) if folder.is_dir() else []
        words = [word for word in (*files, *shipped_studies()) if word.startswith(incomplete)]
        return [CompletionItem(word) for word in words] or super().shell_complete(ctx, param, incomplete)


def _values(key: str, domains: Any) -> Iterable[str]:
    """What a key may be set to, where that can be listed."""
    from ablab.catalogue import catalogue
    from ablab.operations import PLACES, data_sets
    from ablab.recipe import Recipe

    if key == "model":
        return tuple(catalogue("models", "model"))
    if key == "data":
        return tuple(data_sets())
    if key in PLACES:
        place = PLACES[key]
        return tuple(catalogue(place.folder, place.kind))
    if key in Recipe.model_fields:
        return tuple(_literals(Recipe.model_fields[key].annotation))
    return tuple(str(word) for domain in domains for word in getattr(domain, "words", ()))


def _literals(annotation: Any) -> Iterable[str]:
    for part in get_args(annotation):
        if isinstance(part, str):
            yield part
        else:
            yield from _literals(part)
