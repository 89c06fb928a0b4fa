"""Charts as values of a fixed few kinds: what is to be seen, and the numbers behind it. `draw` draws them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Point = tuple[float, float]
LineKind = Literal["mean", "one", "unfinished", "running"]


@dataclass(frozen=True)
class Sheet:
    """What a chart shows, as a table for a spreadsheet."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


@dataclass(frozen=True)
class Axis:
    """What is measured along one side of a chart."""

    label: str
    unit: str = ""
    span: tuple[float, float] | None = None  # as far as the values reach, with a little room, where it is None
    is_log: bool = False
    is_counted: bool = False  # 1, 2, 3, and nothing between them

    def __str__(self) -> str:
        return f"{self.label}, {self.unit}" if self.unit else self.label


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every chart has."""

    name: str  # key: names files, and the figure in a page
    title: str  # the whole of it in a sentence, for screen readers and metadata
    heading: str = ""  # a few words above it
    caption: str = ""  # how to read it
    note: str = ""  # one sentence below it, about this one chart alone
    runs: tuple[str, ...] = ()  # ids of the runs behind it


@dataclass(frozen=True)
class Line:
    """Points that are joined in their order. Values that are not finite leave a gap."""

    name: str
    style: int
    points: tuple[Point, ...]
    kind: LineKind = "mean"
    band: tuple[tuple[float, float, float], ...] = ()  # x with the lowest and highest value there
    selected: float | None = None  # the x that counts, which has a ring
    n: int | None = None  # runs behind it
    shade: float | None = None  # from 0 (dark) to 1, for lines that have an order; it replaces the style


@dataclass(frozen=True, kw_only=True)
class Lines(Common):
    """Values against one quantity, such as an accuracy against the epoch."""

    x_axis: Axis
    y_axis: Axis
    lines: tuple[Line, ...]
    marked: float | None = None  # an x that is pointed out

    def sheet(self) -> Sheet:
        rows = tuple((line.name, line.kind, x, y) for line in self.lines for x, y in line.points)
        return Sheet(("line", "kind", str(self.x_axis), str(self.y_axis)), rows)


@dataclass(frozen=True)
class Whisker:
    """One effect with its interval; None is what is not known yet."""

    name: str
    effect: float | None
    low: float | None
    high: float | None
    word: str = ""  # of the verdict
    n: int = 0  # pairs of seeds
    change: str = ""  # what the variant changes, as one would type it
    digits: int = 2  # decimals that are worth reading
    label: str = ""  # the word with what limits it; empty where nothing does
    is_faint: bool = False  # overtaken by a later one


@dataclass(frozen=True, kw_only=True)
class Intervals(Common):
    """Effects over the band of what is too small to matter: one below the other, or upright from left to right."""

    axis: Axis
    intervals: tuple[Whisker, ...]
    margin: float
    unit: str = "points"  # of effects, in a word
    is_upright: bool = False
    across: str = ""  # what the names of upright intervals are

    def sheet(self) -> Sheet:
        columns = ("variant", "change", "verdict", f"effect, {self.unit}", "low", "high", "pairs", "margin")
        rows = tuple(
            (i.name, i.change, i.label or i.word, i.effect, i.low, i.high, i.n, self.margin) for i in self.intervals
        )
        return Sheet(columns, rows)


@dataclass(frozen=True, kw_only=True)
class HeatMap(Common):
    """A value for each pair of names: percents, or differences in points."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    largest: float  # the value with the full colour
    is_difference: bool = False
    row_label: str = "true class"
    column_label: str = "given class"

    @property
    def unit(self) -> str:
        return "points" if self.is_difference else "%"

    def sheet(self) -> Sheet:
        rows = tuple(
            (row, column, value)
            for row, values in zip(self.rows, self.values, strict=True)
            for column, value in zip(self.columns, values, strict=True)
        )
        return Sheet((self.row_label, self.column_label, self.unit), rows)


@dataclass(frozen=True, kw_only=True)
class Surface(Common):
    """A value at each place of a square grid, with lines of equal value: rows upwards, columns to the right."""

    places: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    x_axis: Axis
    y_axis: Axis
    colour: Axis  # from values to colours

    def sheet(self) -> Sheet:
        rows = tuple(
            (x, y, value)
            for y, values in zip(self.places, self.values, strict=True)
            for x, value in zip(self.places, values, strict=True)
        )
        return Sheet((str(self.x_axis), str(self.y_axis), str(self.colour)), rows)


@dataclass(frozen=True)
class Spot:
    """One recipe: what it costs, and its mean with the interval of that mean where several runs give one."""

    name: str
    number: int  # its place in the list of recipes
    style: int
    x: float
    y: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, kw_only=True)
class Scatter(Common):
    """A value against what it costs, with the front of those that nothing else beats in both."""

    x_axis: Axis
    y_axis: Axis
    spots: tuple[Spot, ...]
    is_better_below: bool = False

    @property
    def front(self) -> tuple[Spot, ...]:
        ordered = sorted(self.spots, key=lambda spot: spot.number)
        gains = [-spot.y if self.is_better_below else spot.y for spot in ordered]
        return tuple(ordered[at] for at in pareto([spot.x for spot in ordered], gains))

    def sheet(self) -> Sheet:
        columns = ("recipe", str(self.x_axis), str(self.y_axis), "low", "high", "runs", "on the Pareto front")
        front = self.front
        return Sheet(columns, tuple((s.name, s.x, s.y, s.low, s.high, s.n, s in front) for s in self.spots))


@dataclass(frozen=True, kw_only=True)
class Bars(Common):
    """Shares of equally wide bins of an axis with a span; the outer two hold all that lies beyond it.

    Heights are square roots, so that rare values can be seen.
    """

    axis: Axis
    shares: tuple[float, ...]
    largest: float  # the share with the full height
    style: int = 0

    def sheet(self) -> Sheet:
        low, high = self.axis.span or (0.0, float(len(self.shares)))
        width = (high - low) / max(len(self.shares), 1)
        rows = tuple((low + at * width, low + (at + 1) * width, share) for at, share in enumerate(self.shares))
        return Sheet(("from", "to", f"share of {self.axis.label}"), rows)


@dataclass(frozen=True)
class Shot:
    """One picture with what is true of it and what was said of it."""

    number: int
    png: bytes
    label: str
    answer: str
    detail: str = ""  # how sure the answers were
    share: float | None = None  # the same as a number, in percent


@dataclass(frozen=True, kw_only=True)
class Images(Common):
    """Pictures that have something in common."""

    shots: tuple[Shot, ...]

    def sheet(self) -> Sheet:
        rows = tuple((shot.number, shot.label, shot.answer, shot.share) for shot in self.shots)
        return Sheet(("test image", "true class", "given class", "probability, %"), rows)


Single = Lines | Intervals | HeatMap | Surface | Scatter | Bars | Images


@dataclass(frozen=True, kw_only=True)
class Multiples(Common):
    """Charts side by side that are read together; None is an empty place."""

    charts: tuple[Single | None, ...]
    columns: int = 0  # as many as there is room for, where it is 0
    by: str = "chart"  # what their headings are
    facts: Mapping[str, Any] | None = None  # for a page's script: what the pointer says, and other axes

    @property
    def shown(self) -> tuple[Single, ...]:
        return tuple(chart for chart in self.charts if chart)

    def sheet(self) -> Sheet:
        """The sheets below each other, under their headings; maps of the same names stand beside each other."""
        maps = [chart for chart in self.shown if isinstance(chart, HeatMap)]
        sheets = [chart.sheet() for chart in self.shown]
        if not sheets:
            return Sheet((), ())
        if len(maps) == len(sheets) and len({(each.rows, each.columns) for each in maps}) == 1:
            columns = (*sheets[0].columns[:2], *(f"{each.heading}, {each.unit}" for each in maps))
            cells = zip(*(sheet.rows for sheet in sheets), strict=True)
            return Sheet(columns, tuple((*row[0][:2], *(cell[2] for cell in row)) for row in cells))
        rows = tuple(
            (chart.heading, *row) for chart, sheet in zip(self.shown, sheets, strict=True) for row in sheet.rows
        )
        return Sheet((self.by, *sheets[0].columns), rows)


Chart = Single | Multiples


def pareto(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """The places of those that nothing else beats: none costs as little and is better. In the order of cost.

    >>> pareto([1, 2, 3, 4], [10, 30, 20, 30])
    [0, 1]
    """
    kept: list[int] = []
    for at in sorted(range(len(costs)), key=lambda at: (costs[at], -values[at])):
        if not kept or values[at] > values[kept[-1]]:
            kept.append(at)
    return kept
