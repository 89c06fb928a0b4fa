"""The list of runs: what a person wants to see of them, and in which order. No run is read for it."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ablab import grammar
from ablab.serve.snapshot import Snapshot
from ablab.store.query import Glance

A_PAGE = 50  # runs in one list


@dataclass(frozen=True)
class Query:
    """What a person wants to see of the runs."""

    text: str = ""
    model: str = ""
    status: str = ""
    sort: str = "-new"
    page: int = 1
    studies: int = 1  # the page of the studies

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Query":
        sort = given.get("sort", "-new")
        return cls(
            text=given.get("q", "")[:200],
            model=given.get("model", ""),
            status=given.get("status", ""),
            sort=sort if sort.removeprefix("-") in ORDERS else "-new",
            page=_page(given.get("page", "1")),
            studies=_page(given.get("studies", "1")),
        )

    def keys(self, **changes: str) -> dict[str, str]:
        """The words of an address that asks the same, but for some changes."""
        said = {"q": self.text, "model": self.model, "status": self.status, "sort": self.sort, **changes}
        return {key: value for key, value in said.items() if value and (key, value) != ("sort", "-new")}


def _page(text: str) -> int:
    """The number of a page; the first for what is none."""
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) else 1


Order = Callable[[Glance, Callable[[str], str]], Any]  # of a run and what says the changes of a recipe
ORDERS: dict[str, Order] = {
    "new": lambda one, _: one.position,
    "model": lambda one, changes: (one.model, changes(one.recipe), one.seed),
    "seed": lambda one, _: one.seed,
    "status": lambda one, _: one.status,
    "test": lambda one, _: -1.0 if one.accuracy is None else one.accuracy,
    "seconds": lambda one, _: one.seconds or 0.0,
}


def listed(seen: Snapshot, query: Query) -> list[Glance]:
    """The runs that a query asks for, in its order; every word of its text has to be there."""
    words = query.text.casefold().split()
    text = functools.cache(functools.partial(_of_recipe, seen))
    everything = [*seen.store.runs.glances.values(), *_live(seen)]
    kept = [
        one
        for one in everything
        if (not query.model or one.model == query.model)
        and (not query.status or one.status == query.status)
        and all(word in _of_run(one) or word in text(one.recipe, one.model, one.data) for word in words)
    ]
    order, changes = ORDERS[query.sort.removeprefix("-")], functools.cache(functools.partial(_changes, seen))
    if query.sort == "-new":  # as they came, which no sort need find out
        return kept[::-1]
    kept.sort(key=lambda one: order(one, changes), reverse=query.sort.startswith("-"))
    return kept


def _live(seen: Snapshot) -> list[Glance]:
    """The runs that are being trained, after all others."""
    last = 1 << 62
    return [
        Glance(
            last + at,
            run.id,
            run.spec.recipe.hash,
            run.spec.recipe.model,
            run.spec.recipe.data,
            run.spec.seed,
            "running",
            None,
            sum(row.seconds for row in run.rows),
        )
        for at, run in enumerate(seen.live_runs.values())
    ]


def _changes(seen: Snapshot, recipe: str) -> str:
    """What is not as usual in a recipe, in the words of the command line."""
    live = (run.spec.recipe.changes() for run in seen.live_runs.values() if run.spec.recipe.hash == recipe)
    said = seen.store.changes.get(recipe) or next(live, {})
    return " ".join(f"{key}={grammar.show(value)}" for key, value in said.items() if key not in ("model", "data"))


def _of_run(one: Glance) -> str:
    """What a search looks through in a run itself."""
    return f"{one.id} seed={one.seed} {one.status}"


def _of_recipe(seen: Snapshot, recipe: str, model: str, data: str) -> str:
    """What a search looks through in its recipe and its studies."""
    studies = (f"{study} {name}" for study, name, _ in seen.store.names.get(recipe, ()))
    return " ".join((model, data, _changes(seen, recipe), *studies)).casefold()
