"""What is trained on a GPU in some minutes: the order of the runs, and those that would end in time."""

import pytest

from ablab.recipe import Recipe
from ablab.study import Study, plan
from ablab.study.question.files import published_studies
from gpu_published import START, Pace, beginning, cheapest_first, in_order, studies

TEXT = 'question = "?"\nmodel = "mlp"\n[variants]\n"wide" = "width=2"\n[decide]\nseeds = "3..4"'
PLAN = plan(Study.from_toml(TEXT, "s.toml"), "f" * 64)
OTHER = plan(Study.from_toml(TEXT.replace("width=2", "width=3"), "s.toml"), "f" * 64)


def test_every_published_study_is_taken_at_full_size_on_each_of_its_data_sets():
    taken = studies("full")
    assert {study.scale for study in taken} == {"full"}
    assert len({(study.path, study.base.data) for study in taken}) == len(taken) > len(published_studies())


def test_what_two_studies_want_is_trained_once_and_first_seeds_come_before_later_ones():
    specs = in_order(cheapest_first([OTHER, PLAN], Pace({OTHER.study.recipes[1]: 100.0})))
    assert len(specs) == len({spec.id for spec in specs}) == 3 * 4
    assert [spec.seed for spec in specs] == [0, 0, 1, 1, 2, 2, 0, 1, 2, 3, 3, 3]
    assert specs[:6] == PLAN.wanted


def test_a_study_whose_runs_are_there_comes_first():
    done = [spec.id for spec in OTHER.wanted if spec.recipe == OTHER.study.recipes[1]]
    assert cheapest_first([PLAN, OTHER], Pace(), done) == [OTHER, PLAN]


def test_studies_can_be_named_in_an_order_each_at_a_size_of_its_own():
    taken = studies("full", ["l2", "dropout-vgg6@default", "extra-layer"])
    sizes = [(study.name, study.base.data) for study in taken]
    assert [name.partition("-cifar")[0] for name, _ in sizes] == [
        "l2-full",
        "dropout-vgg6",
        "dropout-vgg6",
        "extra-layer-full",
    ]
    assert [data for _, data in sizes[1:3]] == ["cifar10", "cifar100"]
    with pytest.raises(SystemExit, match="l3 is no published study"):
        studies("full", ["l3"])


def test_a_run_begins_only_if_it_ends_in_time_and_one_that_has_begun_goes_on():
    base, wide = PLAN.study.recipes
    pace = Pace({base: 10.0, wide: 100.0})
    begun = {next(spec.id for spec in PLAN.wanted if spec.recipe == wide)}
    specs = beginning(PLAN.wanted, begun, pace, 50.0)
    assert {spec.id for spec in specs if spec.recipe == wide} == begun
    assert sum(spec.recipe == base for spec in specs) == 3
    assert beginning(PLAN.wanted, begun, pace, 0.0) == []


def test_an_estimate_counts_steps_and_operations_and_gives_way_to_what_was_seen():
    small = Recipe.of({"model": "simple-nn", "epochs": 10, "batch": 100, "train_images": 10_000})
    assert Pace().seconds(small) == pytest.approx(START + 10 * (100 * 0.0006 + 3 * 720_000 * 10_000 / 5e13), rel=0.01)
    assert Pace({small: 3.0}).seconds(small) == 3.0
