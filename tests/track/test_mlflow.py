"""MLflow's own client sends every run, curve and verdict; a server that is not there is said once."""

import html
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from ablab import Study
from ablab.catalogue import find
from ablab.events import EpochDone, Finished, Started
from ablab.track import Activity, tracking
from sample_runs import sample_run

pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of what MLflow imports
SMALL = "mlp data=phantom(train=200,test=60) hidden=[8] train_images=60 epochs=1 batch=20"
OUTCOME = {
    "study": "mine",
    "question": "Does it help?",
    "verdicts": [{"variant": "batch norm", "word": "helps", "sentence": "It helps."}],
}
RUNS = [sample_run(0), sample_run(1, status="diverged", note="the loss is no number", test=None, selected_epoch=None)]


class Recorder(ThreadingHTTPServer):
    """A server on this machine that answers as MLflow's REST interface says, and keeps what it was sent."""

    def __init__(self, artifacts):
        super().__init__(("127.0.0.1", 0), Answers)
        self.artifacts, self.sent, self.made = artifacts, [], {}


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/api/2.0/mlflow/runs/get"):
            run = self.path.rpartition("run_id=")[2].partition("&")[0]
            return self.answer({"run": self.server.made[run]})
        return self.answer({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not here"}, 404)

    def do_POST(self):
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        verb = urlsplit(self.path).path.removeprefix("/api/2.0/mlflow/")
        self.server.sent.append((verb, given))
        if verb == "experiments/create":
            return self.answer({"experiment_id": "7"})
        if verb == "runs/create":
            id_ = f"{len(self.server.made):032x}"
            info = {"run_id": id_, "run_uuid": id_, "experiment_id": "7", "status": "RUNNING", "start_time": 1}
            info |= {"artifact_uri": f"file://{self.server.artifacts}/{id_}", "lifecycle_stage": "active"}
            self.server.made[id_] = {"info": info, "data": {}}
            return self.answer({"run": self.server.made[id_]})
        if verb == "runs/update":
            return self.answer({"run_info": self.server.made[given["run_id"]]["info"]})
        return self.answer({})

    def answer(self, value, status=200):
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path):
    recorder = Recorder(tmp_path / "artifacts")
    thread = threading.Thread(target=recorder.serve_forever)
    thread.start()
    yield recorder
    recorder.shutdown()
    thread.join()
    recorder.server_close()


def tell(server, folder):
    tracker = find("track", "tracker", "mlflow").load()(Activity(folder / "store", "abc", "mine"), server=server)
    for run in RUNS:
        for row in run.curve:
            tracker.event(run.spec, EpochDone(row, True))
    for run in RUNS:
        tracker.kept(run)
    tracker.decided(OUTCOME, lambda: "<p>The report.</p>")
    tracker.close()


def test_every_run_is_sent_with_its_parameters_curves_and_end(server, tmp_path):
    tell(f"127.0.0.1:{server.server_port}", tmp_path)
    named = {run["info"]["run_id"]: run for run in server.made.values()}
    made = [given for verb, given in server.sent if verb == "runs/create"]
    tags = [{tag["key"]: tag["value"] for tag in given["tags"]} for given in made]
    assert [each.get("ablab.run") for each in tags] == [RUNS[0].id, RUNS[1].id, None]
    assert {each["ablab.plan"] for each in tags} == {"abc"}
    ids = list(named)
    batches = [given for verb, given in server.sent if verb == "runs/log-batch"]
    parameters = {
        given["run_id"]: {one["key"]: one["value"] for one in given["params"]}
        for given in batches
        if given.get("params")
    }
    assert parameters[ids[1]]["seed"] == "1"
    figures = [(given["run_id"], one) for given in batches for one in given.get("metrics", ())]
    losses = [(one["step"], one["value"]) for id_, one in figures if id_ == ids[0] and one["key"] == "val/loss"]
    assert losses == [(row.epoch, row.val_loss) for row in RUNS[0].curve]
    assert [one["value"] for _, one in figures if one["key"] == "test/accuracy"] == [RUNS[0].test.accuracy]
    ends = {given["run_id"]: given["status"] for verb, given in server.sent if verb == "runs/update"}
    assert [ends[id_] for id_ in ids] == ["FINISHED", "FAILED", "FINISHED"]
    notes = [given["value"] for verb, given in server.sent if verb == "runs/set-tag" and "note" in given["key"]]
    assert "It helps." in notes[0]
    assert json.loads((tmp_path / "artifacts" / ids[2] / "outcome.json").read_text()) == OUTCOME
    assert (tmp_path / "artifacts" / ids[2] / "report.html").read_text() == "<p>The report.</p>"


def test_a_server_that_is_not_there_is_said_once_and_the_run_goes_on(server, tmp_path, capsys):
    address = f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    events = [Started(1, "cpu", "fp32", 1, 10, 10, 2.3, 0.1), *(EpochDone(row, True) for row in RUNS[0].curve)]
    events.append(Finished(2, RUNS[0].test, b"", False, 1.0, 1.0))
    seen = []
    with tracking([f"mlflow({address})"], Activity(tmp_path / "store"), lambda _, event: seen.append(event)) as told:
        for event in (*events, RUNS[0]):
            told(RUNS[0].spec, event)
    assert seen == events
    assert capsys.readouterr().err.count("failed, and ablab no longer uses it") == 1


def test_its_database_has_the_curves_of_the_runs(tmp_path):
    pytest.importorskip("alembic", reason="MLflow needs alembic for a database")
    from mlflow.tracking import MlflowClient

    address = f"sqlite:///{tmp_path}/ml.db"
    client = MlflowClient(address)
    client.create_experiment("mine", artifact_location=f"file://{tmp_path}/artifacts")
    tell(address, tmp_path)
    (run,) = client.search_runs(
        [client.get_experiment_by_name("mine").experiment_id], f"tags.`ablab.run` = '{RUNS[0].id}'"
    )
    history = client.get_metric_history(run.info.run_id, "val/loss")
    assert [(one.step, one.value) for one in history] == [(row.epoch, row.val_loss) for row in RUNS[0].curve]


def test_a_study_sends_its_report(server, tmp_path):
    study = Study("Does it help?", SMALL, {"batch norm": "norm=batch"}, seeds=3, margin=1.0, name="mine")
    result = study.run(store=tmp_path / "store", executor="here", track=[f"mlflow(127.0.0.1:{server.server_port})"])
    (page,) = (tmp_path / "artifacts").glob("*/report.html")
    for sentence in result.verdicts[0].sentence.split(". "):
        assert sentence in html.unescape(page.read_text())
    (outcome,) = (tmp_path / "artifacts").glob("*/outcome.json")
    assert json.loads(outcome.read_text())["plan"] == result.plan.hash
