"""What was called: the command or function, and all else that makes its results what they are."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.report.section import Code, Part, Terms
from ablab.trials.result import TrialResult


@mark("trial section", "called", title="What was called", place=90, absent=("terminal",))
def called(result: TrialResult) -> Iterator[Part]:
    """The command or function, and all else that makes its results what they are."""
    study, rule = result.study, result.study.rule
    yield Code(study.subject.shown)
    files = study.subject.facts.get("files", {})
    facts = [
        ("seeds", f"{rule.seeds[0]} to {rule.seeds[1]}, from {result.plan.first_seed} on"),
        ("locked", result.plan.locked or "not yet"),
        *((key, str(value)) for key, value in study.subject.facts.items() if key in ("limit", "file", "pattern")),
        *((f"file {path}", f"SHA-256 {digest}") for path, digest in files.items()),
    ]
    yield Terms(tuple(facts))
