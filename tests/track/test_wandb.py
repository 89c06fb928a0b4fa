"""An offline run of Weights & Biases has the curves, the parameters and the test of a run, as its own records say."""

import json
import struct

import pytest

from ablab.catalogue import find
from ablab.errors import AblabError
from ablab.events import EpochDone
from ablab.records import EpochRow
from ablab.track import Activity
from sample_runs import sample_run

wandb = pytest.importorskip("wandb", reason="the extra wandb is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of what wandb imports
BLOCK, HEADER = 32768, 7  # of its files: records in blocks, as LevelDB's log has them
OUTCOME = {
    "study": "mine",
    "question": "Does it help?",
    "verdicts": [{"variant": "batch norm", "word": "helps", "sentence": "It helps."}],
}


def records(path):
    """The records of a .wandb file, by their kinds."""
    from wandb.proto import wandb_internal_pb2

    data, at, part = path.read_bytes(), HEADER, b""
    while at + HEADER <= len(data):
        if BLOCK - at % BLOCK < HEADER:
            at += BLOCK - at % BLOCK
            continue
        _, size, kind = struct.unpack("<IHB", data[at : at + HEADER])
        part += data[at + HEADER : at + HEADER + size]
        at += HEADER + size
        if kind in (1, 4):  # whole, or its last piece
            record = wandb_internal_pb2.Record.FromString(part)
            yield record.WhichOneof("record_type"), record
            part = b""


def told(folder, *runs):
    make = find("track", "tracker", "wandb").load()
    tracker = make(Activity(folder / "store", "abc", "mine"), mode="offline", folder=str(folder))
    for run in runs:
        for row in run.curve:
            tracker.event(run.spec, EpochDone(row, True))
    for run in runs:
        tracker.kept(run)
    tracker.decided(OUTCOME, lambda: "<p>The report.</p>")
    tracker.close()
    wandb.teardown()  # its service has written every file then, as at the end of a program
    return sorted(folder.glob("wandb/offline-run-*/*.wandb"))


def test_runs_side_by_side_and_the_verdicts_are_in_its_files(tmp_path):
    runs = [sample_run(seed, curve=(EpochRow(1, 0.1, 2.0, 0.2, 1.5 + seed, 0.3, 0.5),)) for seed in (0, 1)]
    found = {}
    for path in told(tmp_path, *runs):
        kinds = list(records(path))
        (run,) = [record.run for kind, record in kinds if kind == "run"]
        found[run.display_name] = run, kinds
    names = [f"{run.spec.recipe.model} seed {run.spec.seed} {run.id}" for run in runs]
    assert sorted(found) == sorted([*names, "mine verdicts"])
    for name, run in zip(names, runs, strict=True):
        header, kinds = found[name]
        assert (header.project, header.run_group) == ("ablab", "mine")
        config = {item.key: json.loads(item.value_json) for item in header.config.update}
        assert config["seed"] == str(run.spec.seed)
        (point,) = [record.history for kind, record in kinds if kind == "history"]
        values = {(item.key or "/".join(item.nested_key)): item.value_json for item in point.item}
        assert float(values["val/loss"]) == run.curve[0].val_loss
        summary = {
            (item.key or "/".join(item.nested_key)): json.loads(item.value_json)
            for kind, record in kinds
            if kind == "summary"
            for item in record.summary.update
        }
        assert summary["test/accuracy"] == run.test.accuracy
        assert summary["status"] == "finished"
    header, kinds = found["mine verdicts"]
    assert "It helps." in header.notes
    assert list(tmp_path.glob("wandb/*/files/outcome.json"))
    (page,) = tmp_path.glob("wandb/offline-run-*/files/report.html")
    assert page.read_text() == "<p>The report.</p>"


def test_a_mode_that_there_is_not_is_refused():
    from ablab.track import check_trackers

    with pytest.raises(AblabError, match="offline"):
        check_trackers(["wandb(mode=offlin)"])
