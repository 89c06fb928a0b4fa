"""A plan says which runs are wanted, in which order, and has a hash that changes with what decides."""

from dataclasses import replace

import pytest

from ablab.errors import StudyError
from ablab.recipe import Recipe
from ablab.records import DataFacts
from ablab.study import Rule, Study, Variant, plan
from ablab.study.plan import runs_of

BASE = Recipe()
VARIANTS = tuple(Variant(name, BASE.with_(change), change) for name, change in (("a", "norm=batch"), ("b", "lr=0.1")))
STUDY = Study("?", BASE, VARIANTS, Rule(seeds=(3, 5)))


def test_at_first_every_recipe_has_the_fewest_seeds_and_at_most_the_most():
    planned = plan(STUDY, "data")
    assert len(planned.wanted) == 3 * 3
    assert len(planned.most) == 3 * 5
    assert {(one.recipe.hash, one.seed) for one in planned.wanted} == {
        (recipe.hash, seed) for recipe in STUDY.recipes for seed in range(3)
    }


def test_recipes_are_interleaved_in_an_order_that_chance_gives_each_seed():
    most = plan(STUDY, "data").most
    rounds = [[one.recipe for one in most[3 * seed : 3 * seed + 3]] for seed in range(5)]
    assert all({recipe.hash for recipe in one} == {recipe.hash for recipe in STUDY.recipes} for one in rounds)
    assert len({tuple(recipe.hash for recipe in one) for one in rounds}) > 1
    firsts = [runs_of(STUDY.recipes[:2], [seed], "data")[0].recipe.hash for seed in range(400)]
    assert 150 < firsts.count(STUDY.base.hash) < 250


def test_the_hash_does_not_change_with_wording_names_or_order():
    reworded = replace(STUDY, name="t", question="Is it so?", text="...", variants=STUDY.variants[::-1])
    renamed = replace(STUDY, variants=(replace(STUDY.variants[0], name="other"), STUDY.variants[1]))
    assert {plan(one, "data").hash for one in (STUDY, reworded, renamed)} == {plan(STUDY, "data").hash}


@pytest.mark.parametrize(
    "other",
    [
        replace(STUDY, rule=Rule(seeds=(3, 5), margin=0.6)),
        replace(STUDY, rule=Rule(seeds=(3, 6))),
        replace(STUDY, rule=Rule(seeds=(3, 5), confidence=0.9)),
        replace(STUDY, variants=STUDY.variants[:1]),
        replace(STUDY, base=BASE.with_("epochs=11")),
    ],
)
def test_the_hash_changes_with_all_that_decides(other):
    assert plan(other, "data").hash != plan(STUDY, "data").hash


def test_other_data_is_another_plan():
    assert plan(STUDY, "other").hash != plan(STUDY, "data").hash


def test_all_comparisons_share_the_error():
    assert plan(STUDY, "data").alpha == pytest.approx(0.05 / 2)


def test_another_root_wants_fresh_runs_under_a_plan_of_its_own_and_root_0_is_as_without():
    first, again = (plan(replace(STUDY, rule=Rule(seeds=(3, 5), root=root)), "data") for root in (0, 2))
    assert first.hash == plan(STUDY, "data").hash != again.hash
    assert {spec.id for spec in first.most}.isdisjoint(spec.id for spec in again.most)
    assert sorted({spec.seed for spec in again.most}) == [20_000, 20_001, 20_002, 20_003, 20_004]
    assert {again.place(spec) for spec in again.most} == {0, 1, 2, 3, 4}
    assert again.kept.root == 2


@pytest.mark.parametrize("root", [-1, 100, 1.0, "new", True])
def test_a_root_is_a_small_whole_number(root):
    with pytest.raises(StudyError, match="a whole number from 0 to 99"):
        Rule(root=root)


def test_a_plan_says_what_it_is():
    planned = plan(Study("?", "mlp", {"a": "norm=batch"}, name="mine", seeds="3..10"), "fingerprint")
    assert repr(planned) == f"<Plan {planned.hash} of mine: 6 to 20 runs>"


def test_data_that_become_known_belong_to_a_plan_that_tests_on_them_and_to_no_other():
    facts = DataFacts("fingerprint", "d", ("a", "b"), (0, 1))
    assert plan(STUDY, "fingerprint").on(facts).data == facts
    assert plan(STUDY, "fingerprint", explores=True).on(facts).data is None
