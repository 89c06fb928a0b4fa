"""JSON: one object a run, alone in a file, in a list, or one a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ablab.catalogue import mark
from ablab.elsewhere.formats import Record, text_of
from ablab.errors import InputError


@mark("results", "json", suffixes=(".json", ".jsonl"))
def json_lines(path: Path) -> Iterator[Record]:
    """Nested objects are columns with dots: {"metrics": {"accuracy": 0.7}} is metrics.accuracy."""
    text = text_of(path)
    try:
        if path.suffix.lower() == ".jsonl":
            values = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            whole = json.loads(text)
            values = whole if isinstance(whole, list) else [whole]
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: this is not JSON: {error}") from None
    for at, value in enumerate(values, 1):
        if not isinstance(value, dict):
            raise InputError(f"{path}: entry {at} is not an object with names and values")
        yield {"": f"{path}: entry {at}", **dict(flat(value))}


def flat(value: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Names and values, those of an object in it with a dot between; lists are left out.

    >>> dict(flat({"loss": 0.2, "test": {"accuracy": 0.7}}))
    {'loss': 0.2, 'test.accuracy': 0.7}
    """
    for key, each in value.items():
        if isinstance(each, dict):
            yield from flat(each, f"{above}{key}.")
        elif not isinstance(each, list):
            yield f"{above}{key}", "" if each is None else each
