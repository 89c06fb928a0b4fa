"""Runs and verdicts of a study as tables: dictionaries, pandas, Arrow."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ablab.errors import InputError
from ablab.metric import known_metrics
from ablab.records import Run
from ablab.study.question.study import Study
from ablab.study.verdict import Verdict


def frame(study: Study, runs: Sequence[Run], verdicts: Sequence[Verdict], of: str = "runs") -> Any:
    """The runs or the verdicts of a study as a pandas data frame."""
    try:
        import pandas
    except ImportError:
        raise InputError('a data frame needs pandas: pip install "ablab-experiments[frames]"') from None
    return pandas.DataFrame(rows(study, runs, verdicts, of))


def arrow(study: Study, runs: Sequence[Run], verdicts: Sequence[Verdict], of: str = "runs") -> Any:
    """The same as an Arrow table."""
    try:
        import pyarrow
    except ImportError:
        raise InputError('an Arrow table needs pyarrow: pip install "ablab-experiments[parquet]"') from None
    return pyarrow.Table.from_pylist(rows(study, runs, verdicts, of))


def rows(study: Study, runs: Sequence[Run], verdicts: Sequence[Verdict], of: str = "runs") -> list[dict[str, Any]]:
    """One dictionary a run or a verdict, of plain values."""
    if of == "verdicts":
        large = ("looks", "base_accuracies", "accuracies", "costs", "instability")
        return [{k: v for k, v in dataclasses.asdict(one).items() if k not in large} for one in verdicts]
    if of != "runs":
        raise InputError(f'"{of}": runs or verdicts can be had as a table')
    return list(_run_rows(runs, study.names))


def _run_rows(runs: Iterable[Run], names: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    for run in runs:
        yield {
            "run": run.id,
            "variant": names[run.spec.recipe.hash],
            "seed": run.spec.seed,
            "status": run.status,
            **{name: metric.points(run) for name, metric in known_metrics().items()},
            "selected_epoch": run.selected_epoch,
            "epochs": run.cost.epochs,
            "seconds": run.cost.seconds,
            "parameters": run.cost.parameters,
            "macs": run.cost.macs,
        }
