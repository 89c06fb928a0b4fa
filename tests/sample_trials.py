"""Studies of trials for tests: the outcomes that a table of figures says, and the study files of small programs."""

from ablab.study.question.rule import Rule
from ablab.trial import Outcome
from ablab.trials.command import Command
from ablab.trials.plan import plan
from ablab.trials.question import Arm, Measure, TrialStudy

COMMAND = Command("python train.py --seed {seed} {args}")


def study(variants=("b",), *, seeds=(3, 10), margin=1.0, has_repeat=False, budget=None, **measure):
    """A study of a base without arguments and variants with an option each."""
    arms = tuple(Arm(name, f"--{name}") for name in variants)
    rule = Rule(margin=margin, seeds=seeds, budget=budget)
    return TrialStudy("Does it help?", COMMAND, "", arms, Measure(**measure), rule, has_repeat=has_repeat)


def outcomes(of, figures, **more):
    """Outcomes by the ids of trials: a list of figures for each set of arguments; None is a trial that failed."""
    planned = plan(of)
    found = {}
    for arguments, values in figures.items():
        for number, value in enumerate(values):
            trial = planned.trial(arguments, number)
            named = {"figure": value} if value is not None else {}
            status = "failed" if value is None else "finished"
            found[trial.id] = Outcome(trial, status, seconds=1.0, figures=named, machine="here", **more)
    return found
