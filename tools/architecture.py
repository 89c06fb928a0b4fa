"""The picture of the rooms and of who imports whom: `python tools/architecture.py` draws it from the imports."""

import ast
import functools
import html
from collections.abc import Iterable, Mapping
from pathlib import Path

from ablab.atomic import atomic_write

SOURCE = Path(__file__).parents[1] / "src" / "ablab"
PICTURE = Path(__file__).parents[1] / "docs" / "img" / "architecture.svg"

# The facts at the bottom import each other and nothing else, and every room may import them.
FACTS = {"errors", "grammar", "domains", "signature", "catalogue", "operations", "recipe", "records", "events", "wire"}
FACTS |= {"recipes", "randomness", "metric", "atomic", "nouns", "own_code", "aliases", "pinned", "version", "trial"}
FACTS |= {"installed", "caches"}
ABOVE_ALL = {"cli", "__init__", "__main__"}
TOP, BOTTOM = "cli", "facts"  # each as one box over the whole width: what may import every room, and the reverse

WIDTH, BOX, HEIGHT, ROW, MARGIN = 1000, 96, 30, 74, 24  # pixels; the last three are heights
SWEEPS = 8  # over the rows, to put a room above those that it imports
STYLE = """
text { font: 12px system-ui, sans-serif; text-anchor: middle; dominant-baseline: central; fill: #1f2937 }
rect { fill: #eef2ff; stroke: #6366f1 } path { fill: none; stroke: #94a3b8 } .facts { fill: #ecfdf5; stroke: #059669 }
@media (prefers-color-scheme: dark) {
  text { fill: #e5e7eb } rect { fill: #1e1b4b } path { stroke: #64748b } .facts { fill: #022c22 } }
"""

Arrows = Mapping[str, set[str]]  # of each room, those that it imports


def room(path: Path) -> str:
    """The folder or the file right below the package that a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> set[str]:
    """The rooms of ours that a file imports, anywhere in it, or names in a string as a module to import."""
    rooms = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "ablab":
            rooms |= {alias.name for alias in node.names}
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += _strings(node)
        rooms |= {name.split(".")[1] for name in names if name.startswith("ablab.")}
    return rooms


def _strings(node: ast.AST) -> list[str]:
    """What `import_module` and `__import__` are given as text; of text with values in it, the part before the first."""
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith(("import_module", "__import__")):
        return []
    texts = [argument.values[0] if isinstance(argument, ast.JoinedStr) else argument for argument in node.args]
    return [text.value for text in texts if isinstance(text, ast.Constant) and isinstance(text.value, str)]


@functools.cache
def imports_of(path: Path) -> set[str]:
    """The rooms that the file at a path imports."""
    return imports(ast.parse(path.read_text(encoding="utf-8")))


def arrows() -> dict[str, set[str]]:
    """What every room imports of the others, without the facts and what stands above all."""
    found: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if (name := room(path)) not in ABOVE_ALL | FACTS:
            found.setdefault(name, set()).update(imports_of(path) - FACTS - {name})
    return found


def levels(of: Arrows) -> dict[str, int]:
    """How many rooms lie below each, one upon the other; 1 for a room that imports facts alone.

    >>> levels({"a": {"b"}, "b": set(), "c": {"a", "b"}})
    {'a': 2, 'b': 1, 'c': 3}
    """
    found: dict[str, int] = {}

    def level(name: str) -> int:
        if name not in found:
            found[name] = 1 + max(map(level, of[name]), default=0)
        return found[name]

    return {name: level(name) for name in of}


def direct(of: Arrows) -> dict[str, set[str]]:
    """The arrows without those that follow from others: a room stands above all that its rooms stand above.

    >>> sorted(direct({"a": {"b", "c"}, "b": {"c"}, "c": set()})["a"])
    ['b']
    """

    def reached(name: str) -> set[str]:
        return of[name].union(*map(reached, of[name]))

    return {name: below - set().union(*map(reached, below)) for name, below in of.items()}


def svg(of: Arrows) -> str:
    """The picture: rooms in rows, with an arrow's line wherever one imports another and no shorter way says so."""
    drawn = direct(of)
    places = _places(levels(of), drawn)
    height = max(down for _, down in places.values()) + HEIGHT + ROW + MARGIN
    lines = [_line(places[name], places[other]) for name in sorted(drawn) for other in sorted(drawn[name])]
    boxes = [_box(name, right, down, BOX) for name, (right, down) in sorted(places.items())]
    commands = _box(TOP, WIDTH / 2, MARGIN, WIDTH - 2 * MARGIN)
    facts = _box(BOTTOM, WIDTH / 2, height - HEIGHT - MARGIN, WIDTH - 2 * MARGIN, ", ".join(sorted(FACTS)))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    about = "<title>The rooms of ablab: each imports those that its lines lead down to, and what these import</title>"
    return "\n".join([head, about, f"<style>{STYLE}</style>", *lines, commands, *boxes, facts, "</svg>\n"])


def _places(level: Mapping[str, int], drawn: Arrows) -> dict[str, tuple[float, float]]:
    """The middle of each box from the left, and its upper edge. A row is ordered by the rooms that its rooms import."""
    rows = [sorted(name for name in level if level[name] == at) for at in range(1, max(level.values()) + 1)]
    above = {name: {other for other in drawn if name in drawn[other]} for name in drawn}
    across = {name: place for row in rows for name, place in _spread(row).items()}
    for sweep in range(SWEEPS):
        near = drawn if sweep % 2 == 0 else above
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = {name: _mean((across[other] for other in near[name]), across[name]) for name in row}
            across |= _spread(sorted(row, key=lambda name: (wanted[name], name)))
    return {name: (across[name], MARGIN + ROW * (1 + len(rows) - level[name])) for name in level}


def _spread(row: list[str]) -> dict[str, float]:
    step = (WIDTH - 2 * MARGIN) / len(row)
    return {name: round(MARGIN + step * (at + 0.5), 1) for at, name in enumerate(row)}


def _mean(values: Iterable[float], otherwise: float) -> float:
    several = list(values)
    return sum(several) / len(several) if several else otherwise


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x, y), (to_x, to_y) = (start[0], start[1] + HEIGHT), end
    return f'<path d="M{x:g} {y:g} C{x:g} {y + ROW / 2:g} {to_x:g} {to_y - ROW / 2:g} {to_x:g} {to_y:g}"/>'


def _box(name: str, middle: float, down: float, width: float, text: str = "") -> str:
    kind = f' class="{BOTTOM}"' if name == BOTTOM else ""
    size = ' style="font-size: 9px"' if text else ""
    label = f'<text x="{middle:g}" y="{down + HEIGHT / 2:g}"{size}>{html.escape(text or name)}</text>'
    return f'<rect x="{middle - width / 2:g}" y="{down:g}" width="{width:g}" height="{HEIGHT}" rx="6"{kind}/>{label}'


if __name__ == "__main__":
    atomic_write(PICTURE, svg(arrows()))
