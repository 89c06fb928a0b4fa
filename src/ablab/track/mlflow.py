"""The tracker for MLflow: a run of ours is a run there, and the verdicts of a study are one more."""

import os
import time
from collections.abc import Mapping
from typing import Any

from ablab.catalogue import mark
from ablab.events import EpochDone, Event, Projection
from ablab.records import Run, RunSpec
from ablab.track import Activity, Page
from ablab.track.figures import curve, parameters, run_name, selected, status, tags, tested, verdicts
from ablab.trial import Outcome, Trial

# A server that is not there holds a training up for ten seconds at most: two tries of five.
LIMITS = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "5", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
SEND_SECONDS = 10.0  # a call takes some 50 ms, so epochs are sent together
ENDS = {"finished": "FINISHED"}  # every other status is a failure


@mark("tracker", "mlflow", needs=("mlflow",), extra="mlflow")
class MLflow:
    """Runs, curves and verdicts for MLflow, at $MLFLOW_TRACKING_URI unless a server is named."""

    def __init__(self, activity: Activity, *, server: str = "", experiment: str = "") -> None:
        for name, value in {**LIMITS, "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}.items():
            os.environ.setdefault(name, value)
        from mlflow.tracking import MlflowClient

        self.activity = activity
        self.client = MlflowClient(_address(server))
        name = experiment or activity.name or "ablab"
        known = self.client.get_experiment_by_name(name)
        self.experiment = known.experiment_id if known else self.client.create_experiment(name)
        self.runs: dict[str, str] = {}  # theirs by ours
        self.waiting: dict[str, list[Any]] = {}  # figures that are not sent yet, by our runs
        self.sent = time.monotonic()

    def event(self, spec: RunSpec, event: Event | Projection) -> None:
        if isinstance(event, EpochDone):
            self._note(spec.id, curve(event.row), event.row.epoch)
            self._run(spec)
            if time.monotonic() - self.sent > SEND_SECONDS:
                self._send()

    def kept(self, run: Run | Outcome) -> None:
        theirs = self._run(run.spec)
        self._note(run.id, tested(run), selected(run))
        self._send()
        self.client.set_tag(theirs, "ablab.status", status(run))
        self.client.set_terminated(theirs, ENDS.get(run.status, "FAILED"))
        del self.runs[run.id]

    def decided(self, outcome: Mapping[str, Any], page: Page | None) -> None:
        named = {"mlflow.runName": f"{outcome['study']} verdicts", "ablab.plan": self.activity.plan or ""}
        run = self.client.create_run(self.experiment, tags=named).info.run_id
        self.client.set_tag(run, "mlflow.note.content", verdicts(outcome))
        self.client.log_dict(run, dict(outcome), "outcome.json")
        if page:
            self.client.log_text(run, page(), "report.html")
        self.client.set_terminated(run)

    def close(self) -> None:
        self._send()
        for theirs in self.runs.values():
            self.client.set_terminated(theirs, "KILLED")

    def _run(self, spec: RunSpec | Trial) -> str:
        """The run there, which is made when ours is first told of."""
        if spec.id not in self.runs:
            from mlflow.entities import Param

            named = {"mlflow.runName": run_name(spec), **tags(spec, self.activity)}
            self.runs[spec.id] = self.client.create_run(self.experiment, tags=named).info.run_id
            given = [Param(key, value) for key, value in parameters(spec).items()]
            self.client.log_batch(self.runs[spec.id], params=given)
        return self.runs[spec.id]

    def _note(self, id_: str, values: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        self.waiting.setdefault(id_, []).extend(Metric(name, value, now, step) for name, value in values.items())

    def _send(self) -> None:
        for id_, metrics in self.waiting.items():
            if id_ in self.runs and metrics:
                self.client.log_batch(self.runs[id_], metrics=metrics)
        self.waiting, self.sent = {}, time.monotonic()


def _address(server: str) -> str | None:
    """The server's address; a name and a port are short for one that is reached by HTTP."""
    return f"http://{server}" if server and "://" not in server else server or None
