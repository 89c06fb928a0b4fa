"""A plan in the terminal: the advice on quieter runs is a line of its own, and only where there is one."""

import dataclasses

from ablab.recipe import Recipe
from ablab.report.terminal.plan import foreseen
from ablab.study import Rule, Study, Variant, plan
from ablab.study.forecast import before
from ablab.study.noise import Advice

BASE = Recipe.of({"epochs": 3})
PLAN = plan(Study("?", BASE, (Variant("wide", BASE.with_("width=2"), "width=2"),), Rule(margin=1.0)), "f" * 12)


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


def test_a_plan_without_advice_has_no_such_line():
    assert "less noise" not in foreseen(PLAN, before(PLAN, [], seconds={}))
