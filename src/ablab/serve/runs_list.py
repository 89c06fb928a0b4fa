"""The list of runs: what a person wants to see of them, and in which order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablab.serve.entry import Entry

A_PAGE = 50  # runs in one list


@dataclass(frozen=True)
class Query:
    """What a person wants to see of the runs."""

    text: str = ""
    model: str = ""
    status: str = ""
    sort: str = "-new"
    page: int = 1

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Query":
        page = given.get("page", "1")
        sort = given.get("sort", "-new")
        return cls(
            text=given.get("q", "")[:200],
            model=given.get("model", ""),
            status=given.get("status", ""),
            sort=sort if sort.removeprefix("-") in ORDERS else "-new",
            page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 7 and int(page) else 1,
        )

    def keys(self, **changes: str) -> dict[str, str]:
        """The words of an address that asks the same, but for some changes."""
        said = {"q": self.text, "model": self.model, "status": self.status, "sort": self.sort, **changes}
        return {key: value for key, value in said.items() if value and (key, value) != ("sort", "-new")}


ORDERS: dict[str, Callable[[tuple[int, Entry]], Any]] = {
    "new": lambda one: one[0],
    "model": lambda one: (one[1].recipe.model, one[1].changes, one[1].spec.seed),
    "seed": lambda one: one[1].spec.seed,
    "status": lambda one: one[1].status,
    "test": lambda one: -1.0 if one[1].accuracy is None else one[1].accuracy,
    "seconds": lambda one: one[1].seconds,
}


def listed(everything: Sequence[Entry], query: Query) -> list[Entry]:
    """The runs that a query asks for, in its order; every word of its text has to be there."""
    words = query.text.casefold().split()
    kept = [
        (at, one)
        for at, one in enumerate(everything)
        if (not query.model or one.recipe.model == query.model)
        and (not query.status or one.status == query.status)
        and (not words or all(word in _text(one) for word in words))
    ]
    kept.sort(key=ORDERS[query.sort.removeprefix("-")], reverse=query.sort.startswith("-"))
    return [one for _, one in kept]


def _text(one: Entry) -> str:
    """What a search looks through."""
    studies = " ".join(f"{study} {name}" for study, name, _ in one.studies)
    parts = (one.id, one.recipe.model, one.recipe.data, one.changes, f"seed={one.spec.seed}", one.status, studies)
    return " ".join(parts).casefold()
