"""Tables: CSV and TSV, as spreadsheets, Weights & Biases and MLflow write them."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from ablab.catalogue import mark
from ablab.elsewhere.charts import chart, is_chart
from ablab.elsewhere.formats import Record, text_of
from ablab.errors import InputError


@mark("results", "table", suffixes=(".csv", ".tsv"))
def table(path: Path) -> Iterator[Record]:
    """A run a row, below a line of heads."""
    text = text_of(path)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    heads = [head for head in reader.fieldnames or [] if head]
    if twice := next((head for head in heads if heads.count(head) > 1), None):
        raise InputError(f'{path}: two columns are called "{twice}"')
    if is_chart(heads):
        yield from chart(path, heads, list(reader))
        return
    try:
        for row in reader:
            if None in row:
                comma = "; if numbers have a decimal comma, write a point" if delimiter == "," else ""
                raise InputError(f"{path}: line {reader.line_num}: more cells than column names{comma}")
            cells = {head: (row[head] or "").strip() for head in heads}
            if any(cells.values()):
                yield {"": f"{path}: line {reader.line_num}", **cells}
    except csv.Error as error:
        raise InputError(f"{path}: line {reader.line_num}: {error}") from None
