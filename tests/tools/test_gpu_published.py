"""What is trained on a GPU in some minutes: the order of the runs, and those that would end in time."""

import dataclasses

from ablab.recipe import Recipe
from ablab.study import Study, plan
from gpu_published import ORDER, Pace, beginning, in_order, ordered, seconds_of
from sample_runs import sample_run

TEXT = 'question = "?"\nmodel = "mlp"\n[variants]\n"wide" = "width=2"\n[decide]\nseeds = "3..4"'
PLAN = plan(Study.from_toml(TEXT, "s.toml"), "f" * 64)
OTHER = plan(Study.from_toml(TEXT.replace("width=2", "width=3"), "s.toml"), "f" * 64)


def test_every_study_of_the_order_is_there_at_full_size():
    studies = ordered("full")
    assert len({study.name for study in studies}) == len(ORDER)
    assert all(study.scale == "full" and study.base.epochs >= 50 for study in studies)


def test_what_two_studies_want_is_trained_once_and_first_seeds_come_before_later_ones():
    specs = in_order([PLAN, OTHER])
    assert len(specs) == len({spec.id for spec in specs}) == 3 * 4
    assert [spec.seed for spec in specs] == [0, 0, 1, 1, 2, 2, 0, 1, 2, 3, 3, 3]
    assert specs[:6] == PLAN.wanted


def test_a_run_begins_only_if_it_ends_in_time_and_one_that_has_begun_goes_on():
    base, wide = PLAN.study.recipes
    pace = Pace({base: 10.0, wide: 100.0}, 1)
    begun = {next(spec.id for spec in PLAN.wanted if spec.recipe == wide)}
    specs = beginning(PLAN.wanted, begun, pace, 50.0)
    assert {spec.id for spec in specs if spec.recipe == wide} == begun
    assert sum(spec.recipe == base for spec in specs) == 3
    assert beginning(PLAN.wanted, begun, pace, 0.0) == []
    assert beginning(PLAN.wanted, (), Pace({}, 1), 50.0) == []


def test_a_whole_run_takes_all_its_epochs_and_what_is_around_them():
    run = sample_run()
    row = dataclasses.replace(run.curve[-1], seconds=2.0, examples=1_000)
    short = dataclasses.replace(run, curve=(row,), cost=dataclasses.replace(run.cost, seconds=2.0, wall_seconds=5.0))
    assert seconds_of(Recipe.of({"epochs": 10, "train_images": 9_000}), short) == 3.0 + 10 * 18.0
    assert seconds_of(Recipe.of({"epochs": 10}), short) == 3.0 + 10 * 90.0
