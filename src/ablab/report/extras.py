"""What a study says beside its verdicts, as text: contrasts of a grid, and the same question with tuned rates."""

from ablab.report.wording import shown
from ablab.result import Result
from ablab.study.factorial import contrasts
from ablab.study.tuning import Tuned


def extras(result: Result) -> str:
    """One paragraph for each; nothing for a plain study."""
    parts = [_factorial(result), _tuning(result)]
    return "\n".join(part for part in parts if part)


def _factorial(result: Result) -> str:
    found = contrasts(result.plan, result.runs)
    if not found:
        return ""
    heads = {"main effect": "main effects, averaged over the other factors", "interaction": "interactions"}
    lines = ["", "the grid as a whole (secondary: these share an error of their own)"]
    for kind, head in heads.items():
        said = [f"    {shown(one.sentence)}" for one in found if one.kind == kind]
        lines += [f"  {head}", *said] if said else []
    return "\n".join(lines)


def _tuning(result: Result) -> str:
    if result.tuned is None or result.after_tuning is None:
        return ""
    lines = [
        "",
        "with a learning rate of its own for every recipe, chosen on validation images by as many trials for each",
    ]
    lines += [f"  {line}" for line in _grids(result.tuned)]
    lines += [f"  {verdict.sentence}" for verdict in result.after_tuning.verdicts]
    for name in result.disagreements:
        lines.append(f"  {shown(name)}: the two verdicts disagree; at fixed rates the answer is that of the rate, too")
    return "\n".join(lines)


def _grids(tuned: Tuned) -> list[str]:
    """For each recipe its rates with what they gave, and the one that won."""
    width = max(len(shown(name)) for name in tuned.names)
    return [
        f"{shown(name):<{width}}  "
        + ", ".join(f"{one.rate:g}: {one.accuracy or 0:.1f} %" for one in trials)
        + f"; taken: {rate:g}"
        for name, trials, rate in zip(tuned.names, tuned.trials, tuned.chosen, strict=True)
    ]
