"""Parts that installed distributions offer by entry points: `distribution:name`, or the name alone where one offers it.

Only their names, versions and targets are read here; nothing of a distribution is imported.
"""

import functools
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ablab.errors import InputError

# What is marked so is offered in this group of entry points: `ablab.losses`.
GROUPS = {
    "model": "models",
    "generator": "data",
    "figure": "metrics",
    "loss": "losses",
    "optimizer": "optimizers",
    "schedule": "schedules",
    "augmentation": "augmentations",
    "init": "inits",
    "tracker": "trackers",
    "format": "exports",
    "executor": "executors",
    "command": "commands",
}


@dataclass(frozen=True)
class Offer:
    """One entry point of a distribution that is for ablab."""

    kind: str
    name: str
    distribution: str
    version: str
    target: str  # package.module:function

    @property
    def full_name(self) -> str:
        return f"{self.distribution}:{self.name}"


def offers(kind: str) -> tuple[Offer, ...]:
    """All that distributions offer of a kind, in the order of their names."""
    return tuple(offer for offer in _offers(tuple(sys.path)) if offer.kind == kind)


def offer_of(name: str) -> Offer | None:
    """The entry point that `distribution:name` is, perhaps with a digest behind it; None where it is none."""
    where, _, rest = name.rpartition(":")
    if not where or where.endswith(".py") or "/" in where:
        return None
    wanted = f"{_plain(where)}:{rest.partition('@')[0]}"
    found = [offer for offer in _offers(tuple(sys.path)) if offer.full_name == wanted]
    if len({offer.target for offer in found}) > 1:
        raise InputError(f'"{wanted}" names two parts of that distribution: they need different names')
    return found[0] if found else None


def distributions() -> list[str]:
    """The names of all installed distributions that offer parts."""
    return sorted({offer.distribution for offer in _offers(tuple(sys.path))})


def names_of(distribution: str) -> list[str]:
    """The names of the parts that a distribution offers."""
    return [offer.name for offer in _offers(tuple(sys.path)) if offer.distribution == _plain(distribution)]


def full_name(kind: str, name: str) -> str:
    """The name with its distribution, where exactly one offers it; as it is where none does."""
    found = [offer.full_name for offer in offers(kind) if offer.name == name] if kind in GROUPS else []
    if len(found) > 1:
        raise InputError(f'several distributions offer a {kind} "{name}": name one of {", ".join(found)}')
    return found[0] if found else name


def short_names(kind: str, taken: Iterable[str]) -> dict[str, Offer]:
    """All offers of a kind by the shortest name that is theirs alone."""
    found, own = offers(kind), set(taken)
    names = [offer.name for offer in found]
    is_alone = {name: names.count(name) == 1 and name not in own for name in names}
    return {offer.name if is_alone[offer.name] else offer.full_name: offer for offer in found}


@functools.cache
def _offers(path: tuple[str, ...]) -> tuple[Offer, ...]:
    return tuple(sorted(_read(path), key=lambda offer: offer.full_name))


def _read(path: tuple[str, ...]) -> Iterator[Offer]:
    from importlib import metadata  # few commands need it

    kinds = {f"ablab.{group}": kind for kind, group in GROUPS.items()}
    seen = set()
    for distribution in metadata.distributions(path=list(path)):
        points = [point for point in distribution.entry_points if point.group in kinds]
        if not points or (plain := _plain(distribution.name)) in seen:
            continue  # of two versions the first on the path is the one that is imported
        seen.add(plain)
        for point in points:
            yield Offer(kinds[point.group], point.name, plain, distribution.version, point.value.partition(" ")[0])


def _plain(name: str) -> str:
    """The name of a distribution as indexes compare it.

    >>> _plain("My_Parts.Extra")
    'my-parts-extra'
    """
    return re.sub(r"[-_.]+", "-", name).lower()
