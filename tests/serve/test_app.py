"""The pages say what the store says, change when it changes, and change nothing in it."""

import dataclasses
import hashlib
import html
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dashboards import FINGERPRINT, HOSTILE, end, fill, start
from simulated import run as trained
from simulated import study

from ablab.events import EpochDone, Started
from ablab.records import StudyText
from ablab.serve.snapshot import Shelf
from ablab.store import Store
from ablab.study import decide, plan
from ablab.study.question.rates import FIRST
from ablab.study.tuning import trials_wanted, tuned
from ablab.study.verdict import signed
from ablab.track import Activity, tracking
from ablab.track.progress import is_stop_requested
from commands import ablab
from sample_runs import sample_run

TUNED = """question = "Does batch norm help at its own rate?"
data = "phantom"
model = "simple-nn"
lr = 0.1
epochs = {epochs}
tune = { lr = "auto" }
[variants]
"batch norm" = "norm=batch"
[decide]
seeds = "3..3"
"""


def words(text: str) -> str:
    """What a person reads of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def decided(filled):
    _, planned, runs = filled
    data = Store(filled[0]).data(FINGERPRINT)
    return decide(planned, runs, labels=data.labels)


@pytest.mark.slow
def test_the_list_has_every_study_and_run_with_the_stores_numbers(dashboard, filled):
    page = dashboard.ask("/").text
    for run in filled[2]:
        row = next(row for row in re.findall(r"<tr data-key.*?</tr>", page, re.DOTALL) if run.id in row)
        assert f"{100 * run.test.accuracy:.2f}" in words(row)
        assert f" {run.spec.seed} finished" in words(row)
    assert f"17 runs of {len(filled[1].wanted)} to {len(filled[1].most)}" in words(page)


def test_a_study_shows_the_verdicts_that_its_runs_allow(dashboard, filled):
    page = words(dashboard.ask(f"/study/{filled[1].hash}").text)
    for verdict in decided(filled).verdicts:
        assert verdict.sentence in page
        assert f"{signed(verdict.effect)} {signed(verdict.low)} to {signed(verdict.high)}" in page
    assert "paused" in page


def test_every_look_is_drawn(dashboard, filled):
    page = dashboard.ask(f"/study/{filled[1].hash}").text
    verdicts = decided(filled).verdicts
    assert page.count('<g class="look') == sum(len(verdict.looks) for verdict in verdicts)
    assert page.count('<g class="look now"') == len(verdicts)


def test_a_run_shows_its_curve_recipe_and_confusion_matrix(dashboard, filled):
    run = filled[2][0]
    page = dashboard.ask(f"/run/{run.id}").text
    assert "averaged over the seeds" not in page
    assert "variant minus base" not in page
    (values,) = re.findall(r'data-name="Validation accuracy" data-unit="%" data-values="([^"]*)"', page)
    assert [float(pair.split(":")[1]) for pair in values.split()] == pytest.approx(
        [100 * row.val_accuracy for row in run.curve], rel=1e-5
    )
    assert run.spec.recipe.toml().strip() in html.unescape(page)
    cells = [float(cell) for cell in re.findall(r"<title>[^<]* (?:right|taken for [^<]*): ([\d.]+) %</title>", page)]
    labels = Store(filled[0]).data(FINGERPRINT).labels
    counted = [0] * 9
    for truth, answer in zip(labels, run.predictions, strict=True):
        counted[3 * truth + answer] += 1
    rows = [sum(counted[at - at % 3 :][:3]) for at in range(9)]
    assert cells == pytest.approx([100 * count / row for count, row in zip(counted, rows, strict=True)], abs=0.06)


def test_runs_side_by_side_show_what_their_recipes_differ_in_and_nothing_else(dashboard, filled):
    _, planned, runs = filled
    study = planned.study
    a = next(run for run in runs if run.spec.recipe == study.base and run.spec.seed == 0)
    b = next(run for run in runs if run.spec.recipe == study.variants[0].recipe and run.spec.seed == 0)
    page = dashboard.ask(f"/compare?runs={a.id},{b.id}").text
    table = page.split("What differs")[1]
    assert re.findall(r'<tr data-key="([^"]*)"', table) == ["norm"]
    assert "norm none batch" in words(table)
    assert page.count('<path class="mean s') == 2 * 4


def test_the_boxes_of_the_list_lead_to_the_comparison(dashboard, filled):
    a, b = filled[2][:2]
    answer = dashboard.ask(f"/compare?run={a.id}&run={b.id}")
    assert (answer.status, answer.getheader("Location")) == (303, f"/compare?runs={a.id},{b.id}")


def test_filters_and_order_are_those_of_the_address(dashboard, filled):
    def shown(query: str) -> list[str]:
        return re.findall(r'<tr data-key="(\w+)"', dashboard.ask(f"/?{query}").text)

    runs = {run.id: run for run in filled[2]}
    found = shown("q=norm%3Dbatch+seed%3D1")
    assert [(runs[id_].spec.seed, runs[id_].spec.recipe.changes()["norm"]) for id_ in found] == [(1, "batch")]
    accuracies = [runs[id_].test.accuracy for id_ in shown("sort=-test")]
    assert accuracies == sorted(accuracies, reverse=True)
    assert len(accuracies) == 17
    assert shown("sort=test") != shown("sort=-test")
    assert shown("status=diverged") == shown("model=no-such") == []
    assert "No run matches" in dashboard.ask("/?model=no-such").text


@pytest.mark.parametrize(
    "query", ["page=999999", "page=-1", "page=%F0", "sort=__class__", "q=%00%ff", "page=" + "9" * 999]
)
def test_odd_questions_get_a_page(dashboard, query):
    assert dashboard.ask(f"/?{query}").status == 200


def test_what_is_not_there_is_said(dashboard):
    for path in ("/study/nothing", "/run/nothing", "/study/nothing/report", "/nothing", f"/run/{'%3Cscript%3E'}"):
        answer = dashboard.ask(path)
        assert answer.status == 404
        assert "<script>" not in answer.text
    assert "Not in this store" in dashboard.ask("/compare?runs=%3Cscript%3Ex,b").text
    assert "<script>x" not in dashboard.ask("/compare?runs=%3Cscript%3Ex,b").text


def test_too_many_runs_side_by_side_are_refused_with_the_reason(dashboard, filled):
    answer = dashboard.ask("/compare?runs=" + ",".join(run.id for run in filled[2]))
    assert answer.status == 400
    assert "choose at most 12" in answer.text


@pytest.mark.slow
def test_hostile_names_are_shown_as_typed(dashboard, filled):
    compare = ",".join(run.id for run in filled[2][:6])
    paths = ["/", f"/study/{filled[1].hash}", f"/study/{filled[1].hash}/report", f"/run/{filled[2][0].id}"]
    for path in [*paths, f"/compare?runs={compare}"]:
        page = dashboard.ask(path).text
        assert HOSTILE not in page
        assert "<img src=x" not in page
        assert "<svg/onload" not in page
    assert HOSTILE in html.unescape(dashboard.ask("/").text)
    assert '"><img src=x onerror=__pwned=1>' in html.unescape(dashboard.ask(paths[3]).text)


def test_a_page_that_has_not_changed_is_not_sent_again(dashboard):
    first = dashboard.ask("/")
    mark = first.getheader("ETag")
    again = dashboard.ask("/", If_None_Match=mark)
    assert (again.status, again.text) == (304, "")
    assert dashboard.ask("/", If_None_Match='"other"').status == 200


def state(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith("-journal")
    }


def test_looking_changes_not_a_byte_of_the_store(dashboard, filled):
    before = state(filled[0])
    for path in ("/", f"/study/{filled[1].hash}", f"/study/{filled[1].hash}/report", f"/run/{filled[2][0].id}"):
        assert dashboard.ask(path).status == 200
    dashboard.ask(f"/study/{filled[1].hash}/stop", "POST", Origin=dashboard.base)
    assert state(filled[0]) == before


@pytest.fixture
def own(tmp_path):
    """A dashboard of one's own, to change the store below it."""
    planned, runs = fill(tmp_path / "store", most=16)
    process, it = start(tmp_path / "store")
    yield it, planned, runs
    end(process)


def test_new_runs_and_runs_that_go_on_show_up_and_disappear(own):
    dashboard, planned, _ = own
    mark = dashboard.ask("/").getheader("ETag")
    coming = fill(dashboard.store.parent / "other", most=17)[1][16]
    activity = Activity(dashboard.store, planned.hash, "quickstart", Path("q.toml"), least=15, most=25)
    with tracking((), activity, lambda *_: None) as show:
        show(coming.spec, Started(82_030, "cpu", "fp32", 2, 900, 100, 2.3, 0.5))
        for row in coming.curve[:4]:
            show(coming.spec, EpochDone(row, True, None))
        answer = dashboard.ask("/", If_None_Match=mark)
        assert answer.status == 200
        assert "epoch 4 of 12" in words(answer.text)
        page = dashboard.ask(f"/study/{planned.hash}").text
        assert "Stop this study" in page
        assert f'<a href="/run/{coming.id}">4/12</a>' in page
        assert '<path class="running s' in page
        live = dashboard.ask(f"/run/{coming.id}").text
        values = " ".join(f"{row.epoch}:{100 * row.val_accuracy:.6g}" for row in coming.curve[:4])
        assert f'data-name="Validation accuracy" data-unit="%" data-values="{values}"' in live
        Store(dashboard.store).add(coming)
        page = dashboard.ask(f"/study/{planned.hash}").text
        assert f'<a href="/run/{coming.id}">{100 * coming.test.accuracy:.2f}</a>' in page
        assert 'class="running s' not in page
    page = words(dashboard.ask(f"/study/{planned.hash}").text)
    assert "Stop this study" not in page


@pytest.mark.slow
def test_stopping_is_asked_for_once_and_then_said(own):
    dashboard, planned, _ = own
    activity = Activity(dashboard.store, planned.hash, "quickstart", Path("q.toml"), least=15, most=25)
    with tracking((), activity, lambda *_: None):
        answer = dashboard.ask(f"/study/{planned.hash}/stop", "POST", Origin=dashboard.base)
        assert (answer.status, answer.getheader("Location")) == (303, f"/study/{planned.hash}")
        page = dashboard.ask(f"/study/{planned.hash}").text
        assert "stopping after this epoch" in page
        assert "Stop this study" not in page
        assert is_stop_requested(dashboard.store, planned.hash)


@pytest.mark.slow
def test_a_study_that_this_version_cannot_read_is_named_with_the_reason(own):
    dashboard, _, _ = own
    Store(dashboard.store).keep_study(StudyText("feed", "from-elsewhere", 'question = "x"\nfoo = 1\n', FINGERPRINT, 1))
    page = words(dashboard.ask("/").text)
    assert "from-elsewhere" in page
    assert "cannot be read" in page
    assert "quickstart" in page
    assert dashboard.ask("/study/feed").status == 404


@pytest.mark.slow
def test_the_report_of_a_tuned_study_has_its_trials_and_the_verdicts_at_the_rates_that_won(own):
    dashboard, _, _ = own
    store = Store(dashboard.store)
    it = study(epochs=2, text=TUNED)
    trials = [
        trained(one, gain=9.0 * (one.recipe.lr == 0.3), noise=0.1) for one in trials_wanted(it, FINGERPRINT, FIRST)
    ]
    after = tuned(it, trials, FIRST).study
    for asked in (it, after):
        planned = plan(asked, FINGERPRINT)
        store.keep_study(StudyText(planned.hash, asked.name, it.text, FINGERPRINT, 1))
        for one in planned.most:
            store.add(trained(one, gain=5.0 * (one.recipe == planned.study.variants[0].recipe), noise=0.1))
    for trial in trials:
        store.add(trial)
    (there,) = (one for one in Shelf(dashboard.store).look().store.studies if one.study.tune)
    assert there.after_tuning
    page = words(dashboard.ask(f"/study/{there.plan.hash}/report").text)
    assert "With a learning rate tuned for each recipe" in page
    assert there.after_tuning.verdicts[0].sentence in page
    assert after.name not in words(dashboard.ask("/").text)


@pytest.mark.slow
def test_the_first_page_reads_the_runs_that_it_shows_and_no_others(tmp_path):
    store = Store(tmp_path / "store")
    for seed in range(60):
        store.add(sample_run(seed, 0.5 + seed / 1000, predictions=bytes([seed, 1, 2, 3]) * 50))
    old, new = store.runs()[0], store.runs()[-1]
    (artifact,) = [name for id_, name in store.connection.execute("SELECT id, predictions FROM runs") if id_ == old.id]
    (store.artifacts / artifact[:2] / artifact).write_bytes(b"damaged")
    process, it = start(tmp_path / "store")
    try:
        page = it.ask("/")
        assert (page.status, "60" in words(page.text), new.id in page.text) == (200, True, True)
        assert it.ask(f"/run/{old.id}").status == 500
        assert it.ask("/?q=seed%3D59").status == 200
        assert it.ask("/?sort=new").status == 500
    finally:
        end(process)


@pytest.mark.slow
def test_many_studies_are_on_several_pages_with_the_newest_in_front(own):
    dashboard, _, _ = own
    store = Store(dashboard.store)
    for number in range(25):
        it = study(text=TUNED.replace('tune = { lr = "auto" }', f"weight_decay = {number}e-6"))
        named = f"study-{number:02}"
        store.keep_study(StudyText(plan(it, FINGERPRINT).hash, named, it.text, FINGERPRINT, 1))
    first, second = (words(dashboard.ask(f"/?studies={page}").text) for page in (1, 2))
    assert [name for name in (f"study-{number:02}" for number in range(25)) if name in first] == [
        f"study-{number:02}" for number in range(5, 25)
    ]
    assert "quickstart" in second
    assert "study-04" in second
    assert "older studies" in first
    assert "newer studies" in second


@pytest.mark.slow
def test_a_damaged_store_is_said_on_the_page_and_the_dashboard_lives_on(own):
    dashboard, _, _ = own
    content = (dashboard.store / "store.sqlite").read_bytes()
    (dashboard.store / "store.sqlite").write_bytes(b"not a database at all" * 400)
    answer = dashboard.ask("/")
    assert answer.status == 500
    assert "store.sqlite" in answer.text
    (dashboard.store / "store.sqlite").write_bytes(content)
    assert dashboard.ask("/").status == 200


def test_a_store_that_is_not_there_is_wrong_input(tmp_path):
    done = ablab("serve", cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no store here" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_wrong_input_and_says_what_to_type(dashboard):
    done = ablab("serve", "--port", str(dashboard.port), "--store", str(dashboard.store), cwd=dashboard.store)
    assert done.returncode == 2
    assert "--port 0" in done.stderr


def test_without_the_server_library_it_says_what_to_install(tmp_path, filled):
    code = (
        "import sys; sys.modules['starlette'] = None; sys.argv = ['ablab', 'serve', '--store', sys.argv[1]]; "
        "from ablab.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, str(filled[0])], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert 'pip install "ablab-experiments[serve]"' in done.stderr


@pytest.mark.slow
def test_sigterm_ends_it_with_code_143(filled):
    process, _ = start(filled[0])
    end(process)
    assert process.returncode == 143


@pytest.mark.slow
def test_the_dashboard_needs_no_torch(filled):
    code = (
        "import sys; from ablab.serve.app import Pages; from pathlib import Path; "
        "from ablab.serve.overview import overview; "
        "from ablab.serve.runs_list import Query; from ablab.serve.study_page import study_page; "
        "seen = Pages(Path(sys.argv[1])).shelf.look(); overview(seen, Query()); "
        "[study_page(seen, it) for it in seen.store.studies]; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(filled[0])], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.slow
def test_runs_that_broke_are_marked(tmp_path):
    planned, runs = fill(tmp_path / "store", most=3)
    store = Store(tmp_path / "store")
    store.remove(runs[0])
    store.add(dataclasses.replace(runs[0], status="diverged", test=None, predictions=b"", note=f"loss {HOSTILE}"))
    process, it = start(tmp_path / "store")
    try:
        assert "diverged" in words(it.ask(f"/study/{planned.hash}").text)
        page = it.ask(f"/run/{runs[0].id}").text
        assert HOSTILE not in page
        assert f"loss {HOSTILE}" in html.unescape(page)
    finally:
        end(process)
