"""ablab landscape and ablab gradients as a person types them."""

import hashlib
import json
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import DataError, InputError

SMALL = ["data=phantom", "train_images=200", "epochs=1", "batch=50", "precision=fp32"]
QUICK = ["--steps", "5", "--images", "60", "--directions", "2", "--hessian", "2"]


def invoke(*words):
    result = CliRunner().invoke(command, [*words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def found(*words):
    return json.loads(invoke(*words, "--json").stdout)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with one run of seed 3, its weights kept."""
    folder = tmp_path_factory.mktemp("store")
    invoke("train", "simple-nn", *SMALL, "--seed", "3", "--store", str(folder))
    return folder


@pytest.fixture
def run(store):
    (path,) = (store / "weights").glob("*.safetensors")
    return path.stem


def contents(store):
    """What is kept: every row of every table, and every other file's digest."""
    import sqlite3

    with sqlite3.connect(store / "store.sqlite") as connection:
        rows = list(connection.iterdump())
    files = [path for path in store.rglob("*") if path.is_file() and not path.name.startswith("store.sqlite")]
    return rows, {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def shaded(picture):
    """How many lines are drawn."""
    return sum(
        one.get("class") == "shaded" for one in ET.parse(picture).getroot().iter("{http://www.w3.org/2000/svg}path")
    )


@pytest.mark.slow
def test_a_model_is_trained_now_and_shown_with_figures_their_meaning_and_what_to_type_next(tmp_path):
    picture = tmp_path / "loss.svg"
    shown = invoke(
        "landscape", "simple-nn", *SMALL, *QUICK, "--out", str(picture), "--store", str(tmp_path / "none")
    ).output
    assert "trained now and not kept" in shown
    assert "11 losses of 60 training images" in shown
    assert "non-convexity: absolute downward second differences" in shown
    assert "over 2 random directions of seed 0" in shown
    assert shown.splitlines()[-1].startswith("next: ablab gradients simple-nn ")
    assert shaded(picture) == 2
    assert not (tmp_path / "none").exists()


def test_a_stored_run_is_looked_at_and_nothing_in_the_store_changes(store, run):
    before = contents(store)
    (network,) = found("landscape", run[:6], *QUICK, "--store", str(store))["networks"]
    assert network["run"] == run
    assert network["seed"] == 3
    assert network["weights"].startswith(f"weights of run {run}")
    assert contents(store) == before


@pytest.mark.slow
def test_stored_weights_are_those_that_a_training_now_gives(store, run, tmp_path):
    words = ["landscape", "simple-nn", *SMALL, *QUICK, "--seed", "3"]
    (kept,) = found(*words, "--store", str(store))["networks"]
    (now,) = found(*words, "--store", str(tmp_path))["networks"]
    (by_id,) = found("landscape", run, *QUICK, "--store", str(store))["networks"]
    assert kept["weights"] != now["weights"]
    assert kept["lines"] == now["lines"] == by_id["lines"]
    assert kept["sharpness"] == now["sharpness"]


@pytest.mark.slow
def test_with_and_without_shortcuts_side_by_side(tmp_path):
    picture = tmp_path / "plane.svg"
    words = ["preact10", *SMALL, "blocks=2", "--untrained", "--size", "2", "--out", str(picture)]
    facts = found("landscape", *words, *QUICK, "--vs", "shortcut=false", "--store", str(tmp_path / "none"))
    with_, without = facts["networks"]
    assert without["name"] == "shortcut=false"
    assert without["recipe"]["shortcut"] is False
    assert with_["weights"] == "initial weights, untrained"
    for network in facts["networks"]:
        assert [len(row) for row in network["plane"]] == [5] * 5
        assert network["plane"][2] == network["lines"][0]
        assert 0 <= network["non_convexity"]["mean"] <= 1
        assert network["rise"]["each"] == pytest.approx(
            [(line[0] + line[-1]) / 2 - network["loss"] for line in network["lines"]]
        )
        assert network["sharpness"]["images"] == 60
    assert with_["lines"] != without["lines"]
    assert facts["meanings"]["descent"]
    assert "shortcut=false" in picture.read_text()


def test_a_network_with_shortcuts_is_offered_the_comparison(tmp_path):
    words = ["preact10", *SMALL, "blocks=1", "--untrained", "--hessian", "0"]
    shown = invoke("landscape", *words, *QUICK[:-2], "--store", str(tmp_path / "none")).output
    assert "--vs shortcut=false" in shown.splitlines()[-1]


def test_a_run_without_weights_says_how_to_get_them(store, run, tmp_path):
    import shutil

    other = tmp_path / "store"
    shutil.copytree(store, other)
    shutil.rmtree(other / "weights")
    with pytest.raises(InputError, match="has no weights here") as error:
        invoke("landscape", run, "--store", str(other))
    assert "ablab landscape simple-nn train_images=200 epochs=1 batch=50 precision=fp32 --seed 3" in str(error.value)


def test_weights_whose_bytes_have_changed_are_refused(store, run, tmp_path):
    import shutil

    other = tmp_path / "store"
    shutil.copytree(store, other)
    path = other / "weights" / f"{run}.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DataError, match="bytes have changed"):
        invoke("landscape", run, *QUICK, "--store", str(other))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["simple-nn", "--steps", "6"], "--steps 6: use an odd number"),
        (["simple-nn", "--out", "loss.png"], "must end with .svg"),
        (["0123abc"], "there is no store here"),
        (["simple-nm"], 'did you mean "simple-nn"'),
        (["simple-nn", "--vs", "shortcut=false"], 'unknown recipe key "shortcut"'),
        (["simple-nn", "--vs", "beef"], '"beef": there is no store here'),
        (["beef", "epochs=2"], 'write --vs "epochs=2"'),
    ],
)
def test_what_cannot_be_shown_is_refused_before_anything_is_trained(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        invoke("landscape", *words)
    assert message in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_run_is_told(store):
    with pytest.raises(InputError, match="no run has an ID"):
        invoke("landscape", "0123456789", "--store", str(store))


@pytest.mark.slow
def test_gradients_are_shown_by_layer_and_epoch_for_both_networks(tmp_path):
    picture = tmp_path / "gradients.svg"
    words = ["preact10", *SMALL, "blocks=2", "--images", "50"]
    shown = invoke("gradients", *words, "--vs", "shortcut=false", "--out", str(picture)).output
    lines = shown.splitlines()
    assert sum(line.startswith("block2.conv2 ") for line in lines) == 2
    assert sum(line.startswith("largest / smallest ") for line in lines) == 2
    assert lines[-1] == (
        "next: ablab landscape preact10 data=phantom train_images=200 epochs=1 batch=50 precision=fp32 blocks=2 "
        "--vs shortcut=false"
    )
    assert shaded(picture) == 4  # two networks, before and after


@pytest.mark.slow
def test_gradients_as_json_have_every_epoch_and_the_curve_of_the_run(tmp_path):
    words = ["simple-nn", *SMALL, "epochs=2", "--seed", "1"]
    words.remove("epochs=1")
    (network,) = found("gradients", *words, "--images", "50")["networks"]
    assert [one["epoch"] for one in network["epochs"]] == [0, 1, 2]
    assert network["epochs"][0]["curve"] is None
    invoke("train", *words, "--store", str(tmp_path))
    run = json.loads(invoke("runs", "ls", "--store", str(tmp_path), "--json").stdout)[0]["id"]
    curve = json.loads(invoke("runs", "show", run, "--store", str(tmp_path), "--json").stdout)["curve"]
    measured = [one["curve"] for one in network["epochs"][1:]]
    for key in ("train_loss", "val_loss", "val_accuracy"):
        assert [row[key] for row in measured] == [row[key] for row in curve]


def test_a_training_that_diverges_shows_what_was_measured_and_ends_with_1():
    result = invoke("gradients", "simple-nn", *SMALL, "lr=100000", "--images", "50")
    assert result.exit_code == 1
    assert "ended early: the training loss" in result.output
    assert "epoch 0" in result.output
