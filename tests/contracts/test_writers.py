"""What every format of a table keeps to; the subjects are whatever the folder holds."""

import csv
import html.parser
import io
import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablab.report.table import Cell, Table, formats, table, write
from ablab.report.writers import text

HOSTILE = (
    "<script>alert(1)</script>",
    "</td></tr></table>&lt;b&gt;",
    '"onmouseover="alert(1)',
    "a | b \\| c \\",
    "*a* _b_ `c` ~~d~~ [e](javascript:f) $x$ ![g](h)",
    "# title",
    "- item",
    "1. item",
    "50% of $a_b$ & {c} \\input{/etc/passwd} ^^M ~ #",
    "[x] y",
    "=1+1",
    "+1",
    "@SUM(A1)",
    "\tcell",
    "one\ntwo\r\nthree",
    "\x1b[31mred\x07",
    "\u202egnp.exe\u2066",
    "[bold]b[/bold]",
    "a,b;\"c'",
    "naïve 学校 🧪",
)
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30))
LATEX = ("textbackslash", "textasciitilde", "textasciicircum", "cdot", "times", "to", "dots", "textbf")
KINDS = ("", "strong", "code", "faint", "broken", "helps", "hurts", "same", "open")
cells = st.builds(Cell, texts, st.sampled_from(KINDS))


@st.composite
def tables(draw) -> Table:
    width = draw(st.integers(2, 4))
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=4))
    heads = [f"head {at}" + draw(st.sampled_from(["", " >"])) for at in range(width)]
    records = [{f"key {at}": cell.text for at, cell in enumerate(row)} for row in rows]
    return table("made", heads, rows, draw(st.sampled_from([[], records])), draw(texts), draw(texts))


@pytest.mark.parametrize("form", formats())
@given(made=tables())
def test_a_table_is_written_the_same_each_time_with_nothing_that_a_screen_obeys(form: str, made: Table) -> None:
    written = write(made, form)
    assert written == write(made, form)
    assert all(
        unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in written.replace("\n", "").replace("\t", "")
    )
    assert not set(written) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")


@pytest.mark.parametrize("form", formats())
def test_a_table_without_rows_is_written(form: str) -> None:
    assert "made" in write(table("made", ["made", "n >"], []), form)


@pytest.mark.parametrize("form", formats())
def test_numbers_are_found_again(form: str) -> None:
    made = table("t", ["name", "figure >"], [["base", "71.25"]], [{"name": "base", "figure": 71.25}])
    assert "71.25" in write(made, form)


class Elements(html.parser.HTMLParser):
    """The elements of a page, and the texts of its cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


@given(made=tables())
def test_no_text_becomes_an_element_or_an_attribute_of_a_page(made: Table) -> None:
    page = Elements(write(made, "html"))
    assert set(page.tags) <= {"div", "table", "thead", "tbody", "tr", "th", "td", "p", "bdi", "b", "code", "span"}
    assert page.attributes <= {"class", "tabindex", "role", "aria-label", "aria-hidden", "scope", "dir"}
    assert page.tags.count("tr") == len(made.rows) + 1
    assert len(page.cells) == len(made.heads) * (len(made.rows) + 1)


@given(made=tables())
def test_no_text_ends_a_cell_or_starts_markup_in_markdown(made: Table) -> None:
    lines = write(made, "markdown").splitlines()
    grid, rest = lines[: len(made.rows) + 2], lines[len(made.rows) + 2 :]
    for line in grid:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == len(made.heads) + 1
    plain = re.sub(r"\\.", "", "\n".join([*grid, *rest]).replace("**", ""))
    assert not re.search(r"[*_`<\[\]~$]|&#?\w+;", plain)
    assert len(rest) == (2 if made.caption else 0)
    if rest:
        assert not re.match(r"\s*([#>]|[-+*] |[-+*]$|\d+[.)]( |$))", rest[1])


@given(made=tables())
def test_no_text_is_a_command_of_latex(made: Table) -> None:
    lines = write(made, "latex").splitlines()
    assert len(lines) == len(made.rows) + 7 + bool(made.caption)
    for line in lines[3 : 3 + 1] + lines[5 : 5 + len(made.rows)]:
        assert line.endswith(r" \\")
        assert line[0] not in "[*"
        line = line.removesuffix(r" \\")
        assert len(re.findall(r"(?<!\\)&", line)) == len(made.heads) - 1
        commands = set(re.findall(r"\\([a-zA-Z]+|.)", line))
        assert commands <= {*"&%$#_{}", *LATEX}
        bare = re.sub(r"\\.", "", line)
        assert bare.count("{") == bare.count("}")
        assert not set(bare) & set("%#^~")
        assert bare.count("$") % 2 == 0


@given(made=tables())
def test_no_text_is_a_formula_of_a_spreadsheet(made: Table) -> None:
    rows = list(csv.reader(io.StringIO(write(made, "csv"))))
    assert len(rows) == len(made.rows) + 1
    assert all(len(row) == len(made.heads) for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)


@given(made=tables())
def test_json_gives_back_every_text_as_it_was(made: Table) -> None:
    value = json.loads(write(made, "json"))
    assert [list(row.values()) for row in value["rows"]] == [[cell.text for cell in row] for row in made.rows]
    assert value["caption"] == made.caption


@given(made=tables())
def test_text_has_one_line_a_row_and_interprets_no_markup(made: Table) -> None:
    lines = write(made, "text").split("\n")
    assert len(lines[: len(made.rows) + 2]) == len(made.rows) + 2
    assert "[bold]b[/bold]" in write(table("t", ["a"], [["[bold]b[/bold]"]]), "text")


def test_a_row_of_empty_cells_keeps_its_line_in_text() -> None:
    made = table("t", ["a", "b"], [["", ""], [" " * 20, " " * 20], ["x", "y"]])
    assert len(write(made, "text").split("\n")) == 5
    assert len(text.write(made, width=20).split("\n")) == 5
