"""In a real browser: no script runs, nothing is asked for, nothing is wider than the screen, and it prints."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from simulated import simulate, study
from test_page import hostile_page

from ablab.report.page import page
from ablab.study import decide, plan

playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        own = Path(driver.chromium.executable_path)
        found = str(own) if own.is_file() else shutil.which("chromium") or shutil.which("google-chrome")
        if found is None:
            pytest.skip("no Chromium here: playwright install chromium")
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    it = study()
    _, runs, verdicts = simulate(it, breaks=(("wide", 3),))
    texts = {
        "whole": page(it, runs, verdicts),
        "empty": page(it, (), decide(plan(it, "ab"), ()).verdicts),
        "hostile": hostile_page(),
    }
    folder = tmp_path_factory.mktemp("pages")
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["whole", "empty", "hostile"])
def test_the_page_renders_without_a_word_on_the_console_and_fits_the_screen(
    browser: Any, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(pages[name].as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate("typeof window.__pwned") == "undefined"
    assert tab.evaluate("getComputedStyle(document.body).margin") == "0px"  # so the policy let the style sheet in
    light = sum(map(int, tab.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)")))
    assert (light > 600) == (scheme == "light")
    assert said == []
    assert asked == [pages[name].as_uri()]
    context.close()


def test_on_a_phone_the_numbers_of_the_forest_plot_are_within_the_screen(browser: Any, pages: dict[str, Path]) -> None:
    tab = browser.new_page(viewport={"width": 390, "height": 800})
    tab.goto(pages["whole"].as_uri())
    boxes = [element.bounding_box() for element in tab.query_selector_all(".row .numbers, .row .plot svg, .answer p")]
    assert len(boxes) == 4 + 5 + 4
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    tab.close()


def test_the_page_prints(browser: Any, pages: dict[str, Path]) -> None:
    tab = browser.new_page()
    tab.goto(pages["whole"].as_uri())
    assert tab.pdf(format="A4").startswith(b"%PDF")
    tab.close()
