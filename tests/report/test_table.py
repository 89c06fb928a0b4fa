"""A table is checked when it is made, and the folder of writers is the list of formats."""

import pytest

from ablab.errors import InputError
from ablab.report.table import Cell, Head, formats, table, write


def test_a_head_that_ends_in_an_angle_is_above_numbers():
    made = table("runs", ["run", "test >"], [["a1", "62.1 %"]])
    assert made.heads == (Head("run"), Head("test", is_number=True))
    assert made.rows == ((Cell("a1"), Cell("62.1 %")),)


def test_a_row_has_as_many_cells_as_there_are_heads():
    with pytest.raises(ValueError, match="2 cells"):
        table("runs", ["run", "test >"], [["a1"]])


def test_every_format_is_a_file_of_the_folder():
    assert set(formats()) >= {"text", "html", "markdown", "latex", "csv", "json"}


def test_a_format_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(InputError, match='no writer is called "latx": did you mean "latex"'):
        write(table("runs", ["run"], []), "latx")
