"""A plan is locked by its first run: what a study file says otherwise since then makes another study."""

from collections.abc import Iterator

from ablab import grammar
from ablab.study.question.study import Study


def changes(before: Study, now: Study) -> Iterator[str]:
    """What decides, and is not as it was, one line each."""
    for key, (new, old) in now.base.difference(before.base).items():
        yield f"base: {key} was {grammar.show(old)}, is {grammar.show(new)}"
    old_names = {variant.recipe.hash: variant for variant in before.variants}
    new_names = {variant.recipe.hash: variant for variant in now.variants}
    for hash_, variant in old_names.items():
        if hash_ not in new_names:
            yield f'the variant "{variant.name}" ({variant.change}) was removed or has changed'
    for hash_, variant in new_names.items():
        if hash_ not in old_names:
            yield f'the variant "{variant.name}" ({variant.change}) is new'
    for key in ("metric", "margin", "confidence", "seeds", "budget", "give_up", "root", "pool", "target"):
        old, new = getattr(before.rule, key), getattr(now.rule, key)
        if old != new:
            yield f"{key} was {_shown(old)}, is {_shown(new)}"
    if before.rule.also != now.rule.also:
        old, new = (", ".join(f"{name} ({margin:g})" for name, margin in it.rule.also) for it in (before, now))
        yield f"further metrics (and margins) were {old or 'not given'}, are {new or 'not given'}"
    if before.tune != now.tune:
        yield f"tune was {_shown(before.tune)}, is {_shown(now.tune)}"
    if before.tune and now.tune and before.tunes_each != now.tunes_each:
        yield f"tune was repeated {_often(before)}, is {_often(now)}"
    if before.datasets != now.datasets:
        yield f"data was {', '.join(before.datasets)}, is {', '.join(now.datasets)}"


def _often(study: Study) -> str:
    return "for each seed" if study.tunes_each else "once"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "..".join(str(one) for one in value)
    return "not given" if value is None else str(value)
