"""Studies of a command stand among the others on the dashboard, with their verdicts and what failed trials printed."""

import dataclasses

import pytest
from dashboards import HOSTILE, end, start

from ablab.store import Store
from ablab.store.trials import keep, lock
from ablab.track import Activity, tracking
from ablab.trial import LockedTrials
from ablab.trials.kept import kept
from ablab.trials.plan import plan
from sample_trials import outcomes, study

BASE, BETTER = [10.0, 12.0, 11.0], [15.0, 17.2, 16.1]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A dashboard of a store with a study that is decided, one of which a trial failed, and one that is damaged."""
    folder = tmp_path_factory.mktemp("programs")
    store = Store(folder)
    good = dataclasses.replace(study(), question="Does the flag help?", name="good")
    bad = dataclasses.replace(study(("c",)), question=f"{HOSTILE} Is it bad?", name="bad")
    for at, asked in enumerate((good, bad)):
        lock(store, kept(plan(asked), f"2026-01-0{at + 1}"))
    for outcome in outcomes(good, {"": BASE, "--b": BETTER}).values():
        keep(store, outcome)
    for outcome in outcomes(bad, {"--c": [None]}, errors=f"Traceback: {HOSTILE}", note="exit code 3").values():
        keep(store, outcome)
    lock(store, LockedTrials("f" * 12, "other", "{}", 0, "2025-01-01"))
    process, dashboard = start(folder)
    yield dashboard, plan(good), plan(bad)
    end(process)


@pytest.mark.slow
def test_the_list_has_them_with_their_verdicts_the_newest_in_front(served):
    dashboard, good, bad = served
    assert dashboard.studies == 3
    page = dashboard.ask("/").text
    assert page.index(bad.hash) < page.index(good.hash)
    assert "Does the flag help?" in page
    assert "+5.10" in page
    assert "6 trials of 6 to 20" in page
    assert "its text does not lead to plan ffffffffffff" in page
    assert HOSTILE not in page


@pytest.mark.slow
def test_the_page_of_one_has_verdicts_effects_trials_and_what_was_called(served):
    dashboard, good, bad = served
    page = dashboard.ask(f"/study/{good.hash}").text
    for text in (
        "b helps: +5.10 (",
        "decided",
        'id="effects"',
        "python train.py --seed {seed} {args}",
        "What was called",
    ):
        assert text in page
    page = dashboard.ask(f"/study/{bad.hash}").text
    assert "exit code 3" in page
    assert "Traceback: &lt;script&gt;" in page
    assert HOSTILE not in page
    assert "paused" in page
    report = dashboard.ask(f"/study/{good.hash}/report")
    assert "What to write" in report.text
    assert report.headers["Content-Security-Policy"].startswith("sandbox")
    assert dashboard.ask("/study/ffffffffffff").status == 404


@pytest.mark.slow
def test_one_that_is_running_can_be_asked_to_stop(served):
    dashboard, good, _ = served
    activity = Activity(dashboard.store, good.hash, "good", dashboard.store / "good.toml", good.wanted, good.most)
    with tracking((), activity, lambda _spec, _event: None):
        assert "Stop this study" in dashboard.ask(f"/study/{good.hash}").text
        asked = dashboard.ask(f"/study/{good.hash}/stop", "POST", Origin=dashboard.base)
        assert (asked.status, asked.headers["Location"]) == (303, f"/study/{good.hash}")
        assert "Stopping the current trials." in dashboard.ask(f"/study/{good.hash}").text
