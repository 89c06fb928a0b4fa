"""Variants: which runs are of one kind, by a column, by the names of runs, or by the parameters that differ."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ablab.elsewhere.formats import Record
from ablab.elsewhere.names import split
from ablab.errors import InputError

PARAMETERS = ("hparams.", "params.", "config.")  # how columns begin that trackers write parameters into
OWN_NAMES = ("arguments",)  # parameters whose values say themselves what they are
UNSET = "base"  # a run that sets none of the parameters that differ


@dataclass(frozen=True)
class Sides:
    """Variant and seed of each row, and what a reader must know of how they were found."""

    pairs: tuple[tuple[str, str | None], ...]
    told: str  # which column or columns
    seeds: str  # which column said the seeds; empty where none did


def sides_of(
    rows: Sequence[Record], column: str | None, seeds: Sequence[str | None], *, is_given: bool
) -> Sides | None:
    """Sides by the given column; by one with a usual name where it tells runs apart, else by parameters that differ.

    None where there is neither.
    """
    if column is not None and is_given:
        return _by_column(rows, column, seeds, default=_unset(column))
    named = _by_column(rows, column, seeds) if column is not None else None
    if named and _is_told_apart(named):
        return named
    keys = _differing(rows)
    if keys:
        found = tuple(zip((_settings(row, keys) for row in rows), seeds, strict=True))
        by_settings = Sides(found, f"the parameters that differ ({', '.join(keys)})", "")
        if named is None or _is_told_apart(by_settings):
            return by_settings
    return named


def has_parameters(row: Record) -> bool:
    """Whether a tracker wrote parameters into this row."""
    return any(head.startswith(PARAMETERS) for head in row)


def is_repeat(row: Record) -> bool:
    """Whether this is the same call of a program once more, with which ablab checks that results are repeatable."""
    return any(str(row.get(f"{front}repeat", "")).lower() == "true" for front in PARAMETERS)


def _by_column(rows: Sequence[Record], column: str, seeds: Sequence[str | None], default: str = "") -> Sides:
    """The cells of a column. Names such as `bn_seed=3` say variant and seed, unless another column says other seeds."""
    cells = [str(row.get(column, "")).strip() or default for row in rows]
    names = [split(cell) for cell in cells]
    is_said = all(said is not None for _, said in names)
    if is_said and all(seed is None or int(seed or 0) == int(said or 0) for seed, (_, said) in _beside(seeds, names)):
        known = any(seed is not None for seed in seeds)
        return Sides(tuple(names), f'"{column}"', "" if known else column)
    if empty := next((row for row, cell in zip(rows, cells, strict=True) if not cell), None):
        raise InputError(f'{empty[""]}: the variant (column "{column}") is empty')
    return Sides(tuple(zip(cells, seeds, strict=True)), f'"{column}"', "")


def _beside(
    seeds: Sequence[str | None], names: Sequence[tuple[str, str | None]]
) -> list[tuple[str | None, tuple[str, str | None]]]:
    """Seeds of a column beside those in names; a seed that is no whole number is that of no name."""
    whole = [seed if seed is None or seed.isdecimal() else "-1" for seed in seeds]
    return list(zip(whole, names, strict=True))


def _unset(column: str) -> str:
    """What an empty cell of parameters means: the program's own default."""
    return f"{column.partition('.')[2]} not set" if column.startswith(PARAMETERS) else ""


def _is_told_apart(sides: Sides) -> bool:
    """Whether there are several variants, no run twice, and more than a run for some variant."""
    variants = Counter(variant for variant, _ in sides.pairs)
    runs = Counter(pair for pair in sides.pairs if pair[1] is not None)
    return len(variants) > 1 and max(variants.values()) > 1 and max(runs.values(), default=1) == 1


def _differing(rows: Sequence[Record]) -> list[str]:
    """Columns of parameters with several values, neither seeds nor names that each run has alone."""
    heads = dict.fromkeys(head for row in rows for head in row if head.startswith(PARAMETERS))
    found = []
    for head in heads:
        values = Counter(str(row.get(head, "")) for row in rows)
        is_seed = head.rpartition(".")[2].lower().endswith("seed")
        if not is_seed and len(values) > 1 and max(values.values()) > 1:
            found.append(head)
    return found


def _settings(row: Mapping[str, object], keys: Sequence[str]) -> str:
    """What a run sets of the parameters that differ.

    >>> _settings({"params.norm": "batch", "params.width": ""}, ["params.norm", "params.width"])
    'norm=batch'
    """
    given = {key.partition(".")[2]: str(row.get(key, "")) for key in keys}
    shown = [text if name in OWN_NAMES else f"{name}={text}" for name, text in given.items() if text]
    return " ".join(shown) or UNSET
