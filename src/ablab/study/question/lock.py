"""A plan is locked by its first run: what a study file says otherwise since then makes another study."""

from collections.abc import Iterator
from typing import Any

from ablab import grammar
from ablab.pinned import name_of
from ablab.study.question.pins import PINNED
from ablab.study.question.study import Study
from ablab.study.question.variant import Variant


def changes(before: Study, now: Study) -> Iterator[str]:
    """What decides, and is not as it was, one line each."""
    for key, (new, old) in now.base.difference(before.base).items():
        yield changed(f"{key} of the base", grammar.show(old), grammar.show(new))
    yield from _variants(before, now)
    for key in ("metric", "margin", "confidence", "seeds", "budget", "give_up", "root", "pool", "target"):
        old, new = getattr(before.rule, key), getattr(now.rule, key)
        if old != new:
            yield changed(key, _shown(old), _shown(new))
    if before.rule.also != now.rule.also:
        old, new = (", ".join(f"{name} ({margin:g})" for name, margin in it.rule.also) for it in (before, now))
        yield changed("further metrics (and margins)", old, new)
    if before.tune != now.tune:
        yield changed("tune", _shown(before.tune), _shown(now.tune))
    if before.tune and now.tune and before.tunes_each != now.tunes_each:
        yield changed("tuning", _often(before), _often(now))
    if before.datasets != now.datasets:
        yield changed("data", *(", ".join(it.datasets or (it.base.data,)) for it in (before, now)))


def changed(name: str, old: str, new: str) -> str:
    """One line.

    >>> changed("unit", "", "%")
    'unit: none before, now %'
    """
    return f"{name}: {old or 'none'} before, now {new or 'none'}"


def _variants(before: Study, now: Study) -> Iterator[str]:
    """The variants that are no longer there, that are new, and whose files have changed; not those of another base."""
    old, new = ({_written(variant): variant for variant in study.variants} for study in (before, now))
    for text, variant in old.items():
        if text not in new:
            yield f'the variant "{variant.name}" ({text}) was removed or has changed'
        elif before.base == now.base and variant.recipe.hash != new[text].recipe.hash:
            yield f'a file of the variant "{variant.name}" ({text}) has changed'
    for text, variant in new.items():
        if text not in old:
            yield f'the variant "{variant.name}" ({text}) is new'


def _written(variant: Variant) -> str:
    """The change as a person writes it, without the digests of files."""
    return PINNED.sub(lambda found: name_of(found[0]), variant.change)


def _often(study: Study) -> str:
    return "for each seed" if study.tunes_each else "once"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "..".join(map(str, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
