"""What becomes of a claim, from simulated runs of published studies whose truth is known."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ablab.records import DataFacts, StudyText
from ablab.replication.answer import answers, verdict
from ablab.replication.evidence import comparable, compared, evidence, of_study, unpaired
from ablab.replication.measures import MEASURES
from ablab.replication.published_report import published_report
from ablab.report.replication import sentence
from ablab.statistics.paired import Interval
from ablab.statistics.sequential import multipliers
from ablab.store import Store
from ablab.study import plan
from ablab.study.question.files import published_studies, read_studies
from sample_runs import sample_run

DATA = DataFacts("fingerprint", "cifar10", tuple("abcdefghij"), (0,) * 200)


def study_of(file, scale="full"):
    return read_studies(next(path for path in published_studies() if path.stem == file), scale)[0]


def stored(folder, file, accuracies, scale="full", **changes):
    """A store with runs of one study: a list of accuracies for each recipe of it that is named."""
    kept, study = Store(folder), study_of(file, scale)
    for name, each in accuracies.items():
        for seed, accuracy in enumerate(each):
            kept.add(sample_run(seed, accuracy, study.named[name], **changes))
    kept.keep_data(DATA)
    kept.keep_study(StudyText(plan(study, "fingerprint").hash, study.name, study.text, "fingerprint", 1))
    return kept


def answered(letter, kept):
    report = published_report(letter)
    return {each.claim.name: each for each in answers(report, evidence(kept))}


def test_a_clear_difference_confirms_the_claim_with_its_interval(tmp_path):
    gaps = (0.050, 0.052, 0.048)
    kept = stored(tmp_path, "augmentation", {"base": [0.66] * 3, "crop + flip": [0.66 + gap for gap in gaps]})
    one = answered("B", kept)["B1"]
    assert (one.word, one.pairs, one.is_full) == ("confirmed", 3, True)
    half = multipliers(3, 5, 0.05)[3] * stats.sem(gaps) * 100
    assert one.effect.mean == pytest.approx(5.0)
    assert one.effect.high - one.effect.mean == pytest.approx(half)
    assert "72.06 against 66.14 %" in sentence(one)


@pytest.mark.parametrize(("runs", "word"), [(3, "confirmed"), (2, "not run")])
def test_a_recipe_whose_runs_all_break_down_is_lower(tmp_path, runs, word):
    kept = stored(tmp_path, "learning-rate", {"base": [0.70] * 3})
    recipe = study_of("learning-rate").named["rate 1.0"]
    for seed in range(runs):
        run = sample_run(seed, 0.1, recipe)
        kept.add(dataclasses.replace(run, status="diverged", test=None))
    one = answered("B", kept)["B16"]
    assert one.word == word
    if word == "confirmed":
        assert (one.ours, one.pairs, one.is_full) == ("3 of 3 runs broke down", 3, True)
        assert "3 of 3 runs broke down" in sentence(one)


def test_the_mean_of_times_is_of_one_machine(tmp_path):
    kept = stored(tmp_path, "cnn-vs-resnet", {"base": [0.79] * 3})
    result = evidence(kept, {"cnn-vs-resnet"})[0].results[0]
    runs = [
        dataclasses.replace(
            run,
            machine=dataclasses.replace(run.machine, name=name),
            cost=dataclasses.replace(run.cost, seconds=seconds),
        )
        for run, name, seconds in zip(result.runs, ("card", "laptop", "laptop"), (10.0, 60.0, 64.0), strict=True)
    ]
    arm = dataclasses.replace(result.arm("base"), runs=tuple(runs))
    assert comparable(arm, MEASURES["seconds"]) == [60.0, 64.0]
    assert len(comparable(arm, MEASURES["best_val"])) == 3


def test_a_sentence_that_the_report_denies_is_confirmed_where_it_is_false(tmp_path):
    falls = (0.62, 0.621, 0.619)
    kept = stored(tmp_path, "augmentation", {"base": [0.66] * 3, "vertical flip": falls})
    assert answered("B", kept)["B2"].word == "confirmed"


def test_a_claim_of_the_wrong_direction_is_refuted(tmp_path):
    kept = stored(tmp_path, "batch-norm", {"base": [0.72] * 3, "batch norm": (0.76, 0.761, 0.759)})
    assert answered("B", kept)["B3"].word == "refuted"


def test_networks_that_have_not_learned_tell_nothing(tmp_path):
    kept = stored(tmp_path, "augmentation", {"base": [0.50] * 3, "crop + flip": (0.60, 0.601, 0.599)})
    one = answered("B", kept)["B1"]
    assert one.word == "not trained enough to tell"
    assert "50.0 % where the report has 66.1 %" in one.remark
    at_chance = stored(tmp_path / "chance", "skip-depth", {})
    study = study_of("skip-depth")
    for name in ("model=resnet56, shortcut=true", "model=resnet56, shortcut=false"):
        for seed in range(3):
            at_chance.add(sample_run(seed, 0.15, study.named[name]))
    one = answered("D", at_chance)["D2"]
    assert (one.word, "chance is 10 %" in one.remark) == ("not trained enough to tell", True)


def test_the_accuracy_that_a_report_prints_holds_for_the_same_recipe_in_another_study(tmp_path):
    """The base of batch-norm at full size is what augmentation calls crop + flip, for which the report has 72.06 %."""
    kept = stored(tmp_path, "batch-norm", {"base": [0.60] * 3, "batch norm": (0.66, 0.661, 0.659)})
    one = answered("B", kept)["B3"]
    assert one.word == "not trained enough to tell"
    assert "72.1 %" in one.remark


def test_without_runs_a_claim_says_what_it_would_take(tmp_path):
    one = answered("E", Store(tmp_path))["E1"]
    assert one.word == "not run"
    assert one.remark.startswith("ablab run ")
    assert one.remark.endswith("extra-layer.toml --scale full")


def test_two_pairs_are_too_few(tmp_path):
    kept = stored(tmp_path, "extra-layer", {"base": [0.72] * 2, "fourth convolution": [0.76] * 2})
    one = answered("E", kept)["E2"]
    assert (one.word, one.effect) == ("undecided", None)


def test_claims_of_size_and_operations_are_computed(tmp_path):
    words = {name: one.word for letter in "ABCDE" for name, one in answered(letter, Store(tmp_path)).items()}
    assert {name for name, word in words.items() if word == "confirmed"} == {"A2", "C14", "C21", "D3", "E4", "E6"}
    assert {name for name, word in words.items() if word == "refuted"} == {"A7", "B13", "C13", "C15", "D5", "E5"}
    assert {name for name, word in words.items() if word == "not testable here"} == {"A6", "B12", "D6"}


def test_times_are_compared_on_one_machine_alone(tmp_path):
    kept = stored(tmp_path, "extra-layer", {"base": [0.72] * 3})
    study = study_of("extra-layer")
    other = dataclasses.replace(sample_run().machine, name="another")
    for seed in range(3):
        kept.add(sample_run(seed, 0.73, study.named["fourth convolution"], machine=other))
    there = of_study(evidence(kept), "extra-layer")
    base, variant = (there.results[0].arm(name) for name in ("base", "fourth convolution"))
    assert compared(base, variant, MEASURES["epoch_seconds"], there.results[0]) is None
    assert compared(base, variant, MEASURES["test"], there.results[0]).pairs == 3


def test_recipes_that_share_no_seeds_are_compared_by_welch(tmp_path):
    kept = stored(tmp_path, "extra-layer", {"base": (0.70, 0.72, 0.71), "fourth convolution": (0.75, 0.79, 0.74)})
    there = of_study(evidence(kept), "extra-layer")
    base, variant = (there.results[0].arm(name) for name in ("base", "fourth convolution"))
    effect = unpaired(base, variant, MEASURES["test"]).effect
    known = stats.ttest_ind([75, 79, 74], [70, 72, 71], equal_var=False).confidence_interval()
    assert (effect.low, effect.high) == pytest.approx((known.low, known.high))


@given(st.floats(-5, 5), st.floats(0.01, 3), st.sampled_from(["higher", "lower", "equal"]))
def test_opposite_claims_are_never_both_confirmed_and_a_mirrored_difference_mirrors_the_word(mean, half, says):
    seen, mirrored = Interval(mean, 1.0, mean - half, mean + half), Interval(-mean, 1.0, -mean - half, -mean + half)
    turned = {"higher": "lower", "lower": "higher", "equal": "equal"}[says]
    assert verdict(says, seen, 1.0) == verdict(turned, mirrored, 1.0)
    assert not (verdict("higher", seen, 1.0) == verdict("lower", seen, 1.0) == "confirmed")
    if verdict("equal", seen, 1.0) == "confirmed":
        assert abs(mean) + half < 1.0


def test_a_ratio_has_a_margin_in_both_directions():
    assert verdict("equal", Interval(1.0, 0.1, 0.95, 1.05), 0.1, is_ratio=True) == "confirmed"
    assert verdict("higher", Interval(1.2, 0.1, 1.1, 1.3), 0.1, is_ratio=True) == "confirmed"
    assert verdict("higher", Interval(0.8, 0.1, 0.7, 0.85), 0.1, is_ratio=True) == "refuted"
