"""Each format against an answer written by hand."""

import json

import pytest

from ablab.report.table import Cell, Head, table, write
from ablab.report.writers import html, text

TABLE = table(
    "verdicts",
    ["variant", "effect >", "verdict"],
    [["base", "", ""], ["a_b & 50%", "-1.50", Cell("hurts", "hurts")]],
    [{"variant": "base", "effect": None}, {"variant": "=a_b & 50%", "effect": -1.5}],
    title="Verdicts",
    caption="Effects in points.",
)


def test_text_has_its_columns_under_each_other_and_numbers_to_the_right():
    assert write(TABLE, "text").splitlines() == [
        "variant    effect  verdict",
        "─────────  ──────  ───────",
        "base",
        "a_b & 50%   -1.50  hurts",
        "",
        "Effects in points.",
    ]


def test_markdown_is_a_table_of_github():
    assert write(TABLE, "markdown").splitlines() == [
        "| variant | effect | verdict |",
        "| --- | ---: | --- |",
        "| base |  |  |",
        r"| a\_b & 50% | -1.50 | hurts |",
        "",
        "Effects in points.",
    ]


def test_latex_is_a_tabular_with_the_lines_of_booktabs():
    assert write(TABLE, "latex").splitlines() == [
        r"% needs \usepackage{booktabs}",
        r"\begin{tabular}{lrl}",
        r"\toprule",
        r"variant & effect & verdict \\",
        r"\midrule",
        r"base &  &  \\",
        r"a\_b \& 50\% & $-$1.50 & hurts \\",
        r"\bottomrule",
        r"\end{tabular}",
        "% Effects in points.",
    ]


def test_csv_has_the_numbers_as_they_were_computed_and_no_formula():
    assert write(TABLE, "csv").splitlines() == ["variant,effect", "base,", "'=a_b & 50%,-1.5"]


def test_json_has_the_records():
    assert json.loads(write(TABLE, "json")) == {
        "what": "verdicts",
        "caption": "Effects in points.",
        "rows": [{"variant": "base", "effect": None}, {"variant": "=a_b & 50%", "effect": -1.5}],
    }


def test_html_has_classes_for_the_style_sheet_and_signs_beside_colours():
    assert write(TABLE, "html").splitlines() == [
        '<div class="scroll" tabindex="0" role="group" aria-label="Verdicts"><table><thead><tr><th>variant</th>'
        '<th class="n">effect</th><th>verdict</th></tr></thead>',
        '<tbody><tr><th class="text" scope="row"><bdi>base</bdi></th><td class="n"><bdi></bdi></td>'
        '<td class="text"><bdi></bdi></td></tr>',
        '<tr><th class="text" scope="row"><bdi>a_b &amp; 50%</bdi></th><td class="n"><bdi>-1.50</bdi></td>'
        '<td class="text"><span class="badge hurts"><span aria-hidden="true">▼</span> hurts</span></td></tr></tbody>'
        "</table></div>",
        '<p class="caption">Effects in points.</p>',
    ]


def test_html_without_a_style_sheet_says_how_it_looks_in_the_elements():
    made = html.write(TABLE, has_sheet=False)
    assert 'class="' not in made
    assert '<td style="text-align:right"><bdi>-1.50</bdi></td>' in made
    assert '<b style="color:#d1553b"><bdi>hurts</bdi></b>' in made


def test_html_has_the_meaning_of_heads_as_a_legend():
    made = html.write(table("t", ["a", Head("sd", is_number=True, meaning="the spread")], [["x", "1"]]))
    assert '<dl class="legend"><div><dt>sd</dt><dd>the spread</dd></div></dl></details>' in made


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//elsewhere", "/\\elsewhere", "x:y", ""])
def test_a_link_to_anything_but_pages_is_no_link(link):
    made = table("t", ["a"], [[Cell("x", link=link)]])
    assert "<a" not in write(made, "html")
    assert "](" not in write(made, "markdown")


def test_a_link_leads_to_a_place_in_the_page_or_a_web_page():
    made = table("t", ["a"], [[Cell("x", link="#runs")], [Cell("y", link='https://a.example/"b"')]])
    assert '<a href="#runs"><bdi>x</bdi></a>' in write(made, "html")
    assert '<a href="https://a.example/&#34;b&#34;">' in write(made, "html")
    assert "[x](#runs)" in write(made, "markdown")
    assert "[y](https://a.example/%22b%22)" in write(made, "markdown")


def test_names_and_values_without_heads_have_no_line_of_heads():
    made = table("facts", ["", ""], [["seed", "7"], ["status", "finished"]])
    assert write(made, "text").splitlines() == ["seed    7", "status  finished"]
    assert "<thead>" not in write(made, "html")
    assert r"\midrule" not in write(made, "latex")


def test_a_terminal_has_colours_only_where_they_are_wanted():
    coloured = text.write(TABLE, has_colours=True).splitlines()
    assert coloured[0] == "\x1b[1mvariant\x1b[0m    \x1b[1meffect\x1b[0m  \x1b[1mverdict\x1b[0m"
    assert coloured[3] == "a_b & 50%   -1.50  \x1b[1;31mhurts\x1b[0m"
    assert "\x1b" not in text.write(TABLE)


def test_on_a_narrow_screen_long_text_is_folded_and_nothing_is_lost():
    name = "a name that is much longer than a screen of forty characters is wide"
    made = text.write(table("t", ["name", "n >"], [[name, "5"]]), width=40).splitlines()
    assert all(len(line) <= 40 for line in made)
    assert made[2].endswith("  5")
    assert "".join(line.removesuffix("5").rstrip() for line in made[2:]).replace(" ", "") == name.replace(" ", "")


def test_on_a_narrow_screen_a_list_keeps_to_one_line_a_row():
    made = text.write(table("t", ["name", "n >"], [["x" * 60, "5"]]), width=40, folds=False).splitlines()
    assert [len(line) for line in made] == [40, 40, 40]
    assert all(line.endswith("…") for line in made)


def test_wide_letters_take_two_places():
    lines = write(table("t", ["name", "n >"], [["学校", "5"], ["ab", "6"]]), "text").splitlines()
    assert lines[2:] == ["学校  5", "ab    6"]


def test_a_link_may_lead_to_a_page_in_a_folder_beside_this_one():
    made = table("t", ["a"], [[Cell("x", link="l2-full/report.html")], [Cell("y", link="x:y/../report.html")]])
    assert '<a href="l2-full/report.html"><bdi>x</bdi></a>' in write(made, "html")
    assert write(made, "html").count("<a ") == 1
