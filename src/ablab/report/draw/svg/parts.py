"""What all charts in SVG are made of: numbers, text, frames with grids, and the picture around them."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from ablab.report.chart import Axis
from ablab.report.scale import Scale, marks


@dataclass(frozen=True)
class Drawing:
    """A picture that may stand in a page by itself, or inside another one.

    Its parts are made of numbers and escaped names; its title, from outside too, is escaped here.
    """

    kind: str  # class of the picture
    title: str
    width: float
    height: float
    parts: Sequence[str]
    attributes: str = ""

    def markup(self) -> Markup:
        label = escape(self.title)
        head = f'<svg class="{self.kind}" viewBox="0 0 {self.width:g} {self.height:g}" {self.attributes}role="img"'
        return Markup(f'{head} aria-label="{label}"><title>{label}</title>{"".join(self.parts)}</svg>')  # noqa: S704

    def placed(self, x: float, y: float) -> str:
        """The same inside another picture."""
        size = f'width="{self.width:g}" height="{self.height:g}"'
        return f'<svg class="{self.kind}" x="{x:g}" y="{y:g}" {size}>{"".join(self.parts)}</svg>'


@dataclass(frozen=True)
class Frame:
    """Where values lie in a picture."""

    left: float
    top: float
    width: float
    height: float

    def around(self, x_axis: Axis, x: Scale, y_axis: Axis, y: Scale) -> Iterator[str]:
        """Grid and numbers: x and y are scales in the whole picture."""
        right, bottom = self.left + self.width, self.top + self.height
        for value, label in marks(y_axis, (y.low, y.high)):
            at = number(y(value))
            yield f'<line class="grid" x1="{self.left:g}" x2="{right:g}" y1="{at}" y2="{at}"/>'
            yield text(self.left - 6, y(value), label, "end", dy=4)
        yield '<g class="across">'
        for value, label in marks(x_axis, (x.low, x.high)):
            yield text(x(value), bottom + 18, label, "middle")
        yield "</g>"
        yield text(self.left + self.width / 2, bottom + 35, str(x_axis), "middle", kind="along")
        yield f'<line class="axis" x1="{self.left:g}" x2="{right:g}" y1="{bottom:g}" y2="{bottom:g}"/>'


def text(x: float, y: float, words: str, anchor: str, *, dy: int = 0, kind: str = "") -> str:
    look = f'class="{kind}" ' if kind else ""
    down = f'dy="{dy}" ' if dy else ""
    return f'<text {look}x="{number(x)}" y="{number(y)}" {down}text-anchor="{anchor}">{escape(words)}</text>'


def number(value: float, decimals: int = 1) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{value} has no place in a picture")
    # browsers keep coordinates as 32-bit floats; what is far outside the frame may lie anywhere far outside
    return f"{round(max(-1e6, min(1e6, value)), decimals) + 0.0:.{decimals}f}".rstrip("0").rstrip(".")


def path(points: Iterable[tuple[float, float]]) -> str:
    return "L".join(f"{number(x)} {number(y)}" for x, y in points)


def sample(style: int) -> Markup:
    """The line of a style, for a legend."""
    line = f'<line class="mean s{style}" x1="1" x2="33" y1="6" y2="6"/>'
    return Markup(f'<svg class="sample" width="34" height="12" aria-hidden="true">{line}</svg>')  # noqa: S704 (an int)
