"""A study file about a command, read with everything that is wrong with it at once, each fault with its line."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ablab.catalogue import LENGTH
from ablab.errors import Fault, InputError, StudyError, did_you_mean
from ablab.study.question.files import content_of
from ablab.study.question.parts import question_fault
from ablab.study.question.reader import MOST_FAULTS
from ablab.study.question.toml import Document, read
from ablab.trials.command import Command, command_faults, digests, words_fault
from ablab.trials.question import Arm, TrialStudy, arm_faults
from ablab.trials.rules import DECIDE, RESULT, measure_of, result_faults, rule_of_trials

TOP = ("question", "command", "base", "files", "limit", "repeat")
SECTIONS = ("variants", "result", "decide")


def read_trials(path: Path) -> TrialStudy | None:
    """The study in a TOML file where it is one of a command; None where it is of recipes, or no TOML."""
    content = content_of(path)
    try:
        document = read(content, str(path))
    except StudyError:
        return None
    return study_of(document, path) if "command" in document.values else None


def study_of(document: Document, path: Path) -> TrialStudy:
    """The study of a document; everything that is wrong with it is said in one StudyError."""
    values = document.values
    faults = _Faults(document)
    faults.note((), _unknown(values, (*TOP, *SECTIONS), "a study of a program"))
    result, decide, variants = (faults.section(name) for name in ("result", "decide", "variants"))
    faults.note(("result",), _unknown(result, RESULT, "[result]"))
    faults.note(("decide",), _unknown(decide, DECIDE, "[decide]"))
    faults.note((), _question_faults(values))
    faults.note((), command_faults(values))
    if values.get("repeat", True) not in (True, False):
        faults.note((), [Fault("repeat", "write repeat as true or false")])
    base, arguments = _arguments(values.get("base", ""), variants, faults)
    files = _files(values.get("files", []), faults)
    faults.note(("result",), result_faults(result))
    rule, rule_faults = rule_of_trials(decide)
    faults.note(("decide",), rule_faults)
    faults.end()
    reading = {key: result[key] for key in ("file", "pattern") if key in result}
    return TrialStudy(
        question=values["question"].strip(),
        subject=Command(values["command"], files, values.get("limit", ""), **reading),
        base=base,
        variants=tuple(Arm(name, text) for name, text in arguments.items()),
        measure=measure_of(result, decide.get("metric", ""), rule.margin),
        rule=rule,
        name=path.stem,
        path=str(path),
        has_repeat=values.get("repeat", True),
    )


class _Faults:
    """What is wrong with a document, as data and as text with its lines."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[Fault] = []
        self.texts: list[str] = []

    def note(self, section: tuple[str, ...], faults: Iterable[Fault]) -> None:
        """Note faults of keys of a section; () is the top."""
        for fault in faults:
            self.found.append(fault)
            keys = (*section, fault.key) if fault.key else section
            there = keys if keys in self.document.lines else section
            self.texts.append(self.document.shown(there, fault))

    def section(self, name: str) -> dict[str, Any]:
        value = self.document.values.get(name, {})
        if isinstance(value, dict):
            return value
        self.note((), [Fault(name, f"{name} is a section: write a line [{name}], and below it one line each")])
        return {}

    def end(self) -> None:
        """Raise if anything is wrong."""
        if self.found:
            more = len(self.found) - MOST_FAULTS
            rest = [f"and {more:,} more like these"] if more > 0 else []
            raise StudyError(self.found, "\n".join([*self.texts[:MOST_FAULTS], *rest]))


def _question_faults(values: Mapping[str, Any]) -> list[Fault]:
    if "question" not in values:
        return [Fault("", "the question is missing", hint='start with a line such as question = "Does dropout help?"')]
    return [fault for fault in [question_fault(values["question"])] if fault]


def _unknown(values: Mapping[str, Any], known: tuple[str, ...], where: str) -> list[Fault]:
    return [
        Fault(key, f'"{key}" is not a key of {where}', hint=_belongs(key) or did_you_mean(key[:LENGTH], known))
        for key in values
        if key not in known
    ]


def _belongs(key: str) -> str:
    """Where a key belongs that stands in another section."""
    for section, keys in (("[result]", RESULT), ("[decide]", DECIDE)):
        if key in keys:
            return f"it belongs below a line {section}"
    return "it belongs above the first [section]" if key in TOP else ""


def _arguments(base: Any, variants: Mapping[str, Any], faults: _Faults) -> tuple[str, dict[str, str]]:
    """The arguments of the base and of each variant, as text."""
    if not isinstance(base, str):
        faults.note((), [Fault("base", 'base: write arguments of the command, such as base = "--dropout 0"')])
        base = ""
    elif fault := words_fault("base", base):
        faults.note((), [fault])
    wrong = [
        Fault(name, 'write a variant as text with arguments, such as "--dropout 0.5"')
        for name, text in variants.items()
        if not isinstance(text, str)
    ]
    right = {name: text for name, text in variants.items() if isinstance(text, str)}
    wrong += [fault for name, text in right.items() if (fault := words_fault(name, text))]
    if not variants:
        hint = 'add a section [variants] with lines such as "dropout" = "--dropout 0.5"'
        faults.note((), [Fault("", "there is nothing to compare", hint=hint)])
    faults.note(("variants",), [*wrong, *arm_faults(base, right)])
    return base, right


def _files(value: Any, faults: _Faults) -> tuple[tuple[str, str], ...]:
    """The files that results depend on, with their digests."""
    paths = value if isinstance(value, list) else [value]
    if not all(isinstance(path, str) and path for path in paths):
        faults.note((), [Fault("files", 'files: write a list of paths, such as files = ["train.py", "data.csv"]')])
        return ()
    try:
        return digests(paths)
    except InputError as error:
        faults.note((), [Fault("files", f"files: {error}")])
        return ()
