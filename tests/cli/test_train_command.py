"""ablab train, lr-find and doctor as a person types them."""

import json
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import RecipeError

SMALL = ["data=phantom(train=300, test=100)", "epochs=2", "batch=50"]


def invoke(*words):
    result = CliRunner().invoke(command, [*words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.slow
def test_a_run_ends_with_the_confusion_matrix_its_files_and_the_command_that_makes_it_again(tmp_path):
    store = ["--store", str(tmp_path / "store")]
    first = invoke("train", "simple-nn", *SMALL, "--seed", "3", *store)
    lines = first.output.splitlines()
    assert any(line.startswith("true class  disc") for line in lines)
    assert any(line.startswith("weights: ") for line in lines)
    (again,) = [line for line in lines if line.startswith("again: ")]
    assert again == "again: ablab train simple-nn 'data=phantom(train=300, test=100)' epochs=2 batch=50 --seed 3"
    assert "ablab trained nothing" in invoke("train", "simple-nn", *SMALL, "--seed", "3", *store).output


@pytest.mark.slow
def test_the_weights_are_those_of_the_selected_epoch_with_their_checksum(tmp_path):
    import hashlib

    from safetensors import safe_open

    invoke("train", "simple-nn", *SMALL, "--store", str(tmp_path))
    (path,) = (tmp_path / "weights").glob("*.safetensors")
    digest = path.with_name(path.name + ".sha256").read_text()
    assert digest == f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
    with safe_open(path, "pt") as file:
        said = json.loads(file.metadata()["ablab"])
        assert said["classes"][0] == "disc"
        assert set(file.keys()) >= {"conv1.weight", "head.bias"}


def test_the_schedule_is_shown_and_nothing_is_trained(tmp_path):
    picture = tmp_path / "schedule.svg"
    words = ["train", "schedule=onecycle", "--show-schedule", "--picture", str(picture), "--store", str(tmp_path / "s")]
    shown = invoke(*words).output
    assert "onecycle, lr = 0.05" in shown
    assert "next: ablab train schedule=onecycle" in shown
    ET.fromstring(picture.read_text())
    assert not (tmp_path / "s").exists()
    rates = json.loads(invoke(*words, "--json").output)["rates"]
    assert max(rates) == pytest.approx(0.05, rel=1e-3)


@pytest.mark.slow
def test_a_rate_is_found_with_a_picture_and_what_to_type_next(tmp_path):
    picture = tmp_path / "rates.svg"
    shown = invoke("lr-find", "simple-nn", "norm=batch", *SMALL, "--steps", "100", "--picture", str(picture)).output
    assert "suggestion: lr=" in shown
    assert shown.splitlines()[-1].startswith("next: ablab train simple-nn norm=batch")
    ET.fromstring(picture.read_text())


@pytest.mark.slow
def test_the_doctor_says_what_is_there_and_what_it_can_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = json.loads(invoke("doctor", "--json", "--store", str(tmp_path / "none")).output)
    assert found["torch"]
    assert {"fp32", "bf16"} <= {one["precision"] for one in found["ceilings"]}
    assert all(one["matmul"] > 0 for one in found["ceilings"])
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("lr=0", "lr = 0.0: it must be greater than 0"),
        ("lr=-1", "lr = -1.0: it must be greater than 0"),
        ("epochs=0", "epochs = 0: it must be greater than or equal to 1"),
        ("batch=1000", "batch = 1000: there are only 270 training images: try batch=27"),
        ("imbalance=100", "imbalance = 100: class"),
        ("data_fraction=0.1", "batch = 50: there are only 27 training images: try batch=2"),
        ("device=gpu", 'device = "gpu": '),
        ("device=cuda:7", 'device = "cuda:7": this machine has no such device; it has cpu'),
        ("batch_split=60", "batch_split = 60: a batch has only 50 images"),
        ("loss=local", 'no loss is called "local": did you mean "focal"'),
        ("average=ema(decay=2)", "decay = 2 must be"),
        ("lr_scale=heat(2)", 'the network has no "heat"'),
        ("time=5", "this is not a time"),
        ("warmup=3", "warmup = 3.0: must be shorter than the 2 epochs"),
    ],
)
def test_what_no_run_can_have_is_refused_before_anything_is_trained(word, message, tmp_path):
    from ablab.errors import InputError

    words = [one for one in SMALL if one.partition("=")[0] != word.partition("=")[0]]
    with pytest.raises(InputError) as error:
        invoke("train", *words, word, "--store", str(tmp_path))
    assert message in str(error.value)
    assert isinstance(error.value, InputError | RecipeError)
