"""Learning rates chosen fairly: as many trials for all, on seeds that nothing else uses."""

import dataclasses

import pytest

from ablab.errors import StudyError
from ablab.study import Study, decide, plan
from ablab.study.plan import EXPLORING, TUNING
from ablab.study.protocol import PROTOCOLS
from ablab.study.question.rates import FIRST, WIDEST
from ablab.study.tuning import TuningCost, disagreements, next_steps, trials_wanted, tuned, tuning_cost
from sample_runs import sample_run

TEXT = """question = "?"
lr = 0.01
epochs = 2
tune = { lr = "auto" }
[variants]
"batch norm" = "norm=batch"
[decide]
seeds = "3..6"
"""


@pytest.fixture
def study():
    return Study.from_toml(TEXT, "s.toml")


def trials(study, steps, accuracy):
    return [
        sample_run(one.seed, accuracy(one.recipe), one.recipe, spec=one)
        for one in trials_wanted(study, "fingerprint", steps)
    ]


def test_every_recipe_has_as_many_trials_on_seeds_that_no_study_uses(study):
    wanted = trials_wanted(study, "fingerprint", FIRST)
    norms = [one.recipe.full()["norm"] for one in wanted]
    assert norms.count("none") == norms.count("batch") == 5
    assert sorted({one.recipe.lr for one in wanted}) == [0.001111, 0.003333, 0.01, 0.03, 0.09]
    confirming = {one.seed for one in plan(study, "fingerprint").most}
    exploring = {one.seed for one in plan(study, "fingerprint", explores=True).most}
    tuning = {one.seed for one in wanted}
    assert confirming.isdisjoint(exploring | tuning)
    assert exploring.isdisjoint(tuning)
    assert min(exploring) == EXPLORING
    assert min(tuning) == TUNING
    assert all(one.explores for one in wanted)


def test_the_best_rate_of_each_is_taken_and_of_equals_the_nearest_to_its_own(study):
    best = {"none": 0.01, "batch": 0.03}
    runs = trials(study, FIRST, lambda recipe: 0.6 if recipe.lr == best[recipe.full()["norm"]] else 0.5)
    assert next_steps(study, runs, FIRST) == FIRST
    found = tuned(study, runs, FIRST)
    assert found.taken == ((0.01,), (0.03,))
    assert found.study.base.lr == 0.01
    assert found.study.variants[0].recipe.full()["lr"] == 0.03
    assert found.study.variants[0].recipe.full()["norm"] == "batch"
    assert not found.study.tune
    equals = tuned(study, trials(study, FIRST, lambda recipe: 0.5), FIRST)
    assert equals.taken == ((0.01,), (0.01,))


def test_a_winner_at_the_end_widens_the_grid_for_all_alike_up_to_a_limit(study):
    def accuracy(recipe):
        return min(0.9, recipe.lr) if recipe.full()["norm"] == "batch" else 0.5

    steps = next_steps(study, trials(study, FIRST, accuracy), FIRST)
    assert steps == (-2, 3)
    assert len(trials_wanted(study, "fingerprint", steps)) == 12
    while (wider := next_steps(study, trials(study, steps, accuracy), steps)) != steps:
        steps = wider
    assert steps == (-2, 4)


def test_a_trial_that_broke_down_never_wins(study):
    runs = [
        dataclasses.replace(run, status="diverged", test=None) if run.spec.recipe.lr > 0.01 else run
        for run in trials(study, FIRST, lambda recipe: recipe.lr)
    ]
    assert tuned(study, runs, FIRST).taken == ((0.01,), (0.01,))


def test_only_the_rate_can_be_tuned_and_not_where_it_is_the_question():
    with pytest.raises(StudyError, match="ablab tunes only the learning rate"):
        Study.from_toml(TEXT.replace('{ lr = "auto" }', '{ momentum = "auto" }'), "s.toml")
    with pytest.raises(StudyError, match="changes nothing but the learning rate"):
        Study.from_toml(TEXT.replace("norm=batch", "lr=0.1"), "s.toml")


def test_verdicts_at_fixed_and_at_tuned_rates_share_one_error(study):
    chosen = tuned(study, trials(study, FIRST, lambda recipe: 0.5), FIRST).study
    alone = dataclasses.replace(study, tune=False)
    shares = [plan(one, "fingerprint").alpha for one in (alone, study, chosen)]
    assert shares == pytest.approx([0.05, 0.025, 0.025])
    assert plan(study, "fingerprint", protocol=PROTOCOLS[-1]).alpha == 0.05


def test_tuning_once_costs_trials_for_every_recipe_and_the_runs_at_the_rates_that_won(study):
    """Two recipes: 5 to 9 rates with the tuning seeds, and 3 to 6 seeds afterwards."""
    first, widest = (len(trials_wanted(study, "fingerprint", steps)) for steps in (FIRST, WIDEST))
    assert tuning_cost(study, 2.0) == TuningCost((first, widest), (6, 12), (first + 6.0, widest + 12.0))
    assert tuning_cost(study, float("nan")).minutes is None


def test_a_variant_with_another_word_after_tuning_is_named():
    plain = Study("?", "simple-nn", {"norm": "norm=batch", "wide": "width=2"}, seeds="3")

    def verdicts(norm, wide):
        gains = {"base": 0.0, "norm": norm, "wide": wide}
        runs = [
            sample_run(seed, 0.3 + gains[name] + 0.005 * seed, recipe)
            for name, recipe in plain.named.items()
            for seed in range(3)
        ]
        return decide(plan(plain, "fingerprint"), runs).verdicts

    assert [one.word for one in verdicts(0.2, 0.2)] == ["helps", "helps"]
    assert disagreements(verdicts(0.2, 0.2), verdicts(0.2, -0.2)) == ("wide",)
    assert disagreements(verdicts(0.2, 0.2), verdicts(0.2, 0.2)) == ()


def test_without_a_trial_there_is_no_rate_to_choose(study):
    with pytest.raises(StudyError, match="simple-nn"):
        tuned(study, [], FIRST)
