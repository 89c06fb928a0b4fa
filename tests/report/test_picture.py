"""A picture is the same for the same runs, names its runs, and leaves a user's matplotlib alone."""

import re
import subprocess
import sys
import zlib

import matplotlib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictured import drawn, result

from ablab.errors import InputError
from ablab.report.draw.matplotlib import figure as drawing
from ablab.report.picture import Picture, blank, pages, picture_format, plain, style
from ablab.report.sections.effects import intervals


def small(text: str = "hello", caption: str = "what is seen") -> Picture:
    with style():
        figure, _ = blank(3, 2, caption)
        figure.add_subplot().set_title(plain(text))
    return Picture(figure, "Small", caption, ("0123456789ab", "ba9876543210"))


def test_png_svg_and_pdf_have_the_ids_of_the_runs_and_the_caption():
    picture = small()
    said = drawn(picture).text
    assert said["Runs"] == "ablab runs: 0123456789ab ba9876543210"
    assert said["Description"] == "what is seen"
    svg = picture.as_bytes("svg").decode()
    assert "ablab runs: 0123456789ab ba9876543210" in svg
    pdf = picture.as_bytes("pdf")
    assert pdf.startswith(b"%PDF")
    assert b"ablab runs: 0123456789ab ba9876543210" in pdf


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_same_runs_give_the_same_bytes(form):
    assert small().as_bytes(form) == small().as_bytes(form)


@given(st.text(max_size=30))
def test_any_text_can_be_drawn_as_it_is(text):
    with style():
        figure, _ = blank(2, 1, text)
        figure.text(0, 0, plain(text))
        figure.draw_without_rendering()


def test_a_formula_in_a_name_stays_text():
    with style():
        figure, _ = blank(2, 1, "")
        text = figure.text(0.1, 0.1, plain(r"$\frac{1}{2}$ \$"))
        figure.draw_without_rendering()
        assert text._preprocess_math(text.get_text()) == (r"$\frac{1}{2}$ \$", False)


def test_settings_of_the_users_change_nothing_and_are_left_as_they_were():
    made = result()
    alone = drawing(intervals(made.verdicts, made.runs)).as_bytes()
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "savefig.dpi": 30, "lines.linewidth": 9}):
        assert drawing(intervals(made.verdicts, made.runs)).as_bytes() == alone
        assert matplotlib.rcParams["font.size"] == 20
    assert matplotlib.rcParams["axes.facecolor"] == "white"


@pytest.mark.slow
def test_pyplot_is_never_loaded():
    code = (
        "import sys; sys.path[:0] = ['tests/report']\n"
        "from test_picture import small\n"
        "small().as_bytes('png'); small().as_bytes('pdf')\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_document_has_a_page_for_each_picture_and_the_ids_of_all_runs():
    content = pages([small(), small("two")], "both")
    assert len(re.findall(rb"/Type /Page\b", content)) == 2
    assert b"ablab runs: 0123456789ab ba9876543210" in content
    assert all(
        zlib.decompress(part) for part in re.findall(rb"stream\r?\n(x.*?)\r?\nendstream", content, re.DOTALL)[:1]
    )


@pytest.mark.parametrize(("name", "form"), [("a.png", "png"), ("a.b.SVG", "svg"), (".x.pdf", "pdf")])
def test_the_end_of_a_name_is_the_format(name, form):
    assert picture_format(name) == form


@pytest.mark.parametrize("name", ["a", "a.jpg", "png", "a.png.txt"])
def test_another_end_is_refused_with_what_is_known(name):
    with pytest.raises(InputError, match=r"must end with \.png, \.svg or \.pdf"):
        picture_format(name)


def test_without_matplotlib_one_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'ablab-experiments\[figures\]'"), style():
        pass
