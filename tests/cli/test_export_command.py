"""ablab export as a person types it."""

import json
import re
import shlex
import subprocess
import sys

import pytest
import torch
from click.testing import CliRunner
from safetensors import safe_open

from ablab.api import export_run
from ablab.cli import command
from ablab.conduct import train_one
from ablab.data import load_dataset
from ablab.errors import DataError, InputError
from ablab.recipe import Recipe
from ablab.store import Store

SMALL = Recipe.of({"data": "phantom(train=200, test=60)", "model": "mlp", "epochs": 1, "batch": 30})


def invoke(*words):
    result = CliRunner().invoke(command, [*words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("export") / "store")
    return store, train_one(SMALL, 4, store, show=lambda _spec, _event: None)[0]


def test_the_weights_of_a_run_are_written_with_what_another_program_needs(trained, tmp_path, monkeypatch):
    store, run = trained
    monkeypatch.chdir(tmp_path)
    shown = invoke("export", run.id[:5], "--to", "safetensors", "--store", str(store.folder)).output
    first, last = shown.splitlines()
    assert first.startswith(f"{run.id}.safetensors: weights of run {run.id}, epoch 1, as safetensors, ")
    assert last == f"next: ablab runs show {run.id} --store {store.folder}"
    with safe_open(tmp_path / f"{run.id}.safetensors", "np") as file:
        facts = json.loads(file.metadata()["ablab"])
        assert len(list(file.keys())) == 8
    assert facts["seed"] == 4
    assert facts["in_shape"] == [3, 32, 32]
    assert len(facts["classes"]) == 10
    assert all(0 < mean < 255 for mean in facts["mean"])
    assert 'model = "mlp"' in facts["recipe"]


def test_a_program_is_told_what_was_written_and_a_file_that_is_there_is_kept(trained, tmp_path):
    store, run = trained
    out = tmp_path / "weights"
    words = ["export", run.id, "--to", "safetensors", "--out", str(out), "--store", str(store.folder)]
    value = json.loads(invoke(*words, "--json").output)
    assert (value["run"], value["format"], value["file"]) == (run.id, "safetensors", str(out))
    assert value["bytes"] == out.stat().st_size
    assert value["facts"]["epoch"] == 1
    with pytest.raises(InputError, match="--replace"):
        invoke(*words)
    assert invoke(*words, "--replace").exit_code == 0


def test_a_run_without_weights_is_told_how_to_get_them(trained, tmp_path):
    _, run = trained
    without = Store(tmp_path / "study")
    without.add(run)
    with pytest.raises(InputError, match='a study only with keep = "weights"') as error:
        invoke("export", run.id, "--to", "safetensors", "--store", str(without.folder))
    train, export = (shlex.split(line)[1:] for line in str(error.value).splitlines()[1:])
    assert invoke(*train).exit_code == 0
    assert invoke(*export, "--out", str(tmp_path / "weights")).exit_code == 0
    assert (tmp_path / "weights").exists()
    assert without.ids() == [run.id]


def test_damaged_weights_and_misspelt_formats_are_refused(trained, tmp_path):
    store, run = trained
    words = ["export", run.id, "--store", str(store.folder), "--out", str(tmp_path / "out")]
    with pytest.raises(InputError, match='did you mean "safetensors"'):
        invoke(*words, "--to", "safetensor")
    path = store.weights_of(run.id)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    try:
        with pytest.raises(DataError, match="bytes have changed"):
            invoke(*words, "--to", "safetensors")
    finally:
        path.write_bytes(whole)
    assert not (tmp_path / "out").exists()


def test_help_tells_weights_from_runs():
    assert "ablab runs export" in invoke("export", "--help").output
    assert "ablab export" in invoke("runs", "export", "--help").output


STUDY = """question = "Does batch norm help?"
data = "phantom(train=200, test=60)"
model = "mlp"
epochs = 1
batch = 50
keep = "weights"
[variants]
"batch norm" = "norm=batch"
[decide]
margin = 1.0
seeds = 3
"""


@pytest.mark.slow
def test_a_folder_for_the_hub_has_the_verdict_of_its_study_and_code_that_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.toml").write_text(STUDY)
    assert invoke("run", "s.toml", "--workers", "1").exit_code == 0
    run = json.loads(invoke("runs", "ls", "--json").output)[0]["id"]
    assert invoke("export", run, "--to", "huggingface", "--out", "model").exit_code == 0
    card = (tmp_path / "model" / "README.md").read_text()
    assert "Does batch norm help?" in card
    assert "## Confusion matrix" in card
    (code,) = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "model", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    classes = json.loads((tmp_path / "model" / "config.json").read_text())["label2id"]
    assert done.stdout.strip() in classes


@pytest.mark.slow
def test_a_program_is_compared_with_the_network_on_the_test_images_of_the_run(trained, tmp_path):
    store, run = trained
    words = ["export", run.id, "--to", "torch-export", "--out", str(tmp_path / "net.pt2"), "--store", str(store.folder)]
    assert "the same bits for 60 of 32x32, 1 of 32x32, 7 of 48x72 (test images)" in invoke(*words).output
    program = torch.export.load(tmp_path / "net.pt2").module()
    images = load_dataset(SMALL.data).test.images
    assert program(images).argmax(1).tolist() == list(run.predictions)
    made = export_run(run.id, "torch-export", tmp_path / "python.pt2", store=store)
    assert made.read_bytes() == (tmp_path / "net.pt2").read_bytes()
