"""A chart as an SVG file that stands alone: title, legend and colours are in it, and any program can read it."""

import importlib.resources
import re
from collections.abc import Iterator, Sequence

from markupsafe import escape

from ablab.report.chart import Images, Line, Lines, Multiples, Surface
from ablab.report.draw.legend import told_apart
from ablab.report.draw.svg.figure import drawing
from ablab.report.draw.svg.parts import Drawing, text
from ablab.report.style import COLOURS, DASHES, named_tones, ramp

EDGE, LINE, ACROSS = 12, 20, 3
ENTRY = 150  # width of an entry of the legend


def css() -> str:
    """How the parts of charts look, in the words of the style sheet of `style`."""
    return (importlib.resources.files(__package__) / "charts.css").read_text("utf-8")


def document(chart: Lines | Surface | Multiples) -> str:
    """The chart with its title, as the text of a file."""
    shown = chart.shown if isinstance(chart, Multiples) else (chart,)
    panels = [(each.heading, drawing(each)) for each in shown if not isinstance(each, Images)]
    columns = max(1, min(len(panels), (chart.columns if isinstance(chart, Multiples) else 0) or ACROSS))
    width = max((panel.width for _, panel in panels), default=ENTRY) + EDGE
    above = LINE * any(heading for heading, _ in panels)
    parts, top = [text(EDGE, 24, chart.title, "start", kind="title")], 36.0
    for row in (panels[at : at + columns] for at in range(0, len(panels), columns)):
        parts += _row(row, width, top, above)
        top += above + max(panel.height for _, panel in row) + EDGE
    lines = told_apart(chart)
    across = max(1, int(columns * width // ENTRY))
    if len(lines) > 1:
        parts += [
            mark for at, line in enumerate(lines) for mark in _entry(line, at % across, top + LINE * (at // across))
        ]
        top += LINE * -(-len(lines) // across)
    box = f'viewBox="0 0 {columns * width + EDGE:g} {top:g}" role="img"'
    label = escape(chart.title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} aria-label="{label}"><title>{label}</title>'
        f'<style>{_flat(css())}</style><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _row(row: Sequence[tuple[str, Drawing]], width: float, top: float, above: float) -> Iterator[str]:
    for at, (heading, panel) in enumerate(row):
        left = EDGE + at * width
        yield text(left + panel.width / 2, top + 12, heading, "middle", kind="heading")
        yield panel.placed(left, top + above)


def _entry(line: Line, place: int, y: float) -> Iterator[str]:
    x = EDGE + place * ENTRY
    look = f'class="mean s{line.style}"' if line.shade is None else f'class="shaded" stroke="{ramp(line.shade)}"'
    yield f'<line {look} x1="{x}" x2="{x + 26}" y1="{y:g}" y2="{y:g}"/>'
    yield text(x + 32, y + 4, line.name, "start")


def _flat(sheet: str) -> str:
    """The style sheet without variables, which many programs that read SVG do not know."""
    known = {f"var(--{name})": tone.light for name, tone in named_tones()}
    sheet = sheet.partition("/* pages alone */")[0]
    rules = []
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet):
        for variable, value in known.items():
            body = body.replace(variable, value)
        if "var(--" not in body:
            rules.append(f"{selectors.strip()}{{{body.strip()}}}")
            continue
        for style, (tone, dash) in enumerate(zip(COLOURS, DASHES, strict=True)):
            # the first word of a selector is the mark, or the group of marks, that has the style
            own = ",".join(re.sub(r"^[^ ]+", rf"\g<0>.s{style}", one.strip()) for one in selectors.split(","))
            dashes = " ".join(f"{part:g}" for part in dash) or "none"
            rules.append(f"{own}{{{body.strip().replace('var(--c)', tone.light).replace('var(--dash)', dashes)}}}")
    return "\n".join(rules)
