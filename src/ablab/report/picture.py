"""Picture: a matplotlib figure with its caption and the runs behind it, and its bytes as PNG, SVG or PDF.

Nothing here touches pyplot, so that no figure of a user's changes and none stays behind in memory.
"""

from __future__ import annotations

import functools
import importlib.util
import io
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from ablab.errors import InputError, did_you_mean
from ablab.report.style import INK, LINE, SOFT
from ablab.report.wording import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Format = Literal["png", "svg", "pdf"]
FORMATS: tuple[str, ...] = get_args(Format)
DPI = 150
LETTER = 0.056  # inches: the width of a letter of a caption, a little more than it is on average
ROW = 0.155  # inches from one line of a caption to the next

# All that could change a picture from one user's settings to another's, or from one day to the next.
STYLE: dict[str, Any] = {
    "text.usetex": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT.light,
    "axes.labelcolor": INK.light,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "axes.grid": False,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "xtick.color": SOFT.light,
    "ytick.color": SOFT.light,
    "grid.color": LINE.light,
    "grid.linewidth": 0.8,
    "text.color": INK.light,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "ablab",
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Picture:
    """A figure that may still be changed, with what has to be said of it."""

    figure: Figure = field(repr=False)
    title: str
    caption: str
    runs: tuple[str, ...]  # ids

    def as_bytes(self, format: Format = "png") -> bytes:
        """The picture as a file's content: the same bytes for the same runs. Its metadata have the ids of the runs."""
        out = io.BytesIO()
        with style():
            self.figure.savefig(out, format=format, dpi=DPI, metadata=_metadata(self, format))
        return out.getvalue()

    def _repr_png_(self) -> bytes:
        """What a notebook shows of it."""
        return self.as_bytes("png")


@contextmanager
def style() -> Iterator[None]:
    """Everything drawn and saved inside looks the same, whatever the user's own settings of matplotlib are."""
    check_installed()
    import matplotlib

    plain_settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **STYLE}
    del plain_settings["backend"]
    with matplotlib.rc_context(plain_settings):
        yield


def check_installed() -> None:
    """Raise where there is no matplotlib, with what to type."""
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError("pictures need matplotlib: pip install 'ablab-experiments[figures]'")


def picture_format(name: str) -> Format:
    """The format that the end of a file's name asks for."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    for known in get_args(Format):
        if ending == known:
            return known  # type: ignore[no-any-return]
    raise InputError(f"{name}: the name of a picture must end with .png, .svg or .pdf; {did_you_mean(ending, FORMATS)}")


def blank(width: float, height: float, caption: str) -> tuple[Figure, float]:
    """A figure with room for its parts and, below them, its caption; and the height of the caption in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = textwrap.wrap(plain(caption), int((width - 0.3) / LETTER)) if caption else []
    below = ROW * len(lines) + 0.12 * bool(lines)
    figure = Figure(figsize=(width, height + below))
    FigureCanvasAgg(figure)
    share = below / (height + below)
    figure.set_layout_engine("constrained", rect=(0, share, 1, 1 - share))
    if lines:
        figure.text(
            0.15 / width,
            0.06 / (height + below),
            "\n".join(lines),
            fontsize=8,
            color=SOFT.light,
            va="bottom",
            linespacing=1.3,
        )
    return figure, below


def plain(text: str) -> str:
    """Text from outside as matplotlib can draw it: no formula begins in it, and a sign that no font has becomes ?.

    >>> plain("50 $ and $x^2$"), plain("a 🧪")
    ('50 \\\\$ and \\\\$x^2\\\\$', 'a ?')
    """
    return "".join(c if ord(c) in _drawable() else "?" for c in shown(text)).replace("$", r"\$")


@functools.cache
def _drawable() -> frozenset[int]:
    """The characters of the font that all pictures use, which comes with matplotlib."""
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(font_manager.findfont("DejaVu Sans")).get_charmap())


def _metadata(picture: Picture, format: Format) -> dict[str, Any]:
    """Who made it, what it shows and the runs behind it, in the words that each format has; no date."""
    title, caption, runs = shown(picture.title), shown(picture.caption), "ablab runs: " + " ".join(picture.runs)
    if format == "png":
        return {"Software": "ablab", "Title": title, "Description": caption, "Runs": runs}
    if format == "svg":
        return {"Creator": "ablab", "Title": title, "Description": caption, "Keywords": [runs], "Date": None}
    return {"Creator": "ablab", "Title": title, "Subject": caption, "Keywords": runs, "CreationDate": None}


def pages(pictures: Sequence[Picture], title: str) -> bytes:
    """Pictures as the pages of one PDF, whose metadata have the ids of all their runs."""
    from matplotlib.backends.backend_pdf import PdfPages

    ids = dict.fromkeys(id_ for picture in pictures for id_ in picture.runs)
    out = io.BytesIO()
    with style():
        whole = _metadata(Picture(pictures[0].figure, title, title, tuple(ids)), "pdf")
        with PdfPages(out, metadata=whole) as file:
            for picture in pictures:
                file.savefig(picture.figure, dpi=DPI)
    return out.getvalue()
