"""A trained network on other images: what is measured, which classes are meant, whose weights fit."""

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

import ablab
from ablab.cli import command
from ablab.conduct import train_one
from ablab.data import from_arrays, load_dataset
from ablab.data.corruptions import Corruption, corrupted
from ablab.errors import DataError, InputError
from ablab.evaluation import Evaluation, examples_for, is_by_number
from ablab.models import Io
from ablab.recipe import Recipe
from ablab.records import Measurement
from ablab.report.evaluation import corruption_table, mean_error, sentence
from ablab.store import Store
from ablab.train.trained import Trained

DATA = "phantom(train=200, test=60)"
SMALL = Recipe.of({"data": DATA, "model": "mlp", "epochs": 1, "batch": 50, "tta": "flip"})
NET = """
import torch

class Net(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.head = torch.nn.Linear(3 * 32 * 32, classes)

    def forward(self, images):
        return self.head(images.flatten(1))
"""


def invoke(*words):
    result = CliRunner().invoke(command, [*words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("evaluate") / "store")
    return store, train_one(SMALL, 3, store, show=lambda _spec, _event: None)[0]


def kept(classes, in_shape=(3, 8, 8)):
    return Trained({}, 'model = "mlp"\n', 0, classes, 1, in_shape, (0.0,) * in_shape[0], (1.0,) * in_shape[0])


def arrays(images, labels, classes):
    return from_arrays((images, np.array(labels)), test=(images, np.array(labels)), classes=classes)


def test_the_test_images_of_a_run_get_the_figures_of_its_test(trained):
    store, run = trained
    (again,) = ablab.evaluate(run.id, store=store)
    assert again.measurement == run.test
    assert again.predictions == tuple(run.predictions)
    assert again.corruption is None


def test_corrupted_images_are_those_that_the_corruption_gives(trained, tmp_path):
    store, run = trained
    clean, foggy = ablab.evaluate(run, store=store, corrupt=["fog@5"])
    assert foggy.corruption == Corruption("fog", 5)
    images = load_dataset(DATA).test
    np.savez(
        tmp_path / "foggy.npz",
        x_train=images.images.permute(0, 2, 3, 1),
        y_train=images.labels,
        x_test=corrupted(images.images, Corruption("fog", 5)).permute(0, 2, 3, 1),
        y_test=images.labels,
    )
    (from_file,) = ablab.evaluate(run, data=str(tmp_path / "foggy.npz"), store=store)
    assert from_file.measurement == foggy.measurement != clean.measurement


def test_the_table_has_every_kind_and_the_mean_over_kinds_and_strengths(trained):
    store, run = trained
    found = ablab.evaluate(run, store=store, corrupt=["fog", "contrast@1"])
    table = corruption_table(found)
    fog = [100 * (1 - each.measurement.accuracy) for each in found[1:6]]
    contrast = 100 * (1 - found[6].measurement.accuracy)
    assert mean_error(found) == pytest.approx((sum(fog) / 5 + contrast) / 2)
    assert [cell.text for cell in table.rows[0]] == ["fog", *(f"{one:.2f}" for one in fog), f"{sum(fog) / 5:.2f}"]
    assert [cell.text for cell in table.rows[1]][1:3] == [f"{contrast:.2f}", "-"]
    assert table.rows[2][-1].text == f"{mean_error(found):.2f}"


def test_classes_are_found_by_their_names():
    images = np.zeros((3, 8, 8, 3), np.uint8)
    other = arrays(images, [0, 1, 1], ["dog", "ant"])
    assert examples_for(kept(("ant", "bee", "dog")), other).labels.tolist() == [2, 0, 0]
    with pytest.raises(DataError, match="does not know the classes dog"):
        examples_for(kept(("ant", "bee")), other)


def test_classes_without_names_are_counted_as_the_network_counts():
    other = arrays(np.zeros((3, 8, 8, 3), np.uint8), [0, 1, 1], ["0", "1"])
    network = kept(("ant", "bee", "dog"))
    assert examples_for(network, other).labels.tolist() == [0, 1, 1]
    assert is_by_number(network, other)
    assert not is_by_number(kept(("0", "1")), other)
    measured = Evaluation("digits", None, Measurement(0.5, 0.5, 2), ("ant", "bee"), (0, 1), (0, 0), by_number=True)
    assert "its class 0 was compared with ant" in sentence(measured)


def test_images_come_in_the_size_and_the_channels_of_the_network():
    grey = arrays(np.full((3, 12, 10, 1), 90, np.uint8), [0, 1, 1], ["ant", "bee"])
    seen = examples_for(kept(("ant", "bee")), grey).images
    assert seen.shape == (3, 3, 8, 8)
    assert seen.unique().tolist() == [90]
    red = np.zeros((2, 8, 8, 3), np.uint8)
    red[..., 0] = 255
    assert examples_for(kept(("a", "b"), (1, 8, 8)), arrays(red, [0, 1], ["a", "b"])).images.unique().tolist() == [76]


def test_all_images_of_a_data_set_are_taken_when_told():
    dataset = load_dataset(DATA)
    known = kept(dataset.classes, (3, 32, 32))
    assert len(examples_for(known, dataset)) == 60
    assert len(examples_for(known, dataset, is_whole=True)) == 260


def test_weights_from_elsewhere_are_measured_with_the_scaling_that_they_expect(tmp_path):
    (tmp_path / "net.py").write_text(NET)
    dataset = load_dataset(DATA)
    draw = torch.Generator().manual_seed(1)
    weights = {"head.weight": torch.randn(10, 3072, generator=draw), "head.bias": torch.zeros(10)}
    save_file(weights, tmp_path / "theirs.safetensors")
    words = ["--weights", str(tmp_path / "theirs.safetensors"), "--model", f"{tmp_path}/net.py:Net", "--data", DATA]
    value = json.loads(invoke("evaluate", *words, "--mean", "0.5,0.5,0.5", "--sd", "0.2,0.2,0.2", "--json"))
    pixels = (dataset.test.images.float() / 255 - 0.5) / 0.2
    right = (pixels.flatten(1) @ weights["head.weight"].T).argmax(1) == dataset.test.labels
    assert value["evaluations"][0]["accuracy"] == pytest.approx(right.double().mean().item(), abs=1 / 60 + 1e-9)
    assert "accuracy" in invoke("evaluate", *words)


def test_weights_of_another_network_are_told_with_the_layers_that_differ(tmp_path):
    save_file({"head.weight": torch.zeros(10, 5), "stem": torch.zeros(1)}, tmp_path / "theirs.safetensors")
    (tmp_path / "net.py").write_text(NET)
    with pytest.raises(DataError) as error:
        ablab.evaluate(weights=tmp_path / "theirs.safetensors", model=f"{tmp_path}/net.py:Net", data=DATA)
    assert str(error.value).splitlines()[1:] == [
        "    head.bias: missing from the file",
        "    stem: the network has no such tensor",
        "    head.weight: 10x5 in the file, 10x3072 in the network",
    ]
    (tmp_path / "no.safetensors").write_text("no weights")
    with pytest.raises(DataError, match="not a readable safetensors file"):
        ablab.evaluate(weights=tmp_path / "no.safetensors", model="mlp", data=DATA)


def test_counts_of_batches_may_be_missing_as_other_programs_leave_them_out(tmp_path):
    net = ablab.build("simple-nn", Io(3, 32, 32, 10), norm="batch")
    weights = {key: tensor for key, tensor in net.state_dict().items() if "num_batches" not in key}
    save_file(weights, tmp_path / "theirs.safetensors")
    (found,) = ablab.evaluate(weights=tmp_path / "theirs.safetensors", model="simple-nn norm=batch", data=DATA)
    assert found.measurement.images == 60


def test_a_run_and_weights_of_a_file_exclude_each_other(trained, tmp_path):
    store, run = trained
    save_file({"head.bias": torch.zeros(10)}, tmp_path / "w.safetensors")
    with pytest.raises(InputError, match="and no run"):
        ablab.evaluate(run.id, weights=tmp_path / "w.safetensors", model="mlp", data=DATA, store=store)
    with pytest.raises(InputError, match="name a run"):
        ablab.evaluate(model="mlp", store=store)
    words = ["--weights", str(tmp_path / "w.safetensors"), "--model", "mlp", "--data", DATA, "--sd", "1,1,1"]
    with pytest.raises(InputError, match="2 values for images of 3 channels"):
        invoke("evaluate", *words, "--mean", "1,2")


def test_the_command_says_the_accuracy_with_its_interval_and_the_table(trained):
    store, run = trained
    output = invoke("evaluate", run.id, "--corrupt", "fog@3", "--store", str(store.folder))
    assert f"accuracy {100 * run.test.accuracy:.2f} % of 60 images (95 % interval" in output
    assert "strength 3" in output
    value = json.loads(invoke("evaluate", run.id, "--corrupt", "fog@3", "--json", "--store", str(store.folder)))
    assert [(one["corruption"], one["strength"]) for one in value["evaluations"]] == [(None, None), ("fog", 3)]
    assert value["mean_corruption_error"] == pytest.approx(100 * (1 - value["evaluations"][1]["accuracy"]))
