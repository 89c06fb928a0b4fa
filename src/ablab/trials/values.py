"""A study of trials from plain values, as a script gives them; all that is wrong with them is one error."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ablab.errors import Fault, StudyError, did_you_mean
from ablab.study.question.parts import question_fault
from ablab.trials.command import Command, command_faults, digests, words_fault
from ablab.trials.function import Called, Function
from ablab.trials.question import Arm, Subject, TrialStudy, arm_faults
from ablab.trials.rules import DECIDE, RESULT, measure_of, result_faults, rule_of_trials

LENGTH = 80  # of a name


def study_of_function(
    function: Called,
    variants: Mapping[str, Any],
    *,
    base: Any = None,
    files: Sequence[str] = (),
    **more: Any,
) -> TrialStudy:
    """A study of a function. A variant that is a mapping changes the base, where that is one, too."""
    if not callable(function):
        raise StudyError("give a function of arguments and a seed, such as lambda arguments, seed: ...")
    first: Any = {} if base is None else base
    changed = {
        name: {**first, **change} if isinstance(first, Mapping) and isinstance(change, Mapping) else change
        for name, change in variants.items()
    }
    values = {_as_text(value, name): value for name, value in {"base": first, **changed}.items()}
    texts = {name: _as_text(value, name) for name, value in changed.items()}
    subject = Function(function, values, digests(files))
    name = getattr(function, "__name__", "function").strip("<>")
    return _study(subject, _as_text(first, "base"), texts, name, **more)


def study_of_command(
    command: str,
    variants: Mapping[str, str],
    *,
    base: str = "",
    files: Sequence[str] = (),
    limit: str = "",
    file: str = "",
    pattern: str = "",
    **more: Any,
) -> TrialStudy:
    """A study of a program, as a study file has it."""
    faults = [*command_faults({"command": command, "limit": limit})]
    faults += [fault for name, text in {"base": base, **variants}.items() if (fault := words_fault(name, text))]
    reading = {key: value for key, value in (("file", file), ("pattern", pattern)) if value}
    faults += result_faults(reading)
    if faults:
        raise StudyError(faults)
    subject = Command(command, digests(files), limit, file, pattern)
    return _study(subject, base, variants, "command", **more)


def _study(
    subject: Subject,
    base: str,
    variants: Mapping[str, str],
    kind: str,
    *,
    question: str = "",
    name: str = "",
    repeat: bool = True,
    **rules: Any,
) -> TrialStudy:
    asked = question or f"What does {' or '.join(variants)} change?"
    result = {key: value for key, value in rules.items() if key in RESULT}
    decide = {key: value for key, value in rules.items() if key in DECIDE and value != ""}
    unknown = [key for key in rules if key not in (*RESULT, *DECIDE)]
    near = {key: did_you_mean(key[:LENGTH], (*RESULT, *DECIDE)) for key in unknown}
    faults = [Fault(key, f'"{key}" is not one of the rules', hint=hint) for key, hint in near.items()]
    faults += [*arm_faults(base, variants), *filter(None, [question_fault(asked)]), *result_faults(result)]
    rule, rule_faults = rule_of_trials(decide)
    faults += rule_faults
    if not variants:
        faults.append(
            Fault("variants", "there is nothing to compare: give variants as a mapping from names to arguments")
        )
    if faults:
        raise StudyError(faults)
    return TrialStudy(
        question=asked,
        subject=subject,
        base=base,
        variants=tuple(Arm(each, text) for each, text in variants.items()),
        measure=measure_of(result, decide.get("metric", ""), rule.margin),
        rule=rule,
        name=name or _name([kind, *variants]),
        has_repeat=repeat,
    )


def _as_text(value: Any, name: str) -> str:
    """Arguments as the text that names them."""
    try:
        return json.dumps(value, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise StudyError(
            f"the arguments of {name} must be numbers, texts, lists or mappings, because ablab identifies them by "
            f"their JSON: {error}"
        ) from None


def _name(parts: Iterable[str]) -> str:
    """A name that says what is compared.

    >>> _name(["train", "wide (2x)", "deep"])
    'train-wide-2x-deep'
    """
    return "-".join(filter(None, re.split(r"[^A-Za-z0-9_]+", "-".join(parts))))[:LENGTH]
