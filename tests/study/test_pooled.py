"""A study and its replications pooled: from runs to the pooled answer."""

import pytest

from ablab.errors import StudyError
from ablab.recipe import Recipe
from ablab.statistics.sequential import multipliers
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.pooled import pooled
from ablab.study.question.lock import changes
from ablab.study.question.rule import rule_of
from ablab.study.roots import rooted
from sample_runs import sample_run

BASE = Recipe.of({"epochs": 3})
WIDE, NORM = Variant("wide", BASE.with_("width=2"), "width=2"), Variant("norm", BASE.with_("norm=batch"), "norm=batch")


def study(*variants, pool=1, margin=0.5, seeds=(3, 5)):
    return Study("?", BASE, variants or (WIDE,), Rule(margin=margin, seeds=seeds, pool=pool))


def answer(asked, root, *gaps, **options):
    """One asking with these differences of each variant by seed."""
    planned = plan(rooted(asked, root), "fingerprint")
    runs = [sample_run(10_000 * root + seed, 0.6, BASE) for seed in range(len(gaps[0]))]
    for variant, own in zip(asked.variants, gaps, strict=True):
        runs += [
            sample_run(10_000 * root + seed, 0.6 + gap / 100, variant.recipe, **options) for seed, gap in enumerate(own)
        ]
    return planned, runs, decide(planned, runs).verdicts


OPEN, AGAIN = (1.6, -0.4, 1.2, 0.3, 1.5), (0.9, 1.4, -0.2, 1.7, 1.1)


def test_the_pooled_answer_has_the_pairs_of_all_answers_and_finds_what_each_of_them_left_open():
    asked = study()
    answers = [answer(asked, 0, OPEN), answer(asked, 1, AGAIN)]
    assert [verdicts[0].word for _, _, verdicts in answers] == ["undecided", "undecided"]
    (both,) = pooled(answers, None)
    assert (both.word, both.pairs, both.answers) == ("helps", 10, 2)
    assert both.effect == pytest.approx(sum(OPEN + AGAIN) / 10, abs=1e-6)
    assert 0 < both.low < both.effect
    assert "wide, pooled: helps: +0.91 pp (95 % interval " in both.sentence
    assert "10 seed pairs of 2 answers" in both.sentence


def test_pairs_after_the_look_that_decided_the_first_answer_do_not_count():
    asked = study()
    first = answer(asked, 0, (2.0, 2.1, 2.05, -9.0, -9.0))
    assert first[2][0].pairs == 3
    (both,) = pooled([first, answer(asked, 1, (1.9, 2.0, 2.1))], None)
    assert (both.pairs, both.word) == (6, "helps")


def test_equal_answers_are_equal_at_the_level_of_two_one_sided_tests():
    asked = study(margin=2.0)
    (both,) = pooled([answer(asked, 0, OPEN), answer(asked, 1, tuple(-gap for gap in OPEN))], None)
    assert (both.word, both.level, both.effect) == ("no practical difference", 0.9, pytest.approx(0, abs=1e-6))


def test_a_plan_pools_no_more_replications_than_it_says_and_none_if_it_says_nothing():
    asked, silent = study(), study(pool=0)
    three = [answer(asked, root, OPEN) for root in range(3)]
    assert pooled(three, None)[0].answers == 2
    assert pooled(three[:1], None) == ()
    assert pooled([answer(silent, root, OPEN) for root in range(3)], None) == ()


def test_a_replication_that_has_just_begun_gives_no_interval_and_the_sentence_says_why():
    asked = study()
    (both,) = pooled([answer(asked, 0, (2.0, 2.1, 2.05)), answer(asked, 1, (1.0,))], None)
    assert (both.word, both.low, both.pairs) == ("undecided", None, 4)
    assert "4 seed pairs of 2 answers are too few for an interval" in both.sentence


def test_every_variant_has_its_own_pooled_answer():
    asked = study(WIDE, NORM)
    answers = [answer(asked, root, AGAIN, tuple(-gap for gap in AGAIN)) for root in (0, 1)]
    assert [(one.variant, one.word) for one in pooled(answers, None)] == [("wide", "helps"), ("norm", "hurts")]


def test_a_plan_that_pools_keeps_half_of_the_error_for_the_pooled_answer_and_is_another_plan():
    silent, asked, twice = (plan(study(pool=pool), "data") for pool in (0, 1, 2))
    assert (silent.comparisons, asked.comparisons, twice.comparisons) == (1, 2, 2)
    assert len({silent.hash, asked.hash, twice.hash}) == 3
    (verdict,) = answer(study(), 0, OPEN)[2]
    assert verdict.looks[-1].multiplier == multipliers(3, 5, 0.025)[5]


def test_to_ask_for_pooling_after_the_first_answer_is_a_change_that_the_lock_names():
    assert list(changes(study(pool=0), study())) == ["pool: 0 before, now 1"]


@pytest.mark.parametrize("pool", [-1, 10, 1.0, "yes", True])
def test_a_number_of_pooled_replications_is_a_small_whole_number(pool):
    with pytest.raises(StudyError, match="how many replications to pool"):
        Rule(pool=pool)


def test_a_file_that_names_its_root_cannot_be_replicated_and_so_not_pooled():
    _, faults = rule_of({"pool": 1, "root": 2})
    assert [fault.key for fault in faults] == ["pool"]
    assert rule_of({"pool": 1}) == (Rule(pool=1), ())
