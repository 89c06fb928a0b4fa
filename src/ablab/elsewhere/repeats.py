"""A variant with one seed twice: an error that names the column which tells the two rows apart."""

from collections.abc import Sequence

from ablab.elsewhere.columns import COURSE, RUNS, Score, is_number, last_word
from ablab.elsewhere.formats import Record
from ablab.errors import InputError


def refuse_repeats(rows: Sequence[Record], scores: Sequence[Score]) -> None:
    """Raise at the first row whose variant and seed another row has before it."""
    first: dict[tuple[str, str], int] = {}
    for at, score in enumerate(scores):
        if score.seed is None:
            continue
        before = first.setdefault((score.variant, score.seed), at)
        if before != at:
            hint = _hint(rows[before], rows[at]) if len(rows) == len(scores) else ""
            raise InputError(f"{score.where}: {score.variant} has seed {score.seed} twice: each seed counts once{hint}")


def _hint(row: Record, other: Record) -> str:
    """What to keep, by the columns in which the two rows differ; figures say nothing about it."""
    differing = [head for head in row if head and row[head] != other.get(head)]
    if course := [head for head in differing if last_word(head) in COURSE]:
        last = last_word(course[0]).removesuffix("s")
        return f". The rows differ in {course[0]}: keep one row for each run, such as that of the last {last}"
    if words := [head for head in differing if not is_number(row[head]) and last_word(head) not in RUNS]:
        head = words[0]
        return f". The rows differ in {head}: keep one row for each run, such as that with {head} {row[head]}"
    return ""
