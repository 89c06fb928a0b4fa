"""The tracker for Weights & Biases: a run of ours is a run there, in a group for each study."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import wandb

from ablab.catalogue import mark
from ablab.events import EpochDone, Event, Projection
from ablab.records import Run, RunSpec
from ablab.track import Activity, Page
from ablab.track.figures import curve, parameters, run_name, status, tested, verdicts
from ablab.trial import Outcome, Trial

ANSWER_SECONDS = 10


@mark("tracker", "wandb", needs=("wandb",), extra="wandb", example="wandb(mode=offline)")
class WeightsAndBiases:
    """Runs, curves and verdicts for Weights & Biases; offline, in a folder that `wandb sync` sends later."""

    def __init__(
        self,
        activity: Activity,
        *,
        project: str = "ablab",
        folder: str = ".",
        mode: Literal["online", "offline"] = "online",
    ) -> None:
        self.activity, self.project, self.folder, self.mode = activity, project, folder, mode
        self.runs: dict[str, Any] = {}  # theirs by ours
        if mode == "online" and not wandb.login(timeout=ANSWER_SECONDS, verify=True):
            raise ConnectionError("you are not logged in: type wandb login, or track with wandb(mode=offline)")

    def event(self, spec: RunSpec, event: Event | Projection) -> None:
        if isinstance(event, EpochDone):
            self._run(spec).log(curve(event.row), step=event.row.epoch)

    def kept(self, run: Run | Outcome) -> None:
        theirs = self._run(run.spec)
        theirs.summary.update({**tested(run), "status": status(run)})
        theirs.finish(exit_code=0 if run.status == "finished" else 1)
        del self.runs[run.id]

    def decided(self, outcome: Mapping[str, Any], page: Page | None) -> None:
        theirs = self._made(f"{outcome['study']} verdicts", {}, notes=verdicts(outcome))
        theirs.summary.update({f"verdict/{one['variant']}": one["word"] for one in outcome.get("verdicts", ())})
        files = {"outcome.json": json.dumps(outcome, allow_nan=False), **({"report.html": page()} if page else {})}
        for name, text in files.items():
            path = Path(theirs.dir) / name
            path.write_text(text, encoding="utf-8")
            theirs.save(str(path), base_path=theirs.dir, policy="now")
        theirs.finish()

    def close(self) -> None:
        for theirs in self.runs.values():
            theirs.finish(exit_code=1)

    def _run(self, spec: RunSpec | Trial) -> Any:
        if spec.id not in self.runs:
            self.runs[spec.id] = self._made(run_name(spec), {**parameters(spec), "ablab.run": spec.id})
        return self.runs[spec.id]

    def _made(self, name: str, config: Mapping[str, str], notes: str = "") -> Any:
        settings = wandb.Settings(
            init_timeout=ANSWER_SECONDS,
            console="off",
            silent=True,
            disable_git=True,
            save_code=False,
            x_disable_stats=True,
            x_disable_meta=True,
        )
        return wandb.init(
            project=self.project,
            name=name,
            group=self.activity.name or None,
            config=dict(config),
            notes=notes or None,
            dir=self.folder,
            mode=self.mode,
            reinit="create_new",  # several runs at a time
            settings=settings,
        )
