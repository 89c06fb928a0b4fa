"""Live: what is seen of a training while it goes on. One line for each epoch of a run, or each run of a study, stays
on the screen; below them one line is written anew, and only where there is a terminal."""

import json
import shlex
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ablab import grammar, wire
from ablab.errors import AblabError
from ablab.events import EpochDone, Finished, Noticed, Projection, Started
from ablab.metric import metric_of
from ablab.nouns import counted, counted_span, duration
from ablab.records import DataFacts, EpochRow, Run, RunSpec
from ablab.report.facts import measured
from ablab.report.sparkline import sparkline
from ablab.report.table import write
from ablab.report.terminal.curve import fitting, to_target
from ablab.report.terminal.run import confusion_table
from ablab.report.terminal.trials import trial_lines
from ablab.report.wording import shown
from ablab.statistics.confusion import MANY, confused_pairs, confusion, unpacked
from ablab.study import Plan
from ablab.study.question.lookalikes import lookalikes
from ablab.trials.plan import Plan as TrialPlan

if TYPE_CHECKING:
    from ablab.records import Observer


class Live:
    """Shows events as lines for a person, or as lines of JSON."""

    def __init__(self, *, as_json: bool = False, command: Callable[[str], str] = str) -> None:
        self.as_json = as_json
        self.command = command  # how a command to type is written here: with the store that was named, for one
        self.is_terminal = sys.stdout.isatty() and not as_json
        self.curve: list[EpochRow] = []
        self.unwritten = ""  # why, if something could not be printed

    def __enter__(self) -> "Live":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bottom("")
        if kind is None and self.unwritten:
            raise AblabError(f"the output could not be written ({self.unwritten}); the store has the results")

    def show(self, spec: RunSpec, event: Any) -> None:
        """One event of a single run."""
        recipe = spec.recipe
        if self.as_json:
            self.line(json.dumps({"run": spec.id, **wire.event_value(event)}, allow_nan=False))
        elif isinstance(event, Started):
            self.curve = []
            self.line(f"run {spec.id}: {shown(recipe.model)} on {shown(recipe.data)}, seed {spec.seed}")
            about = duration(recipe.epochs * event.epoch_seconds)
            on = f", on {shown(event.node)}" if event.node else ""
            self.line(
                f"{event.device}, {event.precision}, {counted(event.threads, 'thread')}, "
                f"{event.parameters:,} parameters, about {about} of training{on}"
            )
            self.line(
                f"{event.train_images:,} training and {event.val_images:,} validation images, untrained loss "
                f"{event.untrained_loss:.4f}"
            )
            self.line("epoch        lr   train loss   accuracy     val loss   accuracy   seconds  images/s   memory")
            self.bottom("epoch 1 ...")
        elif isinstance(event, Noticed):
            self.line(f"note: {shown(event.text)}")
        elif isinstance(event, EpochDone):
            self.curve.append(row := event.row)
            self.line(
                f"{row.epoch:>5} {row.lr:>9.4g} {row.train_loss:>12.4f} {row.train_points:>7.2f} % "
                f"{row.val_loss:>12.4f} {row.val_points:>7.2f} % {row.seconds:>9.2f} "
                f"{row.examples / max(row.seconds, 1e-9):>9,.0f} {event.memory / 2**20:>5,.0f} MB{' *' * event.is_best}"
            )
            usual = statistics.median(one.seconds for one in self.curve)
            left = duration((recipe.epochs - row.epoch) * usual)
            losses = (
                f"train {sparkline([one.train_loss for one in self.curve])} "
                f"val {sparkline([one.val_loss for one in self.curve])}"
            )
            self.bottom(
                f"epoch {row.epoch + 1} of {recipe.epochs}, about {left} left; loss {losses}; * is the best so far"
            )

    def finished(self, run: Run, is_new: bool, *, weights: Path | None = None, data: DataFacts | None = None) -> None:
        """What a single run came to, at the end."""
        if self.as_json:
            self.line(json.dumps({"is_new": is_new, **wire.run_value(run)}, allow_nan=False))
            return
        if not is_new:
            self.line(f"run {run.id} is already in the store; ablab trained nothing")
        if run.stopped:
            self.line(f"stopped after epoch {len(run.curve)} of {run.spec.recipe.epochs}: {run.stopped}")
        if run.test is not None:
            self.line(
                f"test: {measured(run.test)}, with the weights of epoch {run.selected_epoch}, "
                f"after {duration(run.cost.seconds)} of training"
            )
            self.line(fitting(run.curve))
        if (target := run.spec.recipe.target) is not None:
            self.line(to_target(run.curve, target, run.cost))
        if run.note:
            self.line(f"{run.status}: {shown(run.note)}")
        if run.spec.recipe.select == "test":
            self.line("biased: the epoch was chosen on the test images, so this accuracy is too high")
        if weights and weights.exists():
            self.line(f"weights: {shown(str(weights))}")
        if data and run.predictions:
            given = unpacked(run.predictions, len(data.classes))
            matrix = confusion(data.labels, given, len(data.classes))
            if len(data.classes) > MANY:
                self.line(shown(f"most confused: {confused_pairs(matrix, data.classes)}"))
            else:
                self.line(write(confusion_table(matrix, data.classes), "text"))
        self.line(f"again: {again(run.spec)}")
        self.line(f"next: {self.command(f'ablab runs show {run.id}')}")

    def of_study(self, plan: Plan | TrialPlan) -> "Observer":
        """Shows the runs of a study: one line a run, and below them how far the study is."""
        if isinstance(plan, TrialPlan):
            return trial_lines(plan, self.line, as_json=self.as_json)
        if self.as_json:
            return self.show
        self._head(plan)
        return _StudyLines(plan, self.line, self.bottom).show

    def of_one_of_many(self, plan: Plan | TrialPlan) -> "Observer":
        """Shows the runs of a study among those of others: its name on each line, and its head before the first."""
        if isinstance(plan, TrialPlan):
            return trial_lines(plan, self.line, as_json=self.as_json, title=f"{shown(plan.study.name)}: ")
        if self.as_json:
            return self.show
        lines = _StudyLines(plan, self.line, self.bottom, f"{shown(plan.study.name)}: ")
        is_new = True

        def show(spec: RunSpec, event: Any) -> None:
            nonlocal is_new
            if is_new:
                is_new = False
                self._head(plan, lines.title)
            lines.show(spec, event)

        return show

    def _head(self, plan: Plan, title: str = "") -> None:
        """What a study asks, and how many runs it takes."""
        study, least, most = plan.study, len(plan.wanted), len(plan.most)
        self.line(f"{title}{shown(study.question)}")
        margins = (metric_of(rule.metric).size(rule.margin) for rule in study.rule.by_metric)
        seeds = "..".join(str(n) for n in sorted(set(study.rule.seeds)))
        self.line(
            f"base and {counted(len(study.variants), 'variant')}, {seeds} seeds each: "
            f"{counted_span(least, most, 'run')}; margin {' and '.join(margins)}, plan {plan.hash}"
        )
        for text in lookalikes(study.names.values()):
            self.line(f"remark: {text}")
        if plan.note:
            self.line(plan.note)

    def line(self, text: str) -> None:
        """Print a line that stays."""
        self._write(f"{self._clear}{text}\n")

    def bottom(self, text: str) -> None:
        """Write the one line that does not stay; without a terminal there is none."""
        if self.is_terminal:
            self._write(self._clear + text[: shutil.get_terminal_size().columns - 1])

    def _write(self, text: str) -> None:
        """Write what can be written: a full disk behind the output must not cost a training."""
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            self.unwritten = error.strerror or str(error)

    @property
    def _clear(self) -> str:
        return "\r\x1b[2K" if self.is_terminal else ""


class _StudyLines:
    """The runs of one study as lines: which variant, which seed, what it gave."""

    def __init__(self, plan: Plan, line: Callable[[str], None], bottom: Callable[[str], None], title: str = "") -> None:
        self.line, self.bottom, self.title = line, bottom, title
        self.most = len(plan.most)
        self.names = plan.study.names
        self.width = max(len(shown(name)) for name in self.names.values())
        self.started, self.begun = 0, time.monotonic()
        self.spoken: set[str] = set()
        self.nodes: dict[str, str] = {}  # of a cluster, by the runs that they have

    def show(self, spec: RunSpec, event: Any) -> None:
        name = f"{self.title}{shown(self._name(spec)):<{self.width}}  seed {spec.seed:<3}"
        if isinstance(event, Started):
            self.started += 1
            if self.started == 1:
                self.line(f"{event.device}, {counted(event.threads, 'thread')}, {event.precision}")
            self.nodes[spec.id] = f"  on {shown(event.node)}" if event.node else ""
            self.bottom(f"{name} starts{self.nodes[spec.id]}")
        elif isinstance(event, Projection):
            self._project(event)
        elif isinstance(event, Noticed) and event.text not in self.spoken:
            self.spoken.add(event.text)  # the same note once, however many seeds give it
            self.line(f"{name} note: {shown(event.text)}")
        elif isinstance(event, EpochDone):
            took = time.monotonic() - self.begun
            self.bottom(
                f"{name} epoch {event.row.epoch} of {spec.recipe.epochs}, validation "
                f"{event.row.val_points:.2f} %; run {self.started} of at most {self.most}, {duration(took)}"
            )
        elif isinstance(event, Finished):
            on = "validation" if spec.explores else "test"
            self.line(
                f"{name} {on} {event.test.points:6.2f} %  epoch {event.selected_epoch:<3} {event.wall_seconds:6.1f} s"
                f"{self.nodes.get(spec.id, '')}"
            )

    def _project(self, event: Projection) -> None:
        """How far the study is after all wanted runs are in, and what it is likely to want still."""
        if not event.runs:
            return
        left = f", about {duration(event.seconds)} one after the other" if event.seconds is not None else ""
        self.line(
            f"{self.title}{event.decided} of {event.comparisons} decided; probably {event.seeds} seeds in total: "
            f"{event.runs} more runs{left}"
        )

    def _name(self, spec: RunSpec) -> str:
        """What the run's recipe is called in the study; one that is not in it is a trial of a learning rate."""
        return self.names.get(spec.recipe.hash, f"trial of {spec.recipe.model}, lr={spec.recipe.lr:g}")


def again(spec: RunSpec) -> str:
    """The command that trains the same run from nothing but itself."""
    recipe = spec.recipe
    words = [f"{key}={grammar.show(value)}" for key, value in recipe.changes().items() if key != "model"]
    return shlex.join(["ablab", "train", recipe.model, *words, "--seed", str(spec.seed)])
