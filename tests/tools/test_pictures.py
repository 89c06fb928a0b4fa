"""The speed chart has the figures of the benchmarks."""

from pathlib import Path
from xml.etree import ElementTree

from pictures import speed_chart, speeds

ROOT = Path(__file__).parents[2]
TABLE = """## Training (`x`)
One machine.

| what | textbook | ours | times as fast | wanted |
|---|---|---|---|---|
| `net`, batch 2, a step | 2.00 s | 0.50 s | 4.0 (3.5 to 4.5) | 5: missed |
| the same, one process a core | | | 6.0 (4.0 x 1.5) | |

| share | found |
|---|---|
| `net`, batch 9 | 1.0 s | 1.0 s | 1.0 (1.0 to 1.0) |
"""


def test_speeds_are_those_of_the_first_table_about_training():
    assert speeds(TABLE) == [("net, batch 2, a step", 4.0, 3.5, 4.5)]


def test_the_chart_that_is_shipped_is_made_of_the_figures_that_are_shipped():
    shipped = (ROOT / "docs" / "img" / "speed.svg").read_text(encoding="utf-8")
    assert shipped == speed_chart(speeds((ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")))
    assert "".join(ElementTree.fromstring(shipped).itertext()).count(", batch ") == 3
