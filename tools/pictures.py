"""The pictures of the pages: `python tools/pictures.py` runs the quickstart in an empty folder and writes docs/img/.

The report and the dashboard are photographed in Chromium, the dashboard while the study goes on. The speed chart shows
figures of benchmarks/RESULTS.md.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ablab.atomic import atomic_write
from ablab.report.style import COLOURS, INK, LINE, PAPER, SOFT

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "img"
WIDTH, HEIGHT = 1280, 900
DONE = 7  # runs of the study, of nine at least, when the dashboard is photographed
FIGURE = re.compile(
    r"^\| `([^`]+)`, ([^|]+) \| ([\d.]+) s \| ([\d.]+) s \| ([\d.]+) \(([\d.]+) to ([\d.]+)\)", re.MULTILINE
)

Speed = tuple[str, float, float, float]  # what is trained; times as fast as the textbook loop, lowest, highest


def main() -> None:
    text = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    atomic_write(OUT / "speed.svg", speed_chart(speeds(text)))
    with tempfile.TemporaryDirectory() as place, browser() as tab:
        folder = Path(place)
        with quickstart(folder) as study, dashboard(folder) as address:
            photograph_dashboard(tab, address, folder)
            if study.wait():
                raise SystemExit("the quickstart failed")
        tab.goto((folder / "reports" / "quickstart.html").as_uri())
        photograph(tab, "report.png", folder)


def speeds(text: str) -> list[Speed]:
    """The figures of the first table about training: each network with its ratio and the range of it."""
    table = text.partition("## Training")[2].partition("\n\n|")[2].partition("\n\n")[0]
    return [
        (f"{network}, {size}", float(ratio), float(low), float(high))
        for network, size, _, _, ratio, low, high in FIGURE.findall(f"|{table}")
    ]


def speed_chart(rows: Sequence[Speed]) -> str:
    """Bars with the range of their repeats, against a textbook loop at 1."""
    step, left, top, wide = 46, 320, 48, 380
    most = max(high for *_, high in rows) * 1.05
    parts = [_text(14, 26, "times as fast as a textbook PyTorch loop, on 2 CPU cores", INK.light, "start")]
    bottom = top + step * len(rows)
    for mark in range(int(most) + 1):
        x = left + wide * mark / most
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="{LINE.light}"/>')
        parts.append(_text(x, bottom + 20, f"{mark}×", SOFT.light, "middle"))
    for at, (name, ratio, low, high) in enumerate(rows):
        y = top + step * at + 10
        first, last, end = (left + wide * value / most for value in (low, high, ratio))
        bar = f'width="{end - left:.1f}" height="26" fill="{COLOURS[1].light}" fill-opacity=".75"'
        whisker = f'y1="{y + 13}" y2="{y + 13}" stroke="{INK.light}" stroke-width="2"'
        parts.append(_text(left - 12, y + 18, name, INK.light, "end"))
        parts.append(f'<rect x="{left}" y="{y}" {bar}/>')
        parts.append(f'<line x1="{first:.1f}" x2="{last:.1f}" {whisker}/>')
        parts.append(_text(last + 8, y + 18, f"{ratio:.1f}", INK.light, "start"))
    size = f'viewBox="0 0 {left + wide + 50} {bottom + 30}" role="img"'
    sheet = f'<rect width="100%" height="100%" fill="{PAPER.light}"/>'
    title = "<title>Speed of training against a textbook loop</title>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{title}{sheet}{"".join(parts)}</svg>\n'


def _text(x: float, y: float, text: str, colour: str, anchor: str) -> str:
    font = 'font-family="system-ui, Arial, sans-serif" font-size="14"'
    return f'<text x="{x:.1f}" y="{y}" {font} fill="{colour}" text-anchor="{anchor}">{text}</text>'


@contextmanager
def browser() -> Iterator[Any]:
    """A page of Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        own = Path(driver.chromium.executable_path)
        path = str(own) if own.is_file() else shutil.which("chromium") or shutil.which("google-chrome")
        chromium = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        chromium.close()


@contextmanager
def dashboard(folder: Path) -> Iterator[str]:
    """The address of a dashboard of the store in a folder, as soon as the study has made it."""
    while not (folder / ".ablab" / "store.sqlite").exists():
        time.sleep(0.5)
    with started(folder, "serve", "--port", "0", "--json", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]


@contextmanager
def quickstart(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The study, run in a folder."""
    with started(folder, "run", "quickstart", stdout=subprocess.DEVNULL) as process:
        yield process


@contextmanager
def started(folder: Path, *words: str, stdout: int) -> Iterator[subprocess.Popen[str]]:
    """A command of ablab in a folder, with a store of its own there; it ends with the block."""
    surroundings = {key: value for key, value in os.environ.items() if key != "ABLAB_STORE"}
    command = [sys.executable, "-m", "ablab", *words]
    with subprocess.Popen(command, cwd=folder, env=surroundings, stdout=stdout, text=True) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.terminate()


def photograph_dashboard(tab: Any, address: str, folder: Path) -> None:
    """Waits until the study has begun and has some runs, then takes the picture of its page."""
    tab.goto(address)
    tab.locator(".study h2 a").first.wait_for(timeout=120_000)
    tab.locator(".study h2 a").first.click()
    tab.locator("#done").wait_for()
    while int(tab.inner_text("#done").split()[0]) < DONE:
        time.sleep(0.5)
    photograph(tab, "dashboard.png", folder)


def photograph(tab: Any, name: str, folder: Path) -> None:
    """One screen of the page; a picture for everybody shows no folder of this machine."""
    text = tab.inner_text("body")
    for place in (folder, ROOT, Path.home(), Path(tempfile.gettempdir())):
        assert str(place) not in text, f"{name} would show {place}"
    tab.screenshot(path=OUT / name)


if __name__ == "__main__":
    main()
