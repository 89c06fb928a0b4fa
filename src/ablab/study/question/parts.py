"""The parts of a study from plain values, those of a file or those given in Python, each with all that is wrong."""

from collections.abc import Iterable, Mapping
from typing import Any

from ablab import operations
from ablab.catalogue import names_in, read_operations, with_installed
from ablab.errors import Fault, InputError, RecipeError
from ablab.recipe import Recipe
from ablab.study.question.variant import Variant, setting_fault, unshowable

QUESTION_LENGTH = 500
TUNED = {"lr": "auto"}  # what can be tuned, as a file writes it
TUNED_EACH = {**TUNED, "repeat": "each seed"}


def question_fault(value: Any) -> Fault | None:
    """Why a value is no question."""
    if not isinstance(value, str) or not value.strip():
        return Fault("question", "write the question as text")
    fault = unshowable(value, QUESTION_LENGTH)
    return Fault("question", f"the question {fault}") if fault else None


def datasets_faults(value: Any) -> tuple[Fault, ...]:
    """Why a value is no list of data sets."""
    names = list(value) if isinstance(value, list | tuple) else []
    if len(names) < 2 or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        return (Fault("data", 'data: write a name, or a list of names such as ["cifar10", "cifar100"]'),)
    return tuple(fault for name in names[1:] for fault in operations.faults_of("data", name))


def base_of(values: Mapping[str, Any]) -> tuple[Recipe, tuple[Fault, ...]]:
    """The recipe of the keys that are right, and what is wrong with the others."""
    faults = [fault for key, value in values.items() if (fault := setting_fault(key, value))]
    wrong = {fault.key for fault in faults}
    given = {key: value for key, value in values.items() if key not in wrong}
    try:
        return Recipe.of(given), tuple(faults)
    except RecipeError as error:
        places = {key: place for place, key in enumerate(given)}
        faults += sorted(error.faults, key=lambda fault: places.get(fault.key, 0))
    wrong |= {fault.key for fault in faults}
    is_known = "model" not in wrong  # else nobody knows its options
    right = {
        key: value for key, value in given.items() if key not in wrong and (is_known or key in Recipe.model_fields)
    }
    return Recipe.of(right), tuple(faults)


def variants_of(base: Recipe, changes: Mapping[str, Any]) -> tuple[tuple[Variant, ...], tuple[tuple[str, Fault], ...]]:
    """The variants whose changes can be read, and what is wrong with the others, each fault with a variant's name."""
    variants, faults = [], []
    for name, change in changes.items():
        if not isinstance(change, str):
            is_recipe = name in Recipe.model_fields
            hint = "keys of the base recipe belong above the first [section]" if is_recipe else ""
            faults.append((name, Fault(name, 'write a variant as text, such as "norm=batch epochs=20"', hint=hint)))
            continue
        try:
            variants.append(Variant(name, base.with_(change), change))
        except InputError as error:
            faults += [(name, fault) for fault in error.faults]
    return tuple(variants), tuple(faults)


def keep_fault(value: Any) -> Fault | None:
    """What is wrong with `keep = "weights"`."""
    return None if value in ("", "weights") else Fault("keep", 'keep = "weights" keeps the weights of every run')


def execution_faults(value: Any) -> tuple[Fault, ...]:
    """What is wrong with the section [execute], whose only key says where runs are carried out."""
    if not isinstance(value, dict):
        return (Fault("execute", 'execute is a section: write a line [execute], and below it executor = "workers(2)"'),)
    if unknown := [key for key in value if key != "executor"]:
        hint = 'its only key is executor, such as executor = "ray(HOST:PORT, gpu=0.25)"'
        return tuple(Fault(key, f'[execute] has no key "{key}"', key, hint) for key in unknown)
    text = value.get("executor", "")
    if not isinstance(text, str) or not text:
        return (Fault("executor", 'write executor as text, such as "workers(2)"'),)
    return read_operations("executor", text, with_installed("execute", "executor", names_in(text)))[1]


def tune_faults(value: Any, base: Recipe, variants: Iterable[Variant]) -> tuple[Fault, ...]:
    """What is wrong with `tune = { lr = "auto" }`."""
    faults = []
    if value not in ({}, TUNED, TUNED_EACH):
        message = (
            'write tune = { lr = "auto" }: ablab tunes only the learning rate, on one grid for all recipes, once or '
            'with repeat = "each seed"'
        )
        faults.append(Fault("tune", message))
    others = [base]
    for variant in variants:
        if value and any(variant.recipe.difference(other).keys() == {"lr"} for other in others):
            message = f'the variant "{variant.name}" changes nothing but the learning rate, which tune chooses'
            faults.append(Fault("tune", message))
            break
        if value == TUNED_EACH:  # a run at a rate that won must belong to one variant alone
            others.append(variant.recipe)
    return tuple(faults)
