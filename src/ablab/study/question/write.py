"""A study as the text of its file, from a base recipe and changes to it."""

from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w

from ablab import grammar
from ablab.errors import StudyError
from ablab.recipe import Recipe, typed


def study_toml(
    base: Recipe, changes: Sequence[str], *, seeds: str = "3..10", margin: float = 0.5, question: str | None = None
) -> str:
    """What `Study.from_toml` reads: the question, the base, a variant for each change under the change's own words."""
    words = [" ".join(change.split()) for change in changes]
    if len(set(words)) < len(words):
        twice = next(word for word in words if words.count(word) > 1)
        raise StudyError(f'the change "{twice}" is given twice')
    for word in words:
        base.with_(word)  # its error names the word
    asked = question or f"What does {' or '.join(words)} change?"
    decide = {"margin": margin, "seeds": "..".join(str(one) for one in grammar.span(seeds))}
    return study_text(asked, base_keys(base), dict(zip(words, words, strict=True)), decide)


def base_keys(base: Recipe | str) -> dict[str, Any]:
    """The keys of a base recipe, which may be in the words of a command line: `simple-nn data=cifar10 epochs=10`."""
    if isinstance(base, Recipe):
        return {"data": base.data, "model": base.model, **base.changes()}
    first, _, rest = base.strip().partition(" ")
    has_model = bool(first) and "=" not in first
    words = rest if has_model else base
    keys = typed(grammar.assignments(words)) if words.strip() else {}
    return {"model": first, **keys} if has_model else keys


def data_text(data: Any) -> str:
    """Data as a recipe writes them: a text as it is, and a data set of a program by the name that it is kept under."""
    return data if isinstance(data, str) else str(data.kept())


def study_text(
    question: str,
    base: Mapping[str, Any],
    variants: Mapping[str, str],
    decide: Mapping[str, Any],
    datasets: Sequence[str] = (),
    *,
    tune: Mapping[str, str] | None = None,
    keep: str = "",
) -> str:
    """A study file."""
    top = {"question": question, **base, **({"data": list(datasets)} if datasets else {})}
    top |= {"keep": keep} if keep else {}
    sections = {"variants": dict(variants), "decide": dict(decide)} | ({"tune": dict(tune)} if tune else {})
    return tomli_w.dumps(top | sections)


def study_name(base: Recipe, changes: Sequence[str]) -> str:
    """A file's name that says what is compared.

    >>> study_name(Recipe.of({}), ["norm=batch", "augment=crop(4)+flip lr=0.1"])
    'simple-nn-phantom-norm-batch-augment-crop-4-flip-lr-0-1'
    """
    text = "-".join([base.model, base.data, *changes])
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text)
    return "-".join(part for part in plain.split("-") if part)[:80].strip("-").lower()
