"""A study of trials comes back from what a store keeps of it, with the plan that it had."""

import dataclasses
import json

import pytest

from ablab.errors import InputError, StudyError
from ablab.trial import LockedTrials
from ablab.trials.command import Command
from ablab.trials.kept import kept, plan_of
from ablab.trials.plan import plan
from sample_trials import study

STUDIES = {
    "plain": study(),
    "with everything": dataclasses.replace(
        study(("wide", "deep"), unit="%", chance=0.1, examples=500, name="accuracy", has_repeat=True, budget="40 runs"),
        subject=Command("sh a.sh {seed} {args} 'b c'", (("a.sh", "0" * 64),), "30m", "{folder}/r.json", r"acc: (\d+)"),
    ),
    "lower is better, at another root": study(better="lower").at_root(3),
}


@pytest.mark.parametrize("asked", STUDIES.values(), ids=STUDIES)
def test_a_study_comes_back_with_its_question_its_names_and_its_plan(asked):
    planned = plan(asked)
    back = plan_of(kept(planned, "2026-01-01"))
    assert (back.hash, back.locked) == (planned.hash, "2026-01-01")
    assert [trial.id for trial in back.possible] == [trial.id for trial in planned.possible]
    assert (back.study.question, back.study.variants) == (asked.question, asked.variants)
    assert back.study.measure == asked.measure or back.study.measure.decimals is not None
    assert back.study.subject.shown == asked.subject.shown
    with pytest.raises(InputError, match="comes from a store"):
        back.study.subject.check()


def test_what_an_older_version_kept_is_named_by_its_arguments():
    entry = kept(plan(study(("wide",))), "2026-01-01")
    text = json.loads(entry.text)
    older = dataclasses.replace(entry, text=json.dumps({key: text[key] for key in ("facts", "first")}))
    assert plan_of(older).hash == entry.plan
    assert [arm.name for arm in plan_of(older).study.variants] == ["--wide"]
    assert plan_of(older).study.subject.shown == "python train.py --seed '{seed}' '{args}'"


@pytest.mark.parametrize("text", ["{}", "[]", "nothing", '{"facts": {"margin": 1}}'])
def test_a_text_that_is_none_is_an_error_that_names_the_study(text):
    with pytest.raises(StudyError, match=r"^mine: its text does not lead to plan 123"):
        plan_of(LockedTrials("123", "mine", text, 0, ""))
