"""In a real browser: what can be pointed at says what the store says, hostile names run nothing, and it prints."""

import csv
import io
import json
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from detailed import detailed, pictures
from hostile import HOSTILE, hostile_page
from simulated import TEXT, result, simulate, study

import axe
from ablab.report.page import page
from ablab.report.words import WORDS
from ablab.study import decide, plan

pytestmark = pytest.mark.browser

playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    it = study()
    _, runs, verdicts = simulate(it, breaks=(("wide", 3),))
    rich, its_runs, its_verdicts, data = detailed()
    two = study(text=TEXT.split('"dropout"')[0] + '[decide]\nseeds = "3..5"\n')
    _, some, answers = simulate(two)
    rates = ", ".join(f"{at / 1000}" for at in range(1, 11))
    ten = study(text=f'{TEXT.split("[variants]")[0]}[grid]\nlr = [{rates}]\n[decide]\nseeds = "3..5"\n')
    ten, many, ends, data = detailed(ten, gains={})
    texts = {
        "whole": page(result(it, runs, verdicts)),
        "empty": page(result(it, (), decide(plan(it, "ab"), ()).verdicts)),
        "hostile": hostile_page(),
        "detailed": page(result(rich, its_runs, its_verdicts, data=data), pictures()),
        "brief": page(result(two, some, answers)),
        "ten": page(result(ten, many, ends, data=data), pictures()),
    }
    folder = tmp_path_factory.mktemp("pages")
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


class Tab:
    """A page that is open, and all that it said and asked for."""

    def __init__(self, browser: Any, path: Path, *, is_unfolded: bool = True, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.address = path.as_uri()
        folder = self.page.locator(".contents button")
        if is_unfolded and folder.count():
            folder.click()

    def check(self) -> None:
        """Nothing was executed that is not ours, nothing was said, nothing was asked for."""
        assert self.page.evaluate("typeof window.__pwned") == "undefined"
        assert self.said == []
        assert [url for url in self.asked if not url.startswith(("data:", "blob:"))] == [self.address]

    def saved(self, figure: str, kind: str) -> bytes:
        with self.page.expect_download(timeout=15_000) as waiting:
            self.page.click(f'figure[data-figure="{figure}"] .tools button:text-is("{kind}")')
        assert waiting.value.suggested_filename.endswith(f"-{figure}.{kind.lower()}")
        return Path(waiting.value.path()).read_bytes()


@pytest.fixture
def opened(browser: Any, pages: dict[str, Path]) -> Iterator[Callable[..., Tab]]:
    tabs: list[Tab] = []

    def open_(name: str, **options: Any) -> Tab:
        tabs.append(Tab(browser, pages[name], **options))
        return tabs[-1]

    yield open_
    for tab in tabs:
        tab.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["whole", "empty", "hostile", "detailed"])
def test_the_page_renders_without_a_word_on_the_console_and_fits_the_screen(
    opened: Callable[..., Tab], name: str, width: int, scheme: str
) -> None:
    tab = opened(name, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    # so the policy let the style sheet in
    assert tab.page.evaluate("getComputedStyle(document.body).margin") == "0px"
    light = sum(map(int, tab.page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)")))
    assert (light > 600) == (scheme == "light")
    tab.check()


def test_on_a_phone_the_numbers_of_the_forest_plot_are_within_the_screen(opened: Callable[..., Tab]) -> None:
    tab = opened("whole", viewport={"width": 390, "height": 800}).page
    boxes = [element.bounding_box() for element in tab.query_selector_all(".row .numbers, .row .plot svg, .answer p")]
    assert len(boxes) == 4 + 5 + 4
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)


def test_without_script_the_page_says_the_same(opened: Callable[..., Tab]) -> None:
    texts = []
    for is_on in (True, False):
        tab = opened("detailed", is_unfolded=False, java_script_enabled=is_on).page
        tab.emulate_media(media="print")  # everything is unfolded there, and no button is shown
        texts.append(" ".join(tab.locator("main").inner_text().split()))
    assert texts[0] == texts[1]


def test_the_first_screen_has_the_question_the_answers_the_effects_and_what_to_write(
    opened: Callable[..., Tab],
) -> None:
    tab = opened("brief", is_unfolded=False).page
    parts = ("h1", ".answer", ".forest", "#to_write h2", "#to_write p")
    tops = {name: tab.locator(name).first.bounding_box()["y"] for name in parts}
    assert sorted(tops, key=lambda name: tops[name]) == list(parts)
    assert all(top < 850 for top in tops.values())


def test_a_study_of_ten_variants_is_below_8000_pixels_before_anything_is_unfolded(opened: Callable[..., Tab]) -> None:
    tab = opened("ten", is_unfolded=False).page
    height = "document.documentElement.scrollHeight"
    folded = tab.evaluate(height)
    assert folded < 8000
    tab.click("text=Unfold all")
    assert tab.evaluate(height) > 2 * folded
    tab.click("text=Fold all")
    assert tab.evaluate(height) == folded


@pytest.mark.parametrize("has_script", [True, False])
def test_a_link_of_the_contents_unfolds_its_section_and_the_contents_stay(
    opened: Callable[..., Tab], has_script: bool
) -> None:
    tab = opened("detailed", is_unfolded=False, java_script_enabled=has_script).page
    table = tab.locator("#recipes table")
    assert table.is_hidden()
    tab.click(".contents >> text=Recipes")
    assert table.is_visible()
    assert table.bounding_box()["y"] < 800
    contents = tab.locator(".contents").bounding_box()
    assert contents["y"] == 0
    assert tab.locator("#recipes h2").bounding_box()["y"] >= 0
    assert tab.locator("#runs table").is_hidden()


def test_on_a_phone_the_contents_are_a_bar_that_stays(opened: Callable[..., Tab]) -> None:
    tab = opened("detailed", is_unfolded=False, viewport={"width": 390, "height": 800}).page
    tab.click(".contents >> text=Recipes")
    bar = tab.locator(".contents").bounding_box()
    assert (bar["y"], bar["width"]) == (0, 390)
    assert bar["height"] < 60
    assert tab.locator("#recipes h2").bounding_box()["y"] >= bar["height"]


def test_without_script_paper_has_what_is_folded(opened: Callable[..., Tab]) -> None:
    tab = opened("detailed", is_unfolded=False, java_script_enabled=False).page
    before = tab.evaluate("document.documentElement.scrollHeight")
    tab.emulate_media(media="print")
    assert tab.locator("#recipes table").is_visible()
    assert tab.evaluate("document.documentElement.scrollHeight") > 2 * before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["whole", "empty", "detailed"])
def test_axe_finds_nothing_against_wcag_aa(opened: Callable[..., Tab], name: str, scheme: str) -> None:
    assert axe.violations(opened(name, color_scheme=scheme).page) == []


def pointed(tab: Any, panel: int, share: float) -> list[list[str]]:
    """The cells of the note when the pointer is at a share of a panel's frame."""
    svg = tab.locator("svg.panel").nth(panel)
    svg.scroll_into_view_if_needed()
    box = svg.bounding_box()
    tab.mouse.move(box["x"] + box["width"] * (44 + 7 + share * 372) / 440, box["y"] + box["height"] * 0.4)
    rows = tab.locator(".pop tr").all()
    return [[cell.inner_text().strip() for cell in row.locator("th, td").all()] for row in rows]


def test_pointing_at_the_curves_says_the_means_of_the_store(opened: Callable[..., Tab]) -> None:
    it, runs, _, _ = detailed()
    tab = opened("detailed")
    for epoch in (1, 7, 12):
        head, *rows = pointed(tab.page, 0, (epoch - 1) / 11)
        assert head == [f"epoch {epoch}", "Validation accuracy, %", "n"]
        named = {it.base.hash: "base", **{variant.recipe.hash: variant.name for variant in it.variants}}
        for name, mean, n in rows:
            seen = [100 * run.curve[epoch - 1].val_accuracy for run in runs if named[run.spec.recipe.hash] == name]
            assert float(mean) == pytest.approx(math.fsum(seen) / len(seen), rel=1e-3)
            assert int(n) == len(seen) == 5
        assert [row[0] for row in rows] == list(named.values())
        assert tab.page.locator(".cross line").count() == 1
        assert tab.page.locator(".cross circle").count() == 5
    tab.page.mouse.move(5, 5)
    assert tab.page.locator(".pop").is_hidden()
    tab.check()


def test_the_keyboard_walks_along_the_curves(opened: Callable[..., Tab]) -> None:
    tab = opened("detailed")
    for _ in range(200):
        tab.page.keyboard.press("Tab")
        if tab.page.evaluate("document.activeElement.matches('svg.panel')"):
            break
    first = tab.page.locator(".pop th").first
    assert first.inner_text() == "epoch 12"
    tab.page.keyboard.press("ArrowLeft")
    assert first.inner_text() == "epoch 11"
    tab.page.keyboard.press("Home")
    assert first.inner_text() == "epoch 1"
    tab.page.keyboard.press("Escape")
    assert tab.page.locator(".pop").is_hidden()
    tab.check()


def test_the_axis_can_be_switched_to_seconds_and_flops_and_back(opened: Callable[..., Tab]) -> None:
    it, runs, _, _ = detailed()
    tab = opened("detailed")
    wide = tab.page.locator("svg.panel").first.locator("path.mean.s4")
    was = wide.get_attribute("d")
    tab.page.click("button:text-is('FLOPs')")
    names = set(tab.page.locator("svg.panel .along").all_text_contents())
    assert names == {"training, FLOPs"}
    last = [float(path.rsplit("L", 1)[1].split()[0]) for path in (was, wide.get_attribute("d"))]
    assert last[0] == pytest.approx(last[1], abs=0.2)  # the widest network takes most, so it ends the axis
    base = tab.page.locator("svg.panel").first.locator("path.mean.s0").get_attribute("d")
    place = float(base.rsplit("L", 1)[1].split()[0])
    assert (place - 7) / 372 == pytest.approx(716_328 / 1_922_832, abs=2e-3)
    head, *rows = pointed(tab.page, 0, 1.0)
    macs = next(run.cost.macs for run in runs if run.spec.recipe == it.variants[3].recipe)
    assert head[0] == f"training, FLOPs {6 * macs * 9000 * 12 / 1e12:.4g}T"
    assert rows[4][1].endswith("(epoch 12)")
    tab.page.click("button:text-is('seconds')")
    assert float(pointed(tab.page, 1, 1.0)[0][0].split()[-1]) == pytest.approx(12 * 3.1, abs=0.1)
    tab.page.click("button:text-is('epochs')")
    assert wide.get_attribute("d") == was
    assert tab.page.locator("svg.panel .along").first.inner_html() == "epoch"
    tab.check()


def test_variants_can_be_switched_off_and_on_with_the_keyboard(opened: Callable[..., Tab]) -> None:
    tab = opened("detailed")
    button = tab.page.locator(".curves .key button").nth(1)
    button.focus()
    tab.page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "false"
    assert all(one.is_hidden() for one in tab.page.locator(".panel .s1").all())
    assert tab.page.locator(".panel path.mean.s2").first.is_visible()
    assert "batch norm" not in [row[0] for row in pointed(tab.page, 0, 0.5)]
    button.focus()
    tab.page.keyboard.press("Space")
    assert button.get_attribute("aria-pressed") == "true"
    assert tab.page.locator(".panel path.mean.s1").first.is_visible()
    tab.check()


def test_a_word_is_explained_under_the_pointer_and_in_focus(opened: Callable[..., Tab]) -> None:
    tab = opened("detailed")
    word = tab.page.locator("abbr:text-is('effect (pp)')").first
    word.hover()
    said = WORDS["effect"]
    assert tab.page.locator(".pop").inner_text() == said
    tab.page.mouse.move(5, 5)
    assert tab.page.locator(".pop").is_hidden()
    word.focus()
    assert tab.page.locator(".pop").inner_text() == said
    assert word.get_attribute("aria-description") == said


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_the_data_of_the_curves_are_saved_with_every_run_and_epoch(opened: Callable[..., Tab]) -> None:
    it, runs, _, _ = detailed()
    rows = rows_of(opened("detailed").saved("curves", "CSV"))
    assert len(rows) == 25 * 12 + 5 * 12
    saved = {(row["recipe"], row["seed"], row["epoch"]): float(row["Validation accuracy, %"]) for row in rows}
    base = [run for run in runs if run.spec.recipe == it.base]
    for run in base:
        for row in run.curve:
            found = saved["base", str(run.spec.seed), str(row.epoch)]
            assert found == pytest.approx(100 * row.val_accuracy, rel=1e-4)


def test_the_data_of_the_effects_are_those_of_the_verdicts(opened: Callable[..., Tab]) -> None:
    _, _, verdicts, _ = detailed()
    rows = rows_of(opened("detailed").saved("effects", "CSV"))
    assert [row["variant"] for row in rows] == [verdict.variant for verdict in verdicts]
    for row, verdict in zip(rows, verdicts, strict=True):
        assert float(row["effect, points"]) == pytest.approx(verdict.effect, rel=1e-4)
        assert (row["verdict"], int(row["pairs"])) == (verdict.word, verdict.pairs)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_figure_can_be_saved_as_a_picture_that_stands_alone(opened: Callable[..., Tab], scheme: str) -> None:
    tab = opened("detailed", color_scheme=scheme)
    figures = figures_of(tab)
    assert len(figures) >= 10
    for at, figure in enumerate(figures if scheme == "light" else figures[:2]):
        if at % 5 == 4:  # a browser may ask before it takes more than ten files from one page
            tab.check()
            tab = opened("detailed", color_scheme=scheme)
        text = tab.saved(figure, "SVG").decode()
        root = ElementTree.fromstring(text)
        assert "var(" not in text
        assert not re.search(r'\b(class|style|on\w+)="', text)
        assert float(root.get("width", "0")) > 300
        rect = root.find("{*}rect")
        assert rect is not None
        assert re.findall(r"\d+", rect.get("fill", ""))[0] == ("253" if scheme == "light" else "21")
        png = tab.saved(figure, "PNG")
        assert png.startswith(b"\x89PNG")
        assert len(png) > 5000
    words = " ".join("".join(one.itertext()) for one in ElementTree.fromstring(tab.saved("effects", "SVG")).iter())
    assert "batch norm" in words
    tab.check()


def figures_of(tab: Tab) -> list[str]:
    return list(tab.page.eval_on_selector_all("figure[data-figure]", "all => all.map((one) => one.dataset.figure)"))


def test_a_spreadsheet_takes_no_name_for_a_formula_and_names_are_whole(opened: Callable[..., Tab]) -> None:
    tab = opened("hostile")
    content = tab.saved("effects", "CSV")
    assert [row["variant"] for row in rows_of(content)] == list(HOSTILE)
    quoted = tab.page.evaluate("[cell('=1+1'), cell('-2'), cell(-2), cell('a\"b'), cell(null)]")
    assert quoted == ['"\'=1+1"', '"\'-2"', "-2", '"a""b"', ""]


def test_hostile_names_are_shown_pointed_at_and_saved_and_run_nothing(opened: Callable[..., Tab]) -> None:
    tab = opened("hostile")
    names = [row[0] for row in pointed(tab.page, 0, 0.5)[1:]]
    assert names == ["base", *HOSTILE[:5]]
    for unit in ("seconds", "epochs"):
        tab.page.click(f".curves >> nth=0 >> button:text-is('{unit}')")
    tab.page.locator(".curves .key button").nth(2).click()
    for figure in ("effects", "curves-1", "confusion-1", "images-1"):
        ElementTree.fromstring(tab.saved(figure, "SVG"))
        tab.saved(figure, "PNG")
    embedded = json.loads(tab.page.locator("#ablab-runs").inner_html())
    assert embedded["runs"][0]["machine"]["name"] == HOSTILE[1]
    tab.page.wait_for_timeout(200)
    tab.check()


@pytest.mark.parametrize("name", ["detailed", "hostile"])
def test_on_paper_no_table_is_cut_off_and_no_button_is_left(opened: Callable[..., Tab], name: str) -> None:
    tab = opened(name, viewport={"width": 718, "height": 1000})  # A4 without Chromium's margins
    tab.page.emulate_media(media="print")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 718
    cut = tab.page.eval_on_selector_all(
        ".scroll", "all => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.ariaLabel)"
    )
    assert cut == []
    assert tab.page.locator(".tools:visible, .switch:visible, .pop:visible").count() == 0
    assert tab.page.pdf(format="A4").startswith(b"%PDF")


def test_a_finger_that_is_lifted_leaves_the_values_until_it_taps_elsewhere(opened: Callable[..., Tab]) -> None:
    tab = opened("detailed", viewport={"width": 390, "height": 800}, has_touch=True)
    tab.page.locator("svg.panel").first.tap()
    assert tab.page.locator(".pop th").first.inner_text().startswith("epoch ")
    box = tab.page.locator(".pop").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    tab.page.locator("h2:text-is('Curves')").tap()
    assert tab.page.locator(".pop").is_hidden()
    tab.page.locator("abbr:text-is('n')").first.tap()
    assert tab.page.locator(".pop").inner_text().startswith("seed pairs")
    tab.check()
