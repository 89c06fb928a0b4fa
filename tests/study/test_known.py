"""Known before: a run counts as known if it had ended, or been removed, before the plan was locked."""

from dataclasses import replace

import pytest

from ablab.records import Judged, Origin, Removed
from ablab.study import Study, decide, plan
from ablab.study.known import History, history, with_known
from sample_runs import sample_run
from small_study import small_study

PLAN = plan(Study.from_toml(small_study()), "fingerprint")
BEFORE, LOCKED, AFTER = (f"2026-01-0{day}T00:00:00" for day in (1, 2, 3))


def runs(ended, **changes):
    """All runs of the plan, in its order."""
    return [
        replace(
            sample_run(spec.seed, 0.5 + (spec.recipe != PLAN.study.base) / 10, spec.recipe, **changes),
            spec=spec,
            origin=Origin(ended, "1.0"),
        )
        for spec in PLAN.most
    ]


def marked(there, past):
    (verdict,) = with_known(decide(PLAN, there), PLAN, there, past).verdicts
    return verdict


def removed(run, ended):
    return Removed(run.id, run.spec.recipe.hash, "m", "d", run.spec.seed, "finished", None, ended, (), AFTER)


@pytest.mark.parametrize(
    ("ended", "locked", "trained_for", "seen"),
    [
        (BEFORE, LOCKED, "another plan", 6),
        (AFTER, LOCKED, "another plan", 0),
        (LOCKED, LOCKED, "another plan", 0),
        (BEFORE, LOCKED, PLAN.hash, 0),
        (BEFORE, "", "another plan", 0),
    ],
    ids=["ended before", "ended after", "ended at that moment", "trained for this plan", "time of the lock unknown"],
)
def test_a_run_was_known_if_it_ended_before_the_lock_and_was_trained_for_something_else(
    ended, locked, trained_for, seen
):
    verdict = marked(runs(ended, plan=trained_for), History(locked))
    assert (verdict.known.seen if verdict.known else 0) == seen
    assert verdict.sentence.startswith("Known before: 6 of 6 runs had results") == (seen > 0)


def test_the_sentence_names_the_plans_that_judged_the_runs_and_how_they_were_trained():
    there = runs(BEFORE, plan="")
    judged = [Judged(run.id, hash_, BEFORE) for run in there for hash_ in ("first", "second", PLAN.hash)]
    verdict = marked(there, history(LOCKED, judged, []))
    assert verdict.known.plans == ("first", "second")
    assert "(judged by plan first, second; 6 trained with ablab train)" in verdict.sentence


def test_a_result_that_was_removed_before_the_lock_was_known_and_of_several_the_first_counts():
    there = runs(AFTER, plan=PLAN.hash)
    graves = [removed(there[0], AFTER), removed(there[0], BEFORE), removed(there[1], AFTER)]
    verdict = marked(there, history(LOCKED, [], graves))
    assert (verdict.known.seen, verdict.known.removed, verdict.known.runs) == (1, 1, 6)
    assert "1 of 6 runs had results when this plan was locked (1 removed and trained again)" in verdict.sentence
