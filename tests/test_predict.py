"""Pictures of any kind are given the classes that the network was tested with."""

import io
import json
import math

import pytest
import torch
from click.testing import CliRunner
from PIL import Image

import ablab
from ablab.cli import command
from ablab.conduct import train_one
from ablab.data import load_dataset
from ablab.errors import AblabError, DataError, InputError
from ablab.predict import pictures_at, predict
from ablab.recipe import Recipe
from ablab.store import Store
from ablab.train.trained import Trained

DATA = "phantom(train=200, test=60)"
SMALL = Recipe.of({"data": DATA, "model": "mlp", "epochs": 1, "batch": 50, "precision": "fp32"})


def invoke(*words, given=None):
    result = CliRunner().invoke(command, [*words], input=given)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(file, "png")
    return file.getvalue()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("predict") / "store")
    runs = [train_one(SMALL, seed, store, show=lambda _spec, _event: None)[0] for seed in (1, 2)]
    return store, runs


def test_test_images_as_files_get_the_predictions_of_the_test(trained, tmp_path):
    store, (run, _) = trained
    for number, image in enumerate(load_dataset(DATA).test.images):
        (tmp_path / f"{number:02}.png").write_bytes(png(image))
    value = json.loads(invoke("predict", run.id, str(tmp_path), "--store", str(store.folder), "--json"))
    classes = load_dataset(DATA).classes
    given = [classes.index(one["guesses"][0]["name"]) for one in value["predictions"]]
    assert given == list(run.predictions)
    assert [one["guesses"][0]["spread"] for one in value["predictions"]] == [None] * 60


def test_an_ensemble_has_the_mean_of_its_runs_and_their_spread(trained):
    store, runs = trained
    content = png(load_dataset(DATA).test.images[0])
    place = ["--store", str(store.folder), "--json", "--top", "10"]
    alone = [json.loads(invoke("predict", run.id, "-", *place, given=content)) for run in runs]
    both = json.loads(invoke("predict", runs[0].id, "-", "--with", runs[1].id, *place, given=content))
    shares = [{one["name"]: one["probability"] for one in each["predictions"][0]["guesses"]} for each in alone]
    for guess in both["predictions"][0]["guesses"]:
        first, second = (each[guess["name"]] for each in shares)
        assert guess["probability"] == pytest.approx((first + second) / 2, abs=1e-6)
        assert guess["spread"] == pytest.approx(abs(first - second) / math.sqrt(2), abs=1e-6)
    assert sum(guess["probability"] for guess in both["predictions"][0]["guesses"]) == pytest.approx(1)
    text = invoke("predict", runs[0].id, "-", "--with", runs[1].id, "--store", str(store.folder), given=content)
    first = both["predictions"][0]["guesses"][0]["name"]
    agreeing = sum(max(each, key=each.get) == first for each in shares)
    assert f"standard input: {agreeing} of 2 runs alone name {first} first" in text
    with pytest.raises(InputError, match="named twice"):
        invoke("predict", runs[0].id, "-", "--with", runs[0].id, *place, given=content)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_a_picture_may_have_any_size_and_mode(trained, tmp_path, mode):
    store, (run, _) = trained
    path = tmp_path / ("p.tif" if mode == "CMYK" else "p.png")
    Image.new(mode, (57, 91)).save(path)
    first, *guesses, _ = invoke("predict", run.id, str(path), "--store", str(store.folder)).splitlines()
    assert first == str(path)
    assert len(guesses) == 5


def test_what_is_no_picture_is_named_and_may_be_skipped(trained, tmp_path):
    store, (run, _) = trained
    (tmp_path / "a.png").write_text("no picture")
    Image.new("RGB", (9, 9)).save(tmp_path / "b.png")
    words = ["predict", run.id, str(tmp_path), "--store", str(store.folder)]
    with pytest.raises(DataError, match=r"a\.png: is not a readable image"):
        invoke(*words)
    assert "b.png" in invoke(*words, "--skip-unreadable")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no pictures in this folder"):
        pictures_at([str(tmp_path / "empty")])
    with pytest.raises(DataError, match="cannot be read"):
        invoke("predict", run.id, str(tmp_path / "none.png"), "--store", str(store.folder))


def test_a_run_without_weights_says_how_to_get_them(trained, tmp_path):
    without = Store(tmp_path / "study")
    without.add(trained[1][0])
    with pytest.raises(InputError, match="ablab train"):
        invoke("predict", trained[1][0].id, "-", "--store", str(without.folder), given=b"")


def test_networks_of_different_classes_have_no_mean():
    one, other = (Trained({}, "", 0, classes, 1, (3, 32, 32)) for classes in (("ant", "bee"), ("bee", "ant")))
    with pytest.raises(InputError, match="different classes"):
        predict([one, other], [("x.png", lambda: b"")])


def test_a_network_of_grey_images_sees_the_brightness_of_a_picture():
    """The network is linear in its one pixel, so the probability says how bright a red picture was taken for: 76."""
    weights = {"head.weight": torch.tensor([[1.0], [0.0]]), "head.bias": torch.zeros(2)}
    grey = Trained(weights, 'model = "mlp"\nhidden = []\n', 0, ("light", "dark"), 1, (1, 1, 1), (0.0,), (255.0,))
    (given,) = predict([grey], [("red", lambda: png(torch.tensor([255, 0, 0], dtype=torch.uint8).view(3, 1, 1)))])
    assert given.guesses[0].probability == pytest.approx(1 / (1 + math.exp(-76 / 255)), abs=1e-6)


def test_a_script_gets_the_predictions_of_the_command(trained, tmp_path):
    store, runs = trained
    Image.new("RGB", (20, 30), "red").save(tmp_path / "a.png")
    (given,) = ablab.predict_pictures([run.id for run in runs], tmp_path, top=3, store=store.folder)
    words = ["predict", runs[0].id, str(tmp_path), "--with", runs[1].id, "--top", "3", "--store", str(store.folder)]
    (value,) = json.loads(invoke(*words, "--json"))["predictions"]
    assert [(guess.name, guess.probability) for guess in given.guesses] == [
        (guess["name"], guess["probability"]) for guess in value["guesses"]
    ]
    with pytest.raises(InputError, match="at least one run"):
        ablab.predict_pictures([], tmp_path, store=store)


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    for call in (
        lambda place: ablab.predict_pictures("ab", "x.png", store=place),
        lambda place: ablab.evaluate("ab", store=place),
        lambda place: ablab.export_run("ab", "safetensors", tmp_path / "out", store=place),
    ):
        with pytest.raises(AblabError):
            call(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study that keeps weights, and the folder with its file and its store."""
    folder = tmp_path_factory.mktemp("study")
    text = f'question = "?"\ndata = "{DATA}"\nmodel = "mlp"\nepochs = 1\nbatch = 50\nkeep = "weights"\n'
    (folder / "mine.toml").write_text(f'{text}[variants]\n"wide" = "hidden=[300]"\n[decide]\nseeds = 3\n')
    result = ablab.Study.from_file(folder / "mine.toml").run(store=folder / "store", workers=1)
    Image.new("RGB", (20, 30), "red").save(folder / "a.png")
    return folder, result


def test_each_recipe_of_a_study_predicts_as_an_ensemble_of_its_seeds(study):
    folder, result = study
    words = ["predict", str(folder / "mine.toml"), str(folder / "a.png"), "--store", str(folder / "store"), "--json"]
    base, wide = json.loads(invoke(*words))["recipes"]
    assert (base["recipe"], wide["recipe"]) == ("base", "wide")
    for answer, arm in zip((base, wide), result.arms, strict=True):
        assert answer["runs"] == [run.id for run in arm.runs]
        (expected,) = ablab.predict_pictures(arm.runs, folder / "a.png", store=folder / "store")
        assert [each["probability"] for each in answer["predictions"][0]["guesses"]] == [
            guess.probability for guess in expected.guesses
        ]
    assert json.loads(invoke(*words, "--variant", "wide"))["recipes"] == [wide]
    text = invoke(*words[:-1])
    assert text.index("base (3 runs)") < text.index("wide (3 runs)")
    assert repr(expected) == f"<Prediction {folder / 'a.png'}: {expected.guesses[0]}, {expected.guesses[1]}>"


def test_what_a_study_cannot_predict_with_is_said(study, tmp_path):
    folder, result = study
    words = ["predict", str(folder / "mine.toml"), str(folder / "a.png"), "--store"]
    without = Store(tmp_path / "without")
    for run in result.runs:
        without.add(run)
    without.keep_data(result.data)
    without.keep_study(result.plan.kept)
    with pytest.raises(InputError, match='no weights in this store.*keep = "weights"(.|\n)*ablab run'):
        invoke(*words, str(without.folder))
    with pytest.raises(InputError, match='did you mean "wide"'):
        invoke(*words, str(folder / "store"), "--variant", "wid")
    with pytest.raises(InputError, match="only a study has variants"):
        invoke("predict", result.runs[0].id, "a.png", "--variant", "wide", "--store", str(folder / "store"))
    with pytest.raises(InputError, match="--with"):
        invoke(*words, str(folder / "store"), "--with", result.runs[0].id)
