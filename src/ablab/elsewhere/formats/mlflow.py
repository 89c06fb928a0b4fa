"""MLflow's own folder, `mlruns`: a folder a run with its parameters, its tags, and the history of each metric."""

from collections.abc import Iterator
from pathlib import Path

from ablab.catalogue import mark
from ablab.elsewhere.formats import Record, text_of
from ablab.errors import InputError

STATUS = {"1": "running", "2": "scheduled", "3": "finished", "4": "failed", "5": "killed"}


@mark("results", "mlflow", suffixes=(), is_folder=True)
def mlflow(path: Path) -> Iterator[Record]:
    """The last value of each metric as metrics.NAME, parameters as params.NAME, the run's name as name."""
    for facts in sorted(path.glob("**/meta.yaml")):
        run = facts.parent
        if not (run / "metrics").is_dir():
            continue  # an experiment
        meta = dict(_pairs(text_of(facts)))
        status = meta.get("status", "")
        row: Record = {"": str(run), "status": STATUS.get(status, status.lower())}
        row |= {f"params.{name}": text for name, text in _files(run / "params")}
        row |= {f"metrics.{name}": _last(text, run, name) for name, text in _files(run / "metrics")}
        row["name"] = meta.get("run_name") or dict(_files(run / "tags")).get("mlflow.runName", "")
        yield row


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and not key.startswith((" ", "#")):
            yield key.strip(), value.strip().strip("'\"")


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file():
            yield path.relative_to(folder).as_posix(), text_of(path).strip()


def _last(history: str, run: Path, name: str) -> str:
    """A line a measurement: the time, the value, the step."""
    lines = [line.split() for line in history.splitlines() if line.strip()]
    if not lines or any(len(line) < 2 for line in lines):
        raise InputError(f"{run}: the history of {name} is not a list of times and values")
    return lines[-1][1]
