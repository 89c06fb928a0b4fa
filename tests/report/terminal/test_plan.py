"""A plan in the terminal: the advice on quieter runs is a line of its own, and only where there is one."""

import dataclasses

from ablab.recipe import Recipe
from ablab.report.terminal.plan import foreseen
from ablab.study import Rule, Study, Variant, plan
from ablab.study.forecast import before
from ablab.study.noise import Advice

BASE = Recipe.of({"epochs": 3})
PLAN = plan(Study("?", BASE, (Variant("wide", BASE.with_("width=2"), "width=2"),), Rule(margin=1.0)), "f" * 12)

GIVING_UP = plan(dataclasses.replace(PLAN.study, rule=Rule(margin=0.5, give_up=True)), "f" * 12)


def test_advice_on_quieter_runs_says_what_to_type_and_what_it_rests_on():
    found = dataclasses.replace(
        before(PLAN, [], seconds={}), quieter=Advice("average=ema(0.9982) select=last", (0.31, 0.845), networks=1)
    )
    (line,) = [line for line in foreseen(PLAN, found).splitlines() if line.startswith("less noise")]
    assert line == (
        'less noise: "average=ema(0.9982) select=last" saved 31 to 84 % of the runs on one small network with this '
        "schedule, at the same effect (docs/noise.md)"
    )
    two = dataclasses.replace(found, quieter=Advice("select=last", (0.2, 0.2), networks=2))
    assert '"select=last" saved 20 % of the runs on 2 small networks' in foreseen(PLAN, two)


def tuning_line(repeat, seeds):
    tune = {"lr": "auto", **({"repeat": "each seed"} if repeat else {})}
    it = plan(Study("?", "simple-nn epochs=3", {"wide": "width=2"}, tune=tune, seeds=seeds), "f" * 12)
    seconds = dict.fromkeys((recipe.hash for recipe in it.study.recipes), 60.0)
    (line,) = [one for one in foreseen(it, before(it, [], seconds=seconds)).splitlines() if one.startswith("tuning")]
    return line


def test_a_plan_says_what_tuning_takes_once_and_for_each_seed():
    assert tuning_line(False, "3..10") == (
        "tuning: 10 to 18 trials on validation images, and 6 to 20 runs at the best rates: "
        "about 16 min 0 s to 38 min 0 s"
    )
    assert tuning_line(True, "3..10").startswith(
        "tuning, repeated for each seed: 30 to 180 trials on validation images, and 6 to 20 runs"
    )
    assert "30 or more trials on validation images, and 6 or more runs" in tuning_line(True, "3..")
    assert "and 10 runs at the best rates" in tuning_line(True, "5")
    assert "tuning" not in foreseen(PLAN, before(PLAN, [], seconds={}))


def test_a_plan_without_advice_has_no_such_line():
    assert "less noise" not in foreseen(PLAN, before(PLAN, [], seconds={}))


def test_a_plan_says_what_giving_up_costs_by_the_noise_of_the_study():
    text = foreseen(GIVING_UP, before(GIVING_UP, [], seconds={}))
    equals, effect = before(GIVING_UP, [], seconds={}).giving_up
    assert f"equals: {equals.pairs[1]:.1f} pairs on average instead of {equals.pairs[0]:.1f}, decided in" in text
    assert f"{100 * effect.decided[1]:.0f} % of studies instead of {100 * effect.decided[0]:.0f} %" in text
    assert "gives up" not in foreseen(PLAN, before(PLAN, [], seconds={}))


def test_a_plan_of_unknown_noise_only_says_when_it_gives_up():
    assert "(for its cost, see docs/calibration.md)" in foreseen(
        GIVING_UP, dataclasses.replace(before(GIVING_UP, [], seconds={}), giving_up=None)
    )
