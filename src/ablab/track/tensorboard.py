"""The tracker for TensorBoard: a folder of event files, one folder a run, and one for the verdicts of a study."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from ablab.catalogue import mark
from ablab.events import EpochDone, Event, Projection
from ablab.records import Run, RunSpec
from ablab.track import Activity, Page
from ablab.track.figures import curve, parameters, run_name, selected, status, tested, verdicts
from ablab.trial import Outcome, Trial

FLUSH_SECONDS = 10


@mark("tracker", "tensorboard", needs=("tensorboard",), extra="tensorboard")
class TensorBoard:
    """Event files in a folder, to be read with tensorboard --logdir: tensorboard(runs)."""

    def __init__(self, activity: Activity, *, folder: str = "tensorboard") -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.study = activity.name
        self.writers: dict[str, Any] = {}

    def event(self, spec: RunSpec, event: Event | Projection) -> None:
        if isinstance(event, EpochDone):
            for name, value in curve(event.row).items():
                self._writer(spec).add_scalar(name, value, event.row.epoch)

    def kept(self, run: Run | Outcome) -> None:
        writer = self._writer(run.spec)
        # which adds the values as scalars, too, and has no folder of its own under this name
        writer.add_hparams(parameters(run.spec), tested(run), run_name=".", global_step=selected(run))
        writer.add_text("status", status(run))
        writer.close()
        del self.writers[run.id]

    def decided(self, outcome: Mapping[str, Any], page: Page | None) -> None:  # noqa: ARG002 (it shows no pages)
        writer: Any = self._made(f"{outcome['study']} verdicts")
        writer.add_text("verdicts", verdicts(outcome))
        writer.add_text("outcome", f"```json\n{json.dumps(outcome, indent=1, allow_nan=False)}\n```")
        writer.close()

    def close(self) -> None:
        for writer in self.writers.values():
            writer.close()

    def _writer(self, spec: RunSpec | Trial) -> Any:
        if spec.id not in self.writers:
            self.writers[spec.id] = self._made(run_name(spec))
        return self.writers[spec.id]

    def _made(self, name: str) -> Any:
        safe = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in name)
        inner = self.folder / self.study if self.study else self.folder
        return SummaryWriter(str(inner / safe), flush_secs=FLUSH_SECONDS)
