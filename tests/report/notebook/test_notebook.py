"""Objects in a notebook: small escaped HTML without scripts, pictures, and progress that changes in its place."""

import dataclasses
import subprocess
import sys
import types
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell
from pictured import result

import ablab
from ablab.errors import InputError
from ablab.events import EpochDone, Finished, Noticed, Started
from ablab.models import Io, build
from ablab.recipe import Recipe
from ablab.records import EpochRow, Measurement, RunSpec
from ablab.report.notebook import html_of, is_notebook, plot, plot_effects, progress
from ablab.report.notebook.live import Progress
from sample_runs import sample_run

HOSTILE = "<script>__pwned=1</script><img src=x onerror=__pwned=1>\"'&\u202e\x1b[31m"
RESULT = result()
ALLOWED = {"div", "p", "b", "bdi", "code", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "pre"}


class Reader(HTMLParser):
    """Checks that only plain elements are there, all closed in order, and keeps the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED
        assert {key for key, _ in attrs} <= {"style", "dir"}
        assert all("url" not in value for _, value in attrs)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def dataset(name: str = "mine") -> ablab.Dataset:
    images = np.zeros((12, 8, 8, 3), np.uint8)
    labels = np.arange(12) % 3
    made = ablab.from_arrays((images, labels), (images[:6], labels[:6]), classes=["a", "b", HOSTILE[:20]])
    return dataclasses.replace(made, name=name, notes=(HOSTILE,))


def everything() -> dict[str, object]:
    verdict = dataclasses.replace(RESULT.decision.verdicts[0], variant=HOSTILE, sentence=HOSTILE)
    return {
        "Dataset": dataset(HOSTILE),
        "Recipe": Recipe(augment="crop(4)", data="<script>.npz"),
        "Run": sample_run(note=HOSTILE),
        "Study": dataclasses.replace(RESULT.study, question=HOSTILE),
        "Result": dataclasses.replace(RESULT, study=dataclasses.replace(RESULT.study, question=HOSTILE)),
        "Verdict": verdict,
        "Table": ablab.inspect(build("simple-nn", Io(3, 32, 32, 10)), (3, 32, 32)),
    }


@pytest.mark.parametrize("kind", list(everything()))
def test_everything_is_shown_as_small_html_in_which_text_is_text(kind):
    html = html_of(everything()[kind])
    assert len(html) < 72_000
    reader = Reader(html)
    assert "<script" not in html
    assert "\u202e" not in html
    assert "\x1b" not in html
    if kind not in ("Recipe", "Table"):
        assert "<script>" in reader.text


@pytest.mark.parametrize("kind", list(everything()))
def test_a_notebook_shows_objects_as_html(kind):
    ablab.load_ipython_extension(shell := InteractiveShell())
    value = everything()[kind]
    data, _ = shell.display_formatter.format(value)
    assert data["text/html"] == html_of(value)


IN_A_NOTEBOOK = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("import sys, ablab; loaded = 'ablab.report.notebook' in sys.modules")
shell.run_cell("from ablab.records import *; recipe = ablab.Recipe(lr=0.3)")
html = shell.display_formatter.format(shell.user_ns["recipe"])[0]["text/html"]
assert f"recipe {shell.user_ns['recipe'].hash}" in html and "0.3" in html, html
assert not shell.user_ns["loaded"]
"""


def test_importing_the_package_in_a_notebook_is_all_that_it_takes():
    done = subprocess.run([sys.executable, "-c", IN_A_NOTEBOOK], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@given(st.text(max_size=60))
def test_any_name_is_only_a_name(name):
    Reader(html_of(dataclasses.replace(sample_run(), note=name)))


def test_what_is_shown_is_what_is_recorded():
    verdict = RESULT.decision.verdicts[0]
    text = Reader(html_of(verdict)).text
    assert f"{verdict.effect:+.2f}" in text
    assert f"{verdict.low:+.2f} to {verdict.high:+.2f}" in text
    assert verdict.sentence in text
    run = sample_run(3, accuracy=0.4321)
    text = Reader(html_of(run)).text
    assert run.id in text
    assert "43.21 % of 200 images" in text
    assert "biased" in Reader(html_of(sample_run(recipe=Recipe(select="test")))).text
    table = everything()["Table"]
    assert f"{table.parameters:,} parameters" in Reader(html_of(table)).text
    text = Reader(html_of(dataset())).text
    assert "12 training, 6 test" in text
    text = Reader(html_of(RESULT)).text
    assert all(one.sentence in text for one in RESULT.decision.verdicts)


def test_long_tables_end_with_how_many_rows_are_left():
    long = dataclasses.replace(everything()["Table"], rows=everything()["Table"].rows[:1] * 250)
    assert "and 50 rows more" in Reader(html_of(long)).text


def test_other_things_are_refused():
    with pytest.raises(InputError, match="a dict has no form for notebooks"):
        html_of({})


@pytest.mark.slow
def test_plots_show_themselves():
    assert ablab.Run.plot  # given by the package, which knows how to draw
    for picture in (plot(sample_run()), plot_effects(RESULT), sample_run().plot(), RESULT.plot_effects()):
        data, _ = DisplayFormatter().format(picture)
        assert data["image/png"].startswith(b"\x89PNG")


class Place:
    """What IPython's display gives back: the place where something was shown."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def display(self, value, *, display_id):
        assert display_id is True
        self.seen.append(value._repr_html_())
        return self

    def update(self, value):
        self.seen.append(value._repr_html_())


STARTED = Started(100, "cpu", "fp32", 2, 90, 10, 2.3, 0.5)


def row(epoch: int, accuracy: float) -> EpochRow:
    return EpochRow(epoch, 0.1, 2.0, 0.2, 2.0 / epoch, accuracy, 0.5)


def test_progress_changes_in_its_place():
    place = Place()
    show = Progress(place.display)
    wanted = RunSpec(Recipe(epochs=2, model="simple-nn"), 7, "fingerprint")
    show(wanted, STARTED)
    show(wanted, EpochDone(row(1, 0.25), True, None))
    show(wanted, Noticed(HOSTILE))
    show(wanted, EpochDone(row(2, 0.375), True, None))
    assert "37.50 %" in Reader(place.seen[-1]).text
    assert "2 of 2" in Reader(place.seen[-1]).text
    show(wanted, Finished(2, Measurement(1.0, 0.3125, 200), b"", False, 1.0, 1.0, None))
    assert len(place.seen) == 5  # one for each event
    last = Reader(place.seen[-1]).text
    assert "31.25 %" in last
    assert "2 of 2" not in last
    assert HOSTILE[:8] in last
    assert "<script" not in place.seen[-1]


def test_progress_of_a_study_has_the_names_of_its_variants_and_counts():
    place = Place()
    show = Progress(place.display, RESULT.plan)
    for wanted in RESULT.plan.wanted[:5]:
        show(wanted, STARTED)
    text = Reader(place.seen[-1]).text
    assert all(name in text for name in ("base", "batch norm", "crop + flip", "dropout", "wide"))
    assert "0 runs trained now; the study starts with 15 and takes 25 at most" in text


def test_a_run_that_goes_no_further_says_why():
    place = Place()
    show = Progress(place.display)
    wanted = RunSpec(Recipe(), 0, "fingerprint")
    show(wanted, STARTED)
    show(wanted, Noticed("loss became nan"))
    assert f"run {wanted.id}: loss became nan" in Reader(place.seen[-1]).text


def test_progress_is_lines_where_there_is_no_notebook(capsys):
    assert not is_notebook()
    show = progress()
    show(RunSpec(Recipe(), 0, "fingerprint"), STARTED)
    assert "100 parameters" in capsys.readouterr().out


def test_progress_is_a_table_in_a_notebook(monkeypatch):
    place = Place()
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(display=place.display))
    assert is_notebook()
    progress(RESULT.plan)(RESULT.plan.wanted[0], STARTED)
    assert RESULT.study.name in Reader(place.seen[0]).text


def test_a_terminal_of_ipython_is_no_notebook(monkeypatch):
    fake = types.SimpleNamespace(get_ipython=lambda: object())
    monkeypatch.setitem(sys.modules, "IPython", fake)
    assert not is_notebook()
