"""A result: the pairs that verdicts rest on, and where a study is found in a store."""

import dataclasses

import pytest

from ablab.errors import InputError, StudyError
from ablab.records import DataFacts
from ablab.result import Result, begun, look_up, missing_trials, plan_of, plans_in, result_of, study_of, tuned_rates
from ablab.store import Store
from ablab.study import Study, decide, plan
from ablab.study.gather import gather
from ablab.study.plan import plans
from ablab.study.protocol import NEWEST, PROTOCOLS
from ablab.study.question.files import read_studies
from sample_runs import sample_run

TEXT = """question = "Does it?"
data = "phantom"
[variants]
"batch norm" = "norm=batch"
"wide" = "width=2"
[decide]
margin = 1.0
seeds = "3..6"
"""


def result_with(*, unmeasured: int | None = None) -> Result:
    """Runs of six seeds; batch norm is decided early, and one run of it may have no accuracy."""
    study = Study.from_toml(TEXT, "study.toml")
    planned = plan(study, "fingerprint")
    gains = {study.variants[0].recipe.hash: 0.05, study.variants[1].recipe.hash: 0.01}
    runs = []
    for spec in planned.most:
        noise = 0.004 * ((spec.seed * 7 + len(spec.recipe.hash)) % 3)
        run = sample_run(spec.seed, 0.6 + gains.get(spec.recipe.hash, 0.0) + noise, spec.recipe)
        if spec.seed == unmeasured and spec.recipe == study.variants[1].recipe:
            run = dataclasses.replace(run, status="diverged", test=None)
        runs.append(run)
    return Result(study, planned, tuple(reversed(runs)), decide(planned, runs))


@pytest.mark.parametrize("unmeasured", [None, 2, 4])
def test_pairs_are_those_that_the_verdict_was_made_from(unmeasured):
    result = result_with(unmeasured=unmeasured)
    found = {(run.spec.recipe.hash, run.spec.seed): run for run in result.runs}
    for evidence, verdict in zip(gather(result.plan, found)[0], result.verdicts, strict=True):
        assert result.pairs(verdict) == evidence.pairs
        assert len(result.pairs(verdict)) == verdict.pairs


def test_arms_are_the_base_and_the_variants_in_the_order_of_the_study():
    arms = result_with(unmeasured=2).arms
    assert [(arm.name, arm.place) for arm in arms] == [("base", 0), ("batch norm", 1), ("wide", 2)]
    assert all([run.spec.seed for run in arm.runs] == [0, 1, 2, 3, 4, 5] for arm in arms)
    assert [len(arm.measured) for arm in arms] == [6, 6, 5]


def test_the_size_of_pictures_is_kept_with_the_data_and_told_to_a_store_that_did_not_know_it(tmp_path):
    facts = DataFacts("fingerprint", "phantom", ("a", "b"), (0, 1))
    store = Store(tmp_path)
    store.keep_data(facts)
    assert store.data("fingerprint").in_shape is None
    for shape in ((1, 28, 28), (3, 32, 32)):  # what is known stays as it is
        store.keep_data(dataclasses.replace(facts, in_shape=shape))
        assert store.data("fingerprint").in_shape == (1, 28, 28)


def test_a_study_that_was_not_begun_is_not_found(tmp_path):
    with pytest.raises(
        InputError, match="this store has no run of this study yet, or .* changed since; start it with: ablab run"
    ):
        look_up(Study.from_toml(TEXT, "study.toml"), Store(tmp_path))


IN_TWO_SIZES = """question = "Does it?"
data = ["phantom(train=200, test=50)", "phantom(train=200, test=50, difficulty=0.6)"]
[variants]
"batch norm" = "norm=batch"
[full]
epochs = 20
"""


@pytest.mark.parametrize("is_old", [False, True])
@pytest.mark.parametrize("scale", ["default", "full"])
@pytest.mark.parametrize("part", [0, 1])
def test_a_study_in_a_store_is_found_on_its_data_and_at_its_scale(tmp_path, scale, part, is_old):
    (tmp_path / "study.toml").write_text(IN_TWO_SIZES)
    study = read_studies(tmp_path / "study.toml", scale)[part]
    planned, store = plan(study, "fingerprint"), Store(tmp_path / "store")
    kept = planned.kept
    assert (kept.data, kept.scale) == (study.base.data, scale)
    store.keep_study(dataclasses.replace(kept, data="", scale="") if is_old else kept)
    (kept,) = store.studies()
    assert plan_of(kept).hash == planned.hash
    assert (study_of(kept).base, study_of(kept).scale, study_of(kept).name) == (study.base, scale, study.name)
    assert look_up(study, store).plan == planned
    (other,) = read_studies(tmp_path / "study.toml", scale)[1 - part : 2 - part or None]
    with pytest.raises(InputError, match="this store has no run of this study yet"):
        look_up(other, store)


def test_a_study_that_was_begun_under_an_older_protocol_keeps_it(tmp_path):
    study, store = Study.from_toml(TEXT, "study.toml"), Store(tmp_path / "store")
    newest, oldest = (plan(study, "fingerprint", protocol=one) for one in (NEWEST, PROTOCOLS[-1]))
    assert newest == plan(study, "fingerprint")
    assert newest.hash != oldest.hash
    assert [one.id for one in newest.most] == [one.id for one in oldest.most]
    assert begun(newest, store) == newest
    store.keep_study(oldest.kept)
    assert begun(newest, store) == look_up(study, store).plan == oldest
    assert plan_of(oldest.kept).hash == oldest.hash


def test_a_study_that_this_version_plans_in_another_way_is_read_and_has_no_plan():
    kept = dataclasses.replace(plan(Study.from_toml(TEXT), "fingerprint").kept, plan="another")
    assert study_of(kept).base == Study.from_toml(TEXT).base
    with pytest.raises(StudyError, match="another version of ablab made it"):
        plan_of(kept)
    with pytest.raises(StudyError, match="another version of ablab made it"):
        study_of(dataclasses.replace(kept, data="", scale=""))


def test_what_a_study_says_at_tuned_rates_is_said_of_the_same_data(tmp_path):
    text = TEXT.replace('data = "phantom"', 'data = "phantom"\ntune = { lr = "auto" }')
    study, store = Study.from_toml(text, "study.toml"), Store(tmp_path)
    for fingerprint in ("first data", "second data"):
        planned = plan(study, fingerprint)
        while missing := missing_trials(planned, store):
            for trial in missing:
                store.add(sample_run(trial.seed, 0.6 - abs(trial.recipe.lr - 0.05), spec=trial))
        chosen = tuned_rates(planned, store)
        for one in (planned, plan(chosen.study, fingerprint)):
            store.keep_study(one.kept)
            for spec in one.most:
                gain = 0.05 * (spec.recipe.options != {})
                store.add(sample_run(spec.seed, 0.6 + gain + spec.seed / 1000, spec=spec))
    for fingerprint in ("first data", "second data"):
        result = result_of(plan(study, fingerprint), store)
        assert result.after_tuning.plan.fingerprint == fingerprint


def test_a_study_that_was_begun_has_the_plan_of_its_own_protocol_and_no_other(tmp_path):
    study, store = Study.from_toml(TEXT, "study.toml"), Store(tmp_path)
    store.keep_data(DataFacts("fingerprint", "phantom", ("a", "b"), (0, 1)))
    newest, *older = plans(study, "fingerprint")
    assert plans_in(store, study) == [newest]
    store.keep_study(older[-1].kept)
    assert plans_in(store, study) == [older[-1]]
