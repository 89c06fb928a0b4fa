"""In a real browser: a study is watched from its start to its stop, and nothing on the way runs, leaks or overflows."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from dashboards import HOSTILE, Dashboard, end, fill, start

import axe
from ablab.store import Store

pytestmark = pytest.mark.browser

PATIENCE = 90_000  # milliseconds: other work may want the cores


@dataclass
class Tab:
    """A page of the browser, and all that it said and asked for."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.page.wait_for_selector(".pulse.good")


def until(claim: Callable[[], bool]) -> None:
    """Wait until something is so. The browser could wait by itself, but only by evaluating text, which is forbidden."""
    end = time.monotonic() + PATIENCE / 1000
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.05)


def opened(browser: Any, it: Dashboard, *, width: int = 1280, scheme: str = "light") -> Tab:
    """A tab that has the cookie."""
    context = browser.new_context(viewport={"width": width, "height": 850}, color_scheme=scheme)
    tab = Tab(context.new_page())
    tab.page.goto(it.url)
    tab.page.wait_for_selector(".pulse.good")
    return tab


def listed(page: Any) -> int:
    """How many runs the list shows."""
    return len(page.query_selector_all(".runs tbody tr"))


def paths(filled: Any) -> list[str]:
    _, planned, runs = filled
    compare = ",".join(run.id for run in runs[:5])
    return ["/", f"/study/{planned.hash}", f"/run/{runs[0].id}", f"/compare?runs={compare}", "/compare"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_fits_the_screen_runs_nothing_hostile_and_asks_nobody_else(
    browser: Any, dashboard: Dashboard, filled: Any, width: int, scheme: str
) -> None:
    tab = opened(browser, dashboard, width=width, scheme=scheme)
    for path in paths(filled):
        tab.open(dashboard.base + path)
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.page.evaluate("typeof window.__pwned") == "undefined"
        light = sum(map(int, tab.page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)")))
        assert (light > 600) == (scheme == "light")
    tab.page.goto(f"{dashboard.base}/study/{filled[1].hash}/report")
    assert HOSTILE in tab.page.inner_text("body")
    assert tab.page.evaluate("typeof window.__pwned") == "undefined"
    assert tab.page.evaluate("getComputedStyle(document.body).margin") == "0px"  # its own style was let in
    assert tab.said == []
    assert {address.startswith((dashboard.base + "/", "data:")) for address in tab.asked} == {True}
    tab.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_against_wcag_aa_on_any_page(
    browser: Any, dashboard: Dashboard, filled: Any, scheme: str
) -> None:
    tab = opened(browser, dashboard, scheme=scheme)
    ids = [run.id for run in filled[2][:2]]
    for path in ("/", f"/study/{filled[1].hash}", f"/run/{ids[0]}", f"/compare?runs={','.join(ids)}"):
        tab.open(dashboard.base + path)
        tab.page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        assert axe.violations(tab.page) == [], path
    tab.page.context.close()


def test_what_a_reader_unfolded_stays_open_when_the_page_is_renewed(
    browser: Any, dashboard: Dashboard, filled: Any
) -> None:
    tab = opened(browser, dashboard)
    tab.open(f"{dashboard.base}/study/{filled[1].hash}")
    tab.page.click("summary:has-text('Recipes')")
    tab.page.evaluate("attributes(document.querySelector('#recipes details'), document.createElement('details'))")
    assert tab.page.locator("#recipes table").is_visible()
    tab.page.context.close()


def test_the_token_leaves_the_address_and_no_script_can_read_the_cookie(browser: Any, dashboard: Dashboard) -> None:
    tab = opened(browser, dashboard)
    assert tab.page.url == dashboard.base + "/"
    assert tab.page.evaluate("document.cookie") == ""
    assert dashboard.token not in tab.page.content()
    tab.page.context.close()


def test_without_the_token_the_browser_gets_nothing(browser: Any, dashboard: Dashboard) -> None:
    context = browser.new_context()
    page = context.new_page()
    assert page.goto(dashboard.base + "/").status == 403
    assert "token" in page.inner_text("body")
    context.close()


def test_the_numbers_on_the_page_are_the_stores(browser: Any, dashboard: Dashboard, filled: Any) -> None:
    tab = opened(browser, dashboard)
    shown = {
        row.get_attribute("data-key"): row.query_selector("td.n b").inner_text()
        for row in tab.page.query_selector_all(".runs tbody tr")
    }
    assert shown == {run.id: f"{100 * run.test.accuracy:.2f}" for run in Store(filled[0]).runs()}
    assert HOSTILE in tab.page.inner_text(".verdicts")
    tab.page.context.close()


def test_filters_act_while_one_types_and_ticks_outlive_an_update(
    browser: Any, dashboard: Dashboard, filled: Any
) -> None:
    tab = opened(browser, dashboard)
    page = tab.page
    batch = next(run for run in filled[2] if run.spec.seed == 1 and "norm" in run.spec.recipe.changes())
    page.check(f'tr[data-key="{batch.id}"] input')
    page.fill('input[name="q"]', "norm=batch")
    until(lambda: listed(page) < 10)
    assert page.url.endswith("?q=norm%3Dbatch")
    assert page.is_checked(f'tr[data-key="{batch.id}"] input')
    page.fill('input[name="q"]', "norm=batch seed=1")
    until(lambda: listed(page) == 1)
    assert page.evaluate("document.activeElement.name") == "q"
    page.fill('input[name="q"]', "")
    until(lambda: listed(page) == 17)
    assert page.is_checked(f'tr[data-key="{batch.id}"] input')
    other = next(run for run in filled[2] if run.id != batch.id)
    page.check(f'tr[data-key="{other.id}"] input')
    page.click("#compare")
    page.wait_for_selector(".panels")
    assert set(page.url.split("runs=")[1].split(",")) == {batch.id, other.id}
    assert tab.said == []
    page.context.close()


def test_the_pointer_on_a_chart_gives_the_values_of_that_epoch(browser: Any, dashboard: Dashboard, filled: Any) -> None:
    tab = opened(browser, dashboard)
    run = filled[2][0]
    tab.open(f"{dashboard.base}/run/{run.id}")
    box = tab.page.query_selector("svg.panel").bounding_box()
    tab.page.mouse.move(box["x"] + box["width"] - 14, box["y"] + 40)
    tab.page.wait_for_selector(".tip:not([hidden])")
    said = tab.page.inner_text(".tip")
    assert f"epoch {len(run.curve)}" in said
    assert f"{100 * run.curve[-1].val_accuracy:.2f} %" in said
    assert f"{100 * run.curve[-1].train_accuracy:.2f} %" in said
    tab.page.context.close()


STUDY = """
question = "Does batch norm help?"
data = "phantom(train=300, test=100)"
train_images = 200
epochs = 3
batch = 50

[variants]
"batch norm" = "norm=batch"

[decide]
margin = 0.5
seeds = "3..4"
"""
RUN = """
import sys, time
from pathlib import Path
from ablab.conduct import run_study
from ablab.study.question.files import read_studies
from ablab.store import Store

path, folder = Path(sys.argv[1]), Path(sys.argv[2])
try:  # so slow that a person could follow
    run_study(
        read_studies(path)[0], Store(folder), show=lambda planned: lambda spec, event: time.sleep(0.4), workers=1
    )
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Dashboard, Any]]:
    """A dashboard that is there before a study begins, and what begins it."""
    store = tmp_path / "store"
    Store(store)
    study = tmp_path / "norm.toml"
    study.write_text(STUDY)
    process, it = start(store)
    begun: list[Any] = []

    def begin() -> Any:
        environment = {**os.environ, "ABLAB_CACHE": str(tmp_path / "cache")}
        begun.append(subprocess.Popen([sys.executable, "-c", RUN, str(study), str(store)], env=environment))
        return begun[-1]

    yield it, begin
    for one in begun:
        one.kill()
        one.wait()
    end(process)


def test_a_study_is_watched_without_reloading_from_its_start_until_the_button_stops_it(
    browser: Any, running: Any
) -> None:
    it, begin = running
    tab = opened(browser, it)
    page = tab.page
    assert "This store has no studies yet" in page.inner_text("main")
    page.evaluate("window.sameDocument = true")
    process = begin()
    page.wait_for_selector(".study.running")
    page.wait_for_selector(".runs .state.running")
    assert page.evaluate("window.sameDocument")

    tab.open(it.base + page.get_attribute(".study h2 a", "href"))
    page.evaluate("window.sameDocument = true")
    page.wait_for_selector(".panel path.running")
    page.wait_for_selector(".seeds td.done")
    done = int(page.inner_text("#done").split()[0])
    until(lambda: int(page.inner_text("#done").split()[0]) > done)
    assert page.evaluate("window.sameDocument")
    shown = {cell.inner_text() for cell in page.query_selector_all(".seeds td.done")}
    assert shown <= {f"{100 * run.test.accuracy:.2f}" for run in Store(it.store).runs()}

    page.click("#stop button")
    assert process.wait(timeout=PATIENCE / 1000) == 130
    page.wait_for_selector(".state.paused")
    assert page.query_selector("#stop") is None
    assert len(Store(it.store).runs()) < 8
    assert list((it.store / "live").iterdir()) == []
    assert tab.said == []
    page.context.close()


def test_a_dashboard_that_is_gone_is_said_and_one_that_forgot_us_too(browser: Any, tmp_path: Path) -> None:
    fill(tmp_path / "store", most=2)
    process, it = start(tmp_path / "store")
    tab = opened(browser, it)
    end(process)
    tab.page.wait_for_selector(".pulse.bad")
    assert "no answer" in tab.page.inner_text("#pulse")
    assert "Studies" in tab.page.inner_text("main")
    tab.page.context.close()
