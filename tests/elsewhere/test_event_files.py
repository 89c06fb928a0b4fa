"""Event files of TensorBoard are read as its own writers write them, and damage to them is said with its place."""

import struct

import pytest
import torch
from scipy import stats

from ablab.elsewhere.columns import table_of
from ablab.elsewhere.formats import records
from ablab.elsewhere.judge import Rule, judge
from ablab.elsewhere.scale import scale_of
from ablab.elsewhere.wire_format import masked_crc
from ablab.errors import InputError

pytest.importorskip("tensorboard")
from torch.utils.tensorboard import SummaryWriter

PLAIN, BN = (0.7011, 0.6950, 0.7043), (0.7211, 0.7175, 0.7251)


def write(folder, accuracy, tag="test/acc", **hparams):
    """A run of three epochs as torch writes it, the given accuracy in the last one."""
    with SummaryWriter(str(folder)) as writer:
        for epoch, value in enumerate((0.1, 0.9, accuracy), start=1):
            writer.add_scalar(tag, value, epoch)
        writer.add_text("notes", "plain words")
        writer.add_histogram("weights", torch.tensor([1.0, 2.0, 3.0]), 1)
        if hparams:
            writer.add_hparams(hparams, {}, run_name=".")


def runs(tmp_path):
    for name, values in (("plain", PLAIN), ("bn", BN)):
        for seed, value in enumerate(values):
            write(tmp_path / "logs" / f"{name}_seed={seed}", value)
    return tmp_path / "logs"


def test_a_folder_a_run_is_judged_by_the_last_value_of_a_scalar(tmp_path):
    table = table_of(records(runs(tmp_path)), {})
    (one,) = judge(table, "plain", Rule(0.5), scale_of(table)).compared
    expected = stats.ttest_rel([100 * x for x in BN], [100 * x for x in PLAIN]).confidence_interval(0.95)
    assert (one.low, one.high) == (pytest.approx(expected.low, abs=1e-3), pytest.approx(expected.high, abs=1e-3))
    assert (one.variant, one.pairs, one.values) == ("bn", 3, pytest.approx([100 * x for x in BN]))


def test_hyperparameters_are_columns_whatever_the_folders_are_called(tmp_path):
    for at, (norm, seed) in enumerate((("none", 0), ("batch", 0), ("none", 1), ("batch", 1))):
        write(tmp_path / f"run{at}", 0.5 + 0.1 * (norm == "batch"), lr=0.1, norm=norm, seed=seed, flip=True)
    rows = records(tmp_path)
    assert rows[1] | {"": ""} == {
        "": "",
        "variant": "run1",
        "hparams.lr": 0.1,
        "hparams.norm": "batch",
        "hparams.seed": 0,
        "hparams.flip": True,
        "test/acc": 0.6,
    }
    table = table_of(rows, {"variant": "hparams.norm"})
    assert [(score.variant, score.seed) for score in table.scores[:2]] == [("none", "0"), ("batch", "0")]


def test_hyperparameters_in_a_folder_of_their_own_belong_to_the_run_above(tmp_path):
    with SummaryWriter(str(tmp_path / "bn" / "3")) as writer:
        writer.add_scalar("acc", 0.7, 1)
        writer.add_hparams({"lr": 0.1}, {"acc_end": 0.71})  # in a folder that is named after the time
    (row,) = records(tmp_path)
    assert (row["variant"], row["seed"], row["acc"], row["hparams.lr"]) == ("bn", "3", 0.7, 0.1)


def test_training_and_validation_of_keras_are_one_run(tmp_path):
    for part, value in (("train", 0.9), ("validation", 0.8)):
        write(tmp_path / "bn" / "seed1" / part, value, tag="epoch_accuracy")
    (row,) = records(tmp_path)
    assert {key: row[key] for key in ("variant", "seed", "train/epoch_accuracy", "validation/epoch_accuracy")} == {
        "variant": "bn",
        "seed": "1",
        "train/epoch_accuracy": 0.9,
        "validation/epoch_accuracy": 0.8,
    }


@pytest.mark.parametrize("in_content", [True, False])
def test_scalars_of_tensorflow_which_are_tensors_are_read(tmp_path, in_content):
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto

    held = {"tensor_content": struct.pack("<f", 0.7)} if in_content else {"float_val": [0.7]}
    value = Summary.Value(tag="acc", tensor=TensorProto(dtype=1, **held))
    event = Event(step=1, summary=Summary(value=[value])).SerializeToString()
    (tmp_path / "events.out.tfevents.1.host").write_bytes(record(event))
    assert [row["acc"] for row in records(tmp_path)] == [0.7]


def record(event):
    """An event with its length and both checksums, as the files have it."""
    length = struct.pack("<Q", len(event))
    return length + struct.pack("<I", masked_crc(length)) + event + struct.pack("<I", masked_crc(event))


def file_of(folder):
    write(folder, 0.7)
    return next(folder.iterdir())


def test_a_file_alone_is_a_run_and_its_folder_names_it(tmp_path):
    (row,) = records(file_of(tmp_path / "bn_seed=2"))
    assert (row["variant"], row["seed"], row["test/acc"]) == ("bn", "2", 0.7)


def test_what_a_killed_writer_left_is_read_up_to_the_last_whole_record(tmp_path):
    file = file_of(tmp_path / "bn")
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:30])
    (row,) = records(file)
    assert row["test/acc"] == 0.7


def test_damage_is_said_with_its_place(tmp_path):
    file = file_of(tmp_path / "bn")
    content = bytearray(file.read_bytes())
    at = content.index(b"test/acc")
    content[at + 12] ^= 1  # in a scalar
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"tfevents.*: it is damaged at byte \d+"):
        records(file)
    file.write_bytes(b"these are words and no records")
    with pytest.raises(InputError, match="not a TensorBoard event file, or it is damaged at byte 0"):
        records(file)


def test_a_folder_without_scalars_is_said_to_have_no_results(tmp_path):
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_text("notes", "words")
    with pytest.raises(InputError, match=r"it contains no results \(mlflow, tensorboard, wandb\)"):
        records(tmp_path)
