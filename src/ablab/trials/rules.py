"""The rules of a study of trials: how a result is read, what its figure means, and what decides; with all faults."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from ablab import grammar
from ablab.errors import Fault, GrammarError
from ablab.metric import Direction
from ablab.study.question.rule import AS_WRITTEN, RULES, Rule
from ablab.trials.command import pattern_fault
from ablab.trials.question import Measure

RESULT = ("better", "unit", "chance", "examples", "file", "pattern")
DECIDE = ("metric", "margin", "confidence", "seeds", "budget", "root")
UNIT_LENGTH = 20


def result_faults(values: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with [result], which says how a result is read and what its figure means."""
    faults = []
    if values.get("better", "higher") not in get_args(Direction):
        faults.append(Fault("better", 'better = "higher" or "lower": write which figures are better', "better"))
    unit = values.get("unit", "")
    if not isinstance(unit, str) or len(unit) > UNIT_LENGTH or not unit.isprintable():
        wanted = 'write a short text, such as "s"; "%" says that figures are shares from 0 to 1'
        faults.append(Fault("unit", f"unit: {wanted}", "unit"))
    chance = values.get("chance", 0)
    if isinstance(chance, bool) or not isinstance(chance, int | float) or not abs(chance) < 1e300:
        faults.append(Fault("chance", "chance: write the figure of a program that guesses, such as 0.1", "chance"))
    elif unit == "%" and not 0 <= chance < 1:
        faults.append(Fault("chance", f"chance = {chance:g}: write a share from 0 to 1, like the figures", "chance"))
    examples = values.get("examples", 1)
    if type(examples) is not int or examples < 1:
        faults.append(Fault("examples", "examples: write the number of examples behind a share", "examples"))
    if "file" in values and not (isinstance(values["file"], str) and values["file"]):
        faults.append(Fault("file", 'file: write the path of the result file, such as "{folder}/result.json"', "file"))
    if "pattern" in values and (fault := pattern_fault(values["pattern"])):
        faults.append(fault)
    return faults


def measure_of(values: Mapping[str, Any], name: str, margin: float) -> Measure:
    """The figure that decides, from the keys of [result] and its name; the margin says which decimals matter."""
    given = {key: values[key] for key in ("better", "unit", "chance", "examples") if key in values}
    decimals = None if values.get("unit") == "%" else max(0, 2 - math.floor(math.log10(margin)))
    return Measure(name, **given, decimals=decimals)


def rule_of_trials(values: Mapping[str, Any]) -> tuple[Rule, list[Fault]]:
    """The rule in [decide]. There is no usual margin, since figures may have any unit."""
    right: dict[str, Any] = {}
    faults = []
    for key in DECIDE:
        if key not in values:
            continue
        if key == "metric":
            if not isinstance(values[key], str) or not values[key]:
                faults.append(Fault(key, 'metric: write the name of a number in the result, such as "accuracy"', key))
            continue
        try:
            value = AS_WRITTEN[key](values[key]) if key in AS_WRITTEN else values[key]
        except GrammarError as error:
            faults.append(Fault(key, f"{key}: {error.faults[0].message}", str(values[key])))
            continue
        if fault := RULES[key](value):
            faults.append(replace(fault, near=grammar.show(values[key])))
        else:
            right[key] = float(value) if key in ("margin", "confidence") else value
    if "margin" not in values:
        hint = "write margin = 0.5 below a line [decide], in the unit of the figure"
        faults.append(Fault("", "the margin is missing: the smallest effect worth having", hint=hint))
    return Rule(**right), faults
