"""What a legend tells apart: lines by their names, recipes by their numbers."""

from ablab.report.chart import Chart, Line, Lines, Multiples, Scatter, Single, Spot


def told_apart(chart: Chart) -> tuple[Line, ...]:
    """One line of each name, in their order."""
    found: dict[str, Line] = {}
    for each in _singles(chart):
        for line in each.lines if isinstance(each, Lines) else ():
            if line.name and line.kind in ("mean", "running"):
                found.setdefault(line.name, line)
    return tuple(found.values())


def numbered(chart: Chart) -> tuple[Spot, ...]:
    """The recipes that have a number, in their order."""
    spots = {spot.number: spot for each in _singles(chart) if isinstance(each, Scatter) for spot in each.spots}
    return tuple(spots[number] for number in sorted(spots))


def _singles(chart: Chart) -> tuple[Single, ...]:
    return chart.shown if isinstance(chart, Multiples) else (chart,)
