"""What a report claims is read closely, trained again, and called same only if it is."""

import dataclasses
import hashlib
import json

import pytest

from ablab.data.sources.phantom import phantom
from ablab.errors import InputError
from ablab.execute.checkpoints import carry_out
from ablab.recipe import Recipe
from ablab.records import Measurement, RunSpec
from ablab.verify import ReportedRun, check, compare, read, tolerance
from sample_runs import MACHINE, sample_run

DATA = phantom(train=200, test=60)
RECIPE = Recipe.of({"epochs": 1, "batch": 50, "norm": "batch", "threads": 1})


def facts(run, **changes):
    """A run as a report embeds it."""
    recipe = run.spec.recipe
    return {
        "id": run.id,
        "seed": run.spec.seed,
        "recipe": {"model": recipe.model, **recipe.changes()},
        "fingerprint": run.spec.fingerprint,
        "accuracy": run.test.accuracy if run.test else None,
        "predictions_sha256": hashlib.sha256(run.predictions).hexdigest(),
        "machine": dataclasses.asdict(run.machine),
        **changes,
    }


def page(folder, *rows, around="", text=None):
    embedded = text if text is not None else json.dumps({"study": "the study", "runs": rows}).replace("<", "\\u003c")
    path = folder / "report.html"
    path.write_text(
        "<!doctype html><title>x</title><script>let a = '<p id=\"ablab-runs\">';</script>"
        f'<script type="application/json" id="ablab-runs">{embedded}</script>{around}'
    )
    return path


def claim(run, **changes):
    accuracy = run.test.accuracy if run.test else None
    made = ReportedRun(run.spec, accuracy, hashlib.sha256(run.predictions).hexdigest(), run.machine)
    return dataclasses.replace(made, **changes)


def test_the_runs_of_a_page_are_read_with_their_recipes_seeds_and_machines(tmp_path):
    runs = [sample_run(seed, recipe=RECIPE) for seed in range(2)] + [sample_run(5, test=None, status="diverged")]
    found = read(page(tmp_path, *map(facts, runs)))
    assert found.study == "the study"
    assert found.runs == tuple(map(claim, runs))


def test_more_than_is_asked_for_in_a_row_is_no_fault(tmp_path):
    assert read(page(tmp_path, facts(sample_run(), notes="x"))).runs == (claim(sample_run()),)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 9}, "they were changed"),
        ({"recipe": {"model": "simple-nn", "lr": 0.2}}, "they were changed"),
        ({"fingerprint": "other"}, "they were changed"),
        ({"id": "\x1b[31m"}, "they were changed"),
        ({"recipe": {"model": "simple-nn", "nrom": "batch"}}, 'did you mean "norm"'),
        ({"recipe": {"model": "../evil"}}, "no model is called"),
        ({"recipe": 5}, "recipe"),
        ({"accuracy": 1.5}, "an accuracy of 1.5"),
        ({"accuracy": "high"}, "accuracy"),
        ({"machine": {}}, "machine"),
    ],
)
def test_a_row_that_no_report_has_is_an_error_that_names_the_page(tmp_path, changes, message):
    with pytest.raises(InputError, match="report.html") as caught:
        read(page(tmp_path, facts(sample_run(), **changes)))
    assert message in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ('{"study": 1, "runs": NaN}', "not a number"),
        ('{"runs": []}', "study"),
        ("[]", "embedded"),
    ],
)
def test_an_element_that_is_damaged_is_an_error(tmp_path, text, message):
    with pytest.raises(InputError, match="report.html") as caught:
        read(page(tmp_path, text=text))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<p>just a page</p>", "this page contains no runs"),
        (b"", "this page contains no runs"),
        (b"\xff\xfe\x00", "not text"),
        (b'<!-- <script type="application/json" id="ablab-runs">{}</script> -->', "this page contains no runs"),
        (b'<script id="ablab-runs">{}</script>', "not marked as JSON"),
    ],
)
def test_a_file_that_is_no_report_says_so(tmp_path, content, message):
    path = tmp_path / "report.html"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read(path)


def test_a_page_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read(tmp_path / "absent.html")


def test_two_elements_or_one_run_twice_are_refused(tmp_path):
    second = '<script type="application/json" id="ablab-runs">{}</script>'
    with pytest.raises(InputError, match="2 elements"):
        read(page(tmp_path, facts(sample_run()), around=second))
    with pytest.raises(InputError, match="twice"):
        read(page(tmp_path, facts(sample_run()), facts(sample_run())))


@pytest.mark.slow
def test_a_run_that_is_trained_again_on_the_same_machine_is_the_same_to_the_last_bit():
    run = carry_out(RunSpec(RECIPE, 3, DATA.fingerprint), DATA, lambda *_: None)
    found = check(claim(run), lambda _: DATA, lambda *_: None)
    assert (found.word, found.why) == ("same", "all 60 predictions are equal")
    other = claim(run, spec=RunSpec(RECIPE, 4, DATA.fingerprint))
    assert check(other, lambda _: DATA, lambda *_: None).word == "different"


@pytest.mark.slow
def test_threads_and_precision_are_those_of_the_machine_that_it_was_trained_on():
    recipe = RECIPE.model_copy(update={"threads": None})
    for threads, precision in ((1, "fp32"), (2, "bf16")):
        machine = dataclasses.replace(MACHINE, threads=threads, precision=precision)
        made = claim(sample_run(recipe=recipe), spec=RunSpec(recipe, 0, DATA.fingerprint), machine=machine)
        found = check(made, lambda _: DATA, lambda *_: None).run.machine
        assert (found.threads, found.precision) == (threads, precision)
    made = dataclasses.replace(made, machine=dataclasses.replace(MACHINE, threads=1_000_000))
    assert check(made, lambda _: DATA, lambda *_: None).run.machine.threads < 1000


@pytest.mark.slow
def test_a_run_that_would_be_trained_here_as_it_was_there_keeps_its_id():
    recipe = RECIPE.model_copy(update={"threads": None})
    run = carry_out(RunSpec(recipe, 0, DATA.fingerprint), DATA, lambda *_: None)
    assert check(claim(run), lambda _: DATA, lambda *_: None).run.id == run.id


def test_other_images_cannot_be_compared():
    with pytest.raises(InputError, match="fingerprint"):
        check(claim(sample_run()), lambda _: DATA, lambda *_: None)


def run_of(accuracy, predictions=b"x" * 1000, machine=MACHINE):
    return sample_run(test=Measurement(1.0, accuracy, 1000), predictions=predictions, machine=machine)


ELSEWHERE = dataclasses.replace(MACHINE, name="another", torch="2.9.0")


@pytest.mark.parametrize(
    ("there", "here", "word"),
    [
        (run_of(0.8), run_of(0.8), "same"),
        (run_of(0.8), run_of(0.8, machine=ELSEWHERE), "same"),
        (run_of(0.8), run_of(0.81, b"y" * 1000), "different"),
        (run_of(0.8), run_of(0.8, b"y" * 1000), "different"),
        (run_of(0.8), run_of(0.81, b"y" * 1000, ELSEWHERE), "same within tolerance"),
        (run_of(0.8), run_of(0.88, b"y" * 1000, ELSEWHERE), "different"),
        (run_of(0.9), run_of(0.8, machine=ELSEWHERE), "different"),
        (sample_run(test=None), sample_run(test=None, status="failed"), "same"),
        (sample_run(test=None), run_of(0.8), "different"),
        (run_of(0.8), sample_run(test=None, status="diverged"), "different"),
    ],
)
def test_equal_bits_are_the_same_and_others_only_on_another_machine_and_near_enough(there, here, word):
    assert compare(claim(there), here).word == word


def test_the_reason_has_both_figures_the_tolerance_and_what_is_other():
    why = compare(claim(run_of(0.8)), run_of(0.81, b"y" * 1000, ELSEWHERE)).why
    for part in ("80.00 % there, 81.00 % here", "5.32 points are allowed", "torch 2.13.0 there, 2.9.0 here", "another"):
        assert part in why


def test_the_tolerance_holds_what_chance_does_and_shrinks_with_images():
    import random

    draw = random.Random(5)
    images, trials = 400, 1500
    gaps = []
    for _ in range(trials):
        one, other = (sum(draw.random() < 0.7 for _ in range(images)) / images for _ in range(2))
        gaps.append(abs(one - other) > tolerance(one, other, images))
    assert sum(gaps) / trials < 0.01
    assert tolerance(0.7, 0.7, 40_000) == pytest.approx(tolerance(0.7, 0.7, 400) / 10)
    assert tolerance(1.0, 1.0, 100) == 0.01
