"""`ablab data`: what people and programs read of it, and what bad input leaves behind."""

import json
import os
import shlex
import subprocess
import sys

import numpy as np
import pytest

import commands


@pytest.fixture
def ablab(tmp_path):
    """Runs the command line in an empty folder, with a cache of its own, far from this machine's data."""

    def run(*words, **environment):
        place = {"XDG_CACHE_HOME": str(tmp_path / "user"), "HOME": str(tmp_path)}
        absent = dict.fromkeys(key for key in os.environ if key.startswith("ABLAB_") and key != "ABLAB_CACHE")
        return commands.ablab(*words, cwd=tmp_path, **{**absent, **place, **environment})

    return run


@pytest.fixture
def arrays(tmp_path):
    """A data set of two classes in one file: 20 training images, one of them twice, and 4 test images."""
    draw = np.random.default_rng(3)
    images = draw.integers(0, 256, (24, 8, 8, 3), dtype=np.uint8)
    images[5] = images[2]
    labels = np.arange(24) % 2
    path = tmp_path / "made.npz"
    np.savez(path, x_train=images[:20], y_train=labels[:20], x_test=images[20:], y_test=labels[20:])
    return path


def test_the_list_says_of_every_name_where_it_is_or_that_it_is_not_here(ablab, tmp_path):
    (tmp_path / "data" / "cifar-100-python").mkdir(parents=True)
    done = ablab("data", "list", "--json")
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert set(rows) >= {"cifar10", "cifar100", "phantom"}
    assert rows["cifar10"]["found"] is None
    assert rows["cifar100"]["found"] == str(tmp_path / "data" / "cifar-100-python")
    assert rows["phantom"]["found"] == "generated"
    assert rows["cifar100"]["lacks"] == ["train", "test"]
    text = ablab("data", "list").stdout
    assert f"{rows['cifar100']['found']}, incomplete: train, test are missing" in text
    assert "not here; a download of 170 MB" in text
    assert text.splitlines()[-1] == "next: ablab data get cifar10"


@pytest.mark.slow
def test_check_as_json_is_one_value_with_counts_statistics_and_duplicates(ablab, arrays):
    done = ablab("data", "check", arrays, "--json")
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["images"] == {"train": 20, "test": 4}
    assert found["shape"] == [3, 8, 8]
    assert found["per_class"] == {"train": [10, 10], "test": [2, 2]}
    with np.load(arrays, allow_pickle=False) as file:
        pixels = file["x_train"] / 255
    np.testing.assert_allclose(found["mean"], pixels.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(found["sd"], pixels.std(axis=(0, 1, 2)))
    (twins,) = found["duplicates"]
    assert (twins["parts"], twins["images"], twins["conflicting"]) == (["train", "train"], 1, 1)
    assert twins["pairs"] == [[2, 5]]
    assert found["official"] is None
    assert len(found["fingerprint"]) == 64


@pytest.mark.slow
def test_check_for_people_ends_with_a_command_to_go_on_with(ablab, arrays):
    lines = ablab("data", "check", arrays).stdout.splitlines()
    assert any("20 train, 4 test; 3 x 8 x 8" in line for line in lines)
    assert any("1 images of train repeat an earlier one, 1 of them under another label" in line for line in lines)
    assert lines[-1] == f"next: ablab data show {shlex.quote(str(arrays))} --out grid.png"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("check", "cifar10"), "cifar10 is not here"),
        (("check", "cifar-10"), 'did you mean "cifar10"?'),
        (("check", "no/such/folder"), "no/such/folder: no such file or folder"),
        (("check", "phantom", "--size", "0"), "--size"),
        (("get", "imagenet"), 'nothing called "imagenet" can be fetched'),
        (("get", "cifar10", "--url", "file:///etc/passwd"), "only http:// and https://"),
        (("get", "cifar10", "--url", "http://127.0.0.1:9/x.tar.gz"), "by hand: put cifar-10-python.tar.gz"),
        (("show", "phantom", "--out", "grid.txt"), "the name must end with one of .png"),
    ],
)
def test_bad_input_is_a_message_with_exit_code_2_and_nothing_half_written(ablab, tmp_path, words, message):
    done = ablab("data", *words, no_proxy="127.0.0.1")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


@pytest.mark.slow
def test_a_picture_of_the_data_is_written(ablab, arrays, tmp_path):
    from PIL import Image

    done = ablab("data", "show", arrays, "--out", "grid.png", "--rows", "3", "--augment", "flip", "--json")
    assert done.stderr == ""
    with Image.open(tmp_path / "grid.png") as picture:
        assert picture.size == (json.loads(done.stdout)["width"], json.loads(done.stdout)["height"])
        assert picture.format == "PNG"


@pytest.mark.slow
def test_names_of_classes_reach_the_terminal_without_control_characters(ablab, tmp_path):
    from PIL import Image

    for part in ("train", "test"):
        for name in ("cat\x1b[31m", "dog\u202eevil"):
            folder = tmp_path / "photos" / part / name
            folder.mkdir(parents=True)
            for value in range(3):
                Image.new("RGB", (4, 4), (value, len(part), len(name))).save(folder / f"{value}.png")
    out = ablab("data", "check", "photos", PYTHONUTF8="1").stdout
    assert "cat\\x1b[31m" in out
    assert "dog\\u202eevil" in out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_half_a_data_set_is_no_data_set_and_the_list_says_what_is_missing(ablab, tmp_path):
    for name, there in (("cifar-10-batches-py", ["data_batch_1", "test_batch"]), ("cifar-100-python", ["test"])):
        (tmp_path / "data" / name).mkdir(parents=True)
        for member in there:
            (tmp_path / "data" / name / member).write_bytes(b"")
    rows = {row["name"]: row for row in json.loads(ablab("data", "list", "--json").stdout)}
    assert rows["cifar10"]["lacks"] == [f"data_batch_{number}" for number in (2, 3, 4, 5)]
    assert rows["cifar100"]["lacks"] == ["train"]
    assert "incomplete: train is missing" in ablab("data", "list").stdout


def test_listing_and_fetching_load_no_torch(ablab):
    code = """
import sys
sys.argv = ["ablab", "data", "list"]
import ablab.cli
try:
    ablab.cli.main()
except SystemExit:
    pass
assert "torch" not in sys.modules and "numpy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
