"""A format of trained weights is one new file: `ablab export RUN --to NAME` then writes it."""

import json

import pytest

FORMAT = '''"""Outline: what a network consists of, as text."""

import torch

from ablab.catalogue import mark
from ablab.export import Product, Subject


@mark("format", "outline", suffix=".txt")
def outline(subject: Subject) -> Product:
    """One line a tensor, and what the network says to a grey picture."""
    trained = subject.trained
    lines = [f"{name} {list(tensor.shape)}" for name, tensor in trained.weights.items()]
    with torch.inference_mode():
        answer = trained.network()(torch.zeros(1, *trained.in_shape)).argmax().item()
    return Product("\\n".join([*lines, f"grey is a {trained.classes[answer]}", ""]).encode())
'''

NEEDY = '''"""A format that needs a package that nobody has."""

import no_such_package

from ablab.catalogue import mark


@mark("format", "needy", suffix=".x", needs=("no_such_package",))
def needy(subject):
    """Nothing."""
    return no_such_package.bytes(subject)


@mark("format", "extra", suffix=".x", needs=("no_such_package",), extra="such")
def extra(subject):
    """Nothing either."""
    return no_such_package.bytes(subject)
'''

SMALL = ("data=phantom(train=200,test=60)", "train_images=60", "epochs=1", "batch=20")


@pytest.mark.slow
def test_a_format_of_weights_is_one_new_file(package_copy):
    package_copy.drop("export/outline.py", FORMAT)
    package_copy.drop("export/needy.py", NEEDY)
    assert package_copy.run("train", "mlp", "hidden=[8]", *SMALL).returncode == 0
    (run,) = json.loads(package_copy.run("runs", "ls", "--json").stdout)
    done = package_copy.run("export", run["id"][:4], "--to", "outline")
    assert done.returncode == 0, done.stderr
    text = (package_copy.work / f"{run['id']}.txt").read_text()
    assert "[8, 3072]" in text
    assert "grey is a " in text
    assert "extra, huggingface, needy, onnx, outline, safetensors, torch-export" in " ".join(
        package_copy.run("export", "--help").stdout.split()
    )
    missing = package_copy.run("export", run["id"], "--to", "needy")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "pip install no_such_package" in missing.stderr
    missing = package_copy.run("export", run["id"], "--to", "extra")
    assert "pip install 'ablab-experiments[such]'" in missing.stderr
