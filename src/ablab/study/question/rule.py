"""Rule: what decides a study, with everything checked that can be wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ablab import grammar
from ablab.catalogue import LENGTH
from ablab.errors import Fault, GrammarError, InputError, StudyError, did_you_mean
from ablab.metric import ACCURACY, full_metric, metric_fault, metric_of
from ablab.statistics.sequential import FOREVER

LEAST = 3  # pairs before the first look: with two, the interval of a 95 % study is 12.7 standard errors wide
MOST_ROOTS = 99
MOST_POOLED = 9
MOST_SEEDS = FOREVER


@dataclass(frozen=True)
class Rule:
    """What decides: how large an effect is worth having, how sure one wants to be, and how many seeds that may cost."""

    metric: str = ACCURACY
    margin: float = 0.5  # percentage points; of a metric that is no share, in its unit
    confidence: float = 0.95  # of all verdicts of the study together
    seeds: tuple[int, int] = (3, 10)  # at first, and at most
    budget: str | None = None  # what it may cost: "30m" of training, or "12 runs"
    give_up: bool = False  # end a comparison that the pairs left are unlikely to decide
    root: int = 0  # which seeds: another root gives fresh runs, that no other plan has seen
    pool: int = 0  # so many replications are pooled with the first answer
    target: tuple[float, ...] = ()  # percents of validation accuracy that learning speed is told to
    also: tuple[tuple[str, float], ...] = ()  # more metrics that decide, each with its margin

    @property
    def is_open(self) -> bool:
        """There is no last look: the study may go on for as long as one likes."""
        return self.seeds[1] == MOST_SEEDS

    @property
    def most_runs(self) -> int | None:
        """The runs that the budget allows, if it counts runs."""
        words = (self.budget or "").split()
        return int(words[0]) if len(words) == 2 else None

    @property
    def most_seconds(self) -> float | None:
        """The seconds that the budget allows, if it is a time."""
        return grammar.duration(self.budget) if self.budget and self.most_runs is None else None

    def __post_init__(self) -> None:
        faults = [fault for key, check in RULES.items() if (fault := check(getattr(self, key)))]
        if faults := [*faults, *_also_faults(self)]:
            raise StudyError(faults)

    @property
    def by_metric(self) -> tuple["Rule", ...]:
        """The rule with each metric that decides in front, the others behind it."""
        both = ((self.metric, self.margin), *self.also)
        return tuple(
            replace(self, metric=name, margin=margin, also=tuple(other for other in both if other[0] != name))
            for name, margin in both
        )

    @property
    def alpha(self) -> float:
        """The error that is allowed, without the crumbs of 1 - 0.95."""
        return round(1 - self.confidence, 12)


def seed_span(value: Any) -> Any:
    """The fewest seeds and the most: `3..10`, `5` for 5 alone, and `3..` without a last look."""
    if type(value) is int:
        return value, value
    if isinstance(value, str) and value.strip().endswith(".."):
        value = f"{value.strip()}{MOST_SEEDS}"
    return grammar.span(value) if isinstance(value, str) else value


def targets(value: Any) -> Any:
    if _is_number(value):
        return (float(value),)
    return tuple(value) if isinstance(value, list) else value


def _margin_fault(value: Any) -> Fault | None:
    if not _is_number(value) or not 0 < value < 1e9:
        wanted = "write the smallest effect worth having, in percentage points, such as 0.5"
        return Fault("margin", f"margin = {grammar.show(value)}: {wanted}", "margin")
    return None


def _share_fault(rule: Rule) -> Fault | None:
    """Shares, and the gap between two, are below 100; other metrics are counted in units of their own."""
    for name, margin in ((rule.metric, rule.margin), *rule.also):
        metric = metric_of(name)
        if metric.gap_unit == "pp" and margin >= 100:
            message = f"margin = {margin:g}: {metric.title} moves by less than 100 percentage points"
            return Fault("margin", message, "margin")
    return None


def _also_faults(rule: Rule) -> list[Fault]:
    """What is wrong with the further metrics, and with them beside the first."""
    faults = [fault for name, margin in rule.also for fault in (_metric_fault(name), _margin_fault(margin)) if fault]
    names = [rule.metric, *(name for name, _ in rule.also)]
    if twice := next((name for name in names if names.count(name) > 1), None):
        faults.append(Fault("metric", f"metric: {twice} is named twice", str(twice)))
    if rule.also and rule.pool:
        message = f"pool = {rule.pool}: a study that decides by several metrics cannot be pooled"
        faults.append(Fault("pool", message, "pool"))
    return faults


def _parted(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[tuple[str, float], ...], Fault | None]:
    """The keys with the first metric and its margin, the other metrics, and a list that does not fit the other."""
    names, margins = values.get("metric"), values.get("margin")
    if not isinstance(names, list | tuple):
        return dict(values), (), None
    count = len(names)
    if not isinstance(margins, list | tuple) or len(margins) != count or not count:
        wanted = f"margin: {count} metrics decide, so write a list of {count} margins, such as [0.5, 0.02]"
        fault = Fault(
            "margin" if "margin" in values else "metric", wanted, "margin" if "margin" in values else "metric"
        )
        return {key: value for key, value in values.items() if key not in ("metric", "margin")}, (), fault
    return {**values, "metric": names[0], "margin": margins[0]}, tuple(zip(names[1:], margins[1:], strict=True)), None


def _with_full_metrics(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keys with the distribution in front of a metric that an installed one offers."""
    found = values.get("metric")
    if isinstance(found, str):
        return {**values, "metric": full_metric(found)}
    if isinstance(found, list | tuple):
        return {**values, "metric": [full_metric(name) if isinstance(name, str) else name for name in found]}
    return values


def _confidence_fault(value: Any) -> Fault | None:
    if not _is_number(value) or not 0.5 < value < 1:
        hint = f"did you mean {value / 100:g}?" if _is_number(value) and 50 < value < 100 else ""
        wanted = "write a share between 0.5 and 1, such as 0.95"
        return Fault("confidence", f"confidence = {grammar.show(value)}: {wanted}", "confidence", hint)
    return None


def _seeds_fault(value: Any) -> Fault | None:
    if not (isinstance(value, tuple) and len(value) == 2 and all(type(end) is int for end in value)):
        return Fault(
            "seeds", f'seeds = {grammar.show(value)}: write how many, at first and at most, such as "3..10"', "seeds"
        )
    low, high = value
    span = f"seeds = {low}..{high}"
    if low > high:
        return Fault("seeds", f"{span}: the range is backwards", "seeds")
    if low < LEAST:
        several = "one seed never gives a verdict" if low < 2 else "two seeds never give a verdict"
        why = f"{span}: {several}, because so few seeds do not show the size of the noise"
        return Fault("seeds", why, "seeds", f"write {LEAST} or more")
    return Fault("seeds", f"{span}: the most is {MOST_SEEDS}", "seeds") if high > MOST_SEEDS else None


def _metric_fault(value: Any) -> Fault | None:
    if isinstance(value, str):
        return metric_fault(value)
    return Fault("metric", f'metric = {grammar.show(value)}: write the name of a metric, such as "accuracy"', "metric")


def _budget_fault(value: Any) -> Fault | None:
    if value is None or (isinstance(value, str) and re.fullmatch(r"[1-9]\d{0,5} runs?", value.strip())):
        return None
    try:
        if isinstance(value, str) and grammar.duration(value) > 0:
            return None
    except GrammarError:
        pass
    message = f'budget = {grammar.show(value)}: write a time such as "30m", or a number of runs such as "12 runs"'
    return Fault("budget", message, "budget")


def _give_up_fault(value: Any) -> Fault | None:
    if isinstance(value, bool):
        return None
    return Fault("give_up", f"give_up = {grammar.show(value)}: write true or false", "give_up")


def _root_fault(value: Any) -> Fault | None:
    if type(value) is int and 0 <= value <= MOST_ROOTS:
        return None
    return Fault("root", f"root = {grammar.show(value)}: write a whole number from 0 to {MOST_ROOTS}", "root")


def _pool_fault(value: Any) -> Fault | None:
    if type(value) is int and 0 <= value <= MOST_POOLED:
        return None
    wanted = f"write how many replications to pool with the first answer, from 0 to {MOST_POOLED}"
    return Fault("pool", f"pool = {grammar.show(value)}: {wanted}", "pool")


def _as_float(value: Any) -> Any:
    return float(value) if type(value) is int else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _target_fault(value: Any) -> Fault | None:
    if isinstance(value, tuple) and all(_is_number(one) and 0 < one < 100 for one in value):
        return None
    shown = grammar.show(list(value) if isinstance(value, tuple) else value)
    return Fault(
        "target", f"target = {shown}: write percent of validation accuracy, such as 65, or [60, 65, 70]", "target"
    )


def rule_of(values: Mapping[str, Any]) -> tuple[Rule, tuple[Fault, ...]]:
    """The rule of the keys that are right, the others at their defaults, and what is wrong with them."""
    right: dict[str, Any] = {}
    try:
        values = _with_full_metrics(values)
    except InputError as error:  # several distributions have a metric of that name
        return Rule(), (Fault("metric", str(error), "metric"),)
    values, also, misfit = _parted(values)
    faults = [misfit] if misfit else []
    for key, written in values.items():
        if key not in RULES:
            hint = did_you_mean(key[:LENGTH], RULES)
            faults.append(Fault(key, f'"{key}" is not a key of [decide]', hint=hint))
            continue
        try:
            value = AS_WRITTEN[key](written) if key in AS_WRITTEN else written
        except GrammarError as error:
            faults.append(Fault(key, f"{key}: {error.faults[0].message}", str(written)))
            continue
        if fault := RULES[key](value):
            faults.append(replace(fault, near=grammar.show(written)))
        else:
            right[key] = value if key in ("root", "pool") else _as_float(value)
    try:
        rule = Rule(**right, also=tuple((name, _as_float(margin)) for name, margin in also))
    except StudyError as error:
        faults += error.faults
        rule = Rule(**right)
    if rule.pool and rule.root:
        message = f"pool = {rule.pool}: a study that sets its root cannot be replicated, so there is nothing to pool"
        faults.append(Fault("pool", message, "pool"))
    if fault := _share_fault(rule):
        faults.append(fault)
        rule = replace(rule, margin=Rule.margin)
    return rule, tuple(faults)


def decide_keys(rule: Rule) -> dict[str, Any]:
    """A rule as a file writes it in [decide]."""
    keys = {key: value for key, value in vars(rule).items() if value not in (None, (), False) and key != "also"}
    if rule.also:
        names, margins = zip(*rule.also, strict=True)
        keys |= {"metric": (rule.metric, *names), "margin": (rule.margin, *margins)}
    spans = {"seeds": "..".join(map(str, rule.seeds))}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in (keys | spans).items()}


AS_WRITTEN = {"seeds": seed_span, "target": targets}  # what a file may write otherwise, by key
RULES = {
    "root": _root_fault,
    "metric": _metric_fault,
    "margin": _margin_fault,
    "confidence": _confidence_fault,
    "seeds": _seeds_fault,
    "budget": _budget_fault,
    "give_up": _give_up_fault,
    "pool": _pool_fault,
    "target": _target_fault,
}
