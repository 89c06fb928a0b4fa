"""The images that are shown are those that were mistaken, worst first, with the answers that were given."""

import dataclasses
import io

import numpy as np
import pytest
from detailed import CLASSES, IMAGES, detailed, facts, pictures
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from simulated import result

from ablab.errors import InputError
from ablab.report.page import page
from ablab.report.sections.images import LARGEST, MOST, Given, given_by, images, png, worst


@pytest.fixture(scope="module")
def walls():
    it, runs, verdicts, data = detailed()
    made = result(it, runs, verdicts, data=data)
    return runs, {wall.title: wall for wall in images(made, pictures=pictures())}


def answers(runs):
    return np.stack([np.frombuffer(run.predictions, "u1") for run in runs])


def test_what_every_run_gets_wrong_is_found(walls):
    runs, found = walls
    wrong = (answers(runs) != np.asarray(facts().labels)).all(0)
    wall = found["Wrong in every run"]
    assert {shot.number for shot in wall.shots} == set(np.flatnonzero(wrong)) >= {0, 1, 2, 3, 4}
    assert wall.note.startswith(f"{wrong.sum()} image")


def test_what_a_variant_wins_the_base_has_wrong_with_all_seeds(walls):
    it, runs, verdicts, data = detailed()
    found = walls[1]
    labels = np.asarray(data.labels)
    for variant, verdict in zip(it.variants, verdicts, strict=True):
        sides = [
            [run for run in runs if run.spec.recipe == recipe and run.spec.seed < verdict.pairs]
            for recipe in (it.base, variant.recipe)
        ]
        base, other = (answers(side) == labels for side in sides)
        for word, right, wrong in (("Won", other, base), ("Lost", base, other)):
            rows = np.flatnonzero(right.all(0) & ~wrong.any(0))
            wall = found.get(f"{word} by {variant.name}")
            assert {shot.number for shot in wall.shots} == set(rows) if wall else len(rows) == 0


def test_the_worst_are_those_that_the_base_was_most_sure_of(walls):
    it, runs, _, data = detailed()
    base = [run for run in runs if run.spec.recipe == it.base]
    said = answers(base)
    sure = np.stack([np.frombuffer(run.certainty, "u1") for run in base]) / 255
    doubt = ((said != np.asarray(data.labels)) * sure).mean(0)
    wall = walls[1]["Most confident mistakes: base"]
    assert len(wall.shots) == MOST
    assert wall.note.endswith(f", the first {MOST} shown")
    assert [shot.number for shot in wall.shots] == [int(row) for row in np.argsort(-doubt, kind="stable")[:MOST]]
    first = wall.shots[0]
    assert first.label == CLASSES[data.labels[first.number]]
    assert first.answer != first.label
    assert first.share == pytest.approx(100 * given_by(base, data).answer(first.number)[1], abs=0.05)


def test_the_answer_is_the_wrong_one_given_most_often_with_its_mean_probability():
    given_ = np.array([[3], [3], [5], [1]])
    found = Given(given_, given_ != 1, np.array([[0.5], [0.7], [0.9], [1.0]]))
    assert found.answer(0) == (3, pytest.approx(0.6))
    assert dataclasses.replace(found, sure=None).answer(0) == (3, None)


def test_runs_without_certainty_have_no_probability():
    _, runs, _, data = detailed()
    assert given_by([dataclasses.replace(run, certainty=b"") for run in runs], data).sure is None


def test_pictures_may_come_from_a_function_that_is_asked_for_few():
    it, runs, verdicts, data = detailed()
    asked = []

    def some(rows):
        asked.append(len(rows))
        return pictures()[list(rows)]

    made = result(it, runs, verdicts, data=data)
    assert list(images(made, pictures=some)) == list(images(made, pictures=pictures()))
    assert 0 < max(asked) <= MOST


@given(arrays.arrays(np.uint8, st.tuples(st.sampled_from([1, 3]), st.integers(1, 40), st.integers(1, 40))))
def test_a_picture_comes_back_as_it_was(pixels):
    seen = np.asarray(Image.open(io.BytesIO(png(pixels))))
    assert np.array_equal(seen, pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, -1))


def test_large_pictures_become_small_ones():
    assert max(Image.open(io.BytesIO(png(np.zeros((3, 224, 160), np.uint8)))).size) == LARGEST


def test_the_page_with_pictures_stays_small_and_has_their_labels():
    it, runs, verdicts, data = detailed()
    large = np.random.default_rng(1).integers(0, 256, (IMAGES, 3, 96, 96), dtype=np.uint8)
    html = page(result(it, runs, verdicts, data=data), large)
    assert 0 < html.count("data:image/png;base64,") < 200
    assert len(html.encode()) < 3_000_000
    assert html == page(result(it, runs[::-1], verdicts, data=data), large)


def test_the_worst_images_of_some_runs_are_those_that_all_are_most_surely_wrong_about():
    it, runs, _, data = detailed()
    base = [run for run in runs if run.spec.recipe == it.base]
    chart = worst(base, data, pictures(), 5)
    sure = np.stack([np.frombuffer(run.certainty, "u1") for run in base]) / 255
    doubt = ((answers(base) != np.asarray(data.labels)) * sure).mean(0)
    assert [shot.number for shot in chart.shots] == [int(row) for row in np.argsort(-doubt, kind="stable")[:5]]
    first = chart.shots[0]
    assert first.share == pytest.approx(100 * doubt[first.number])
    assert (
        first.detail
        == f"{first.share:.0f} %, {(answers(base)[:, first.number] != data.labels[first.number]).sum()} of 5"
    )
    assert "mean over n = 5 runs, a correct answer counts as 0" in chart.caption


def test_runs_without_probabilities_or_without_mistakes_are_told_apart():
    _, runs, _, data = detailed()
    with pytest.raises(InputError, match="probabilities"):
        worst([dataclasses.replace(run, certainty=b"") for run in runs], data, pictures())
    right = dataclasses.replace(runs[0], predictions=bytes(data.labels))
    with pytest.raises(InputError, match="made no mistake on the test images"):
        worst([right], data, pictures())
