"""ablab show as a person types it: a picture in a file, of a study or of a run."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ablab.cli import command
from ablab.errors import DataError, InputError
from small_study import small_study

pytestmark = pytest.mark.slow

SLOW, NORM = '"slow & [x]" = "lr=0.01"', '"batch norm" = "norm=batch"'
STUDY = small_study(SLOW, NORM, question="Is slower better?", model="simple-nn")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a study that has been carried out, shared by all tests of this file."""
    place = tmp_path_factory.mktemp("study")
    (place / "s.toml").write_text(STUDY)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        from ablab.conduct import run_study
        from ablab.store import Store
        from ablab.study.question.files import read_studies

        (study,) = read_studies(place / "s.toml")
        run_study(study, Store(place / ".ablab"), show=lambda plan: lambda wanted, event: None, workers=1)
    return place


@pytest.fixture(autouse=True)
def here(folder, monkeypatch):
    monkeypatch.chdir(folder)


def invoke(*words):
    result = CliRunner().invoke(command, [*words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def first_run() -> str:
    return json.loads(invoke("runs", "ls", "--json"))[0]["id"]


@pytest.mark.parametrize("kind", ["effects", "curves", "confusion", "cost", "worst"])
def test_every_kind_of_picture_of_a_study_goes_to_the_folder_of_figures(kind, folder):
    lines = invoke("show", kind, "s.toml").splitlines()
    assert f"picture: figures/s-{kind}.png" in lines
    assert lines[-1].startswith("next: ablab show ")
    with Image.open(folder / "figures" / f"s-{kind}.png") as image:
        assert image.width > 300
        assert np.asarray(image.convert("L")).std() > 10
        assert len(image.text["Runs"].split()) == 2 + 9


@pytest.mark.parametrize("kind", ["curves", "confusion", "worst"])
def test_a_single_run_is_shown_by_the_beginning_of_its_id(kind, folder):
    id_ = first_run()
    said = json.loads(invoke("show", kind, id_[:8], "--out", f"{kind}.svg", "--json"))
    assert said["pictures"][0]["runs"] == [id_]
    content = (folder / f"{kind}.svg").read_bytes()
    assert content.startswith(b"<?xml")
    assert id_.encode() in content


def test_the_worst_images_are_those_of_the_data_set(folder):
    said = json.loads(invoke("show", "worst", first_run(), "--images", "6", "--out", "w.pdf", "--json"))
    assert "Of 50 test images" in said["pictures"][0]["caption"]
    assert (folder / "w.pdf").read_bytes().startswith(b"%PDF")


def test_variants_can_be_chosen():
    said = json.loads(invoke("show", "confusion", "s.toml", "--variant", "batch norm", "--json"))
    assert "batch norm n = 3" in said["pictures"][0]["caption"]
    assert "slow" not in said["pictures"][0]["caption"]
    assert len(said["pictures"][0]["runs"]) == 6
    with pytest.raises(InputError, match='"batch nrm": did you mean "batch norm"'):
        invoke("show", "confusion", "s.toml", "--variant", "batch nrm")


def test_confusion_is_shown_of_validation_and_training_images_too(folder):
    said = json.loads(invoke("show", "confusion", first_run(), "--part", "validation", "--json"))["pictures"][0]
    assert said["path"].endswith("-confusion-validation.png")
    assert "These are validation images, not test images." in said["caption"]
    assert (folder / said["path"]).stat().st_size > 1000
    with pytest.raises(InputError, match="--part training belongs to confusion matrices"):
        invoke("show", "curves", first_run(), "--part", "training")


def test_what_cannot_be_shown_is_refused_and_leaves_no_file(folder):
    with pytest.raises(InputError, match="cannot show an effect by itself: an effect needs a study"):
        invoke("show", "effects", first_run(), "--out", "e.png")
    with pytest.raises(InputError, match="must end with"):
        invoke("show", "curves", "s.toml", "--out", "e.jpg")
    with pytest.raises(InputError, match="no run has an ID"):
        invoke("show", "curves", "zzz")
    assert not list(folder.glob("e.*"))
    assert CliRunner().invoke(command, ["show", "pie", "s.toml"]).exit_code == 2


def test_pictures_of_other_images_are_refused(tmp_path):
    photos = tmp_path / "photos.npz"
    draw = np.random.default_rng(0)

    def write() -> None:
        labels = np.arange(60) % 3
        np.savez(
            photos,
            x_train=draw.integers(0, 256, (60, 8, 8, 3)).astype("u1"),
            y_train=labels,
            x_test=draw.integers(0, 256, (60, 8, 8, 3)).astype("u1"),
            y_test=labels,
        )

    write()
    invoke("train", "mlp", f"data={photos}", "epochs=1", "batch=20", "--seed", "0", "--store", str(tmp_path / "store"))
    (run,) = json.loads(invoke("runs", "ls", "--json", "--store", str(tmp_path / "store")))
    words = ["show", "worst", run["id"], "--store", str(tmp_path / "store"), "--out", str(tmp_path / "w.png")]
    assert "picture: " in invoke(*words)
    write()
    from ablab import execute

    execute._load.cache_clear()
    with pytest.raises(DataError, match="these are not the images"):
        invoke(*words)
