"""decide(): what the outcomes say, and which trials are still wanted. Pure: the store is the only memory of a study.

Looks happen after every pair from the fewest seeds to the most, and a verdict is that of the first look that decides.
They are replayed in the order of seeds, so a study that was stopped and goes on comes to the same verdicts.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ablab.study.decide import whole_seeds
from ablab.trial import Outcome, Trial
from ablab.trials.evidence import Evidence, gather, repeats
from ablab.trials.plan import Found, Plan
from ablab.trials.question import BASE, Arm
from ablab.trials.sentence import sentence
from ablab.trials.verdict import TrialVerdict, judge


@dataclass(frozen=True)
class Decision:
    """The verdicts as they stand, and the trials without which they are not final."""

    verdicts: tuple[TrialVerdict, ...]
    wanted: tuple[Trial, ...]
    later: tuple[Trial, ...]  # of what is undecided, for slots that would stand idle
    remarks: tuple[str, ...]
    ended: str = ""  # why nothing more is wanted, though some verdicts are open

    @property
    def every(self) -> tuple[TrialVerdict, ...]:
        """All verdicts: one number of a result decides."""
        return self.verdicts


@dataclass(frozen=True)
class Begun:
    """A study is carried out, and so many of its trials are there already."""

    done: int


@dataclass(frozen=True)
class Tried:
    """A trial has ended, and this is what the study says by now."""

    outcome: Outcome
    decision: Decision


def decide(plan: Plan, outcomes: Mapping[str, Outcome]) -> Decision:
    """The verdicts that these outcomes allow."""
    found = plan.counted(outcomes)
    several = gather(plan, found)
    verdicts = [judge(plan, evidence) for evidence in several]
    told = tuple(
        replace(verdict, sentence=sentence(plan, evidence, verdict))
        for evidence, verdict in zip(several, verdicts, strict=True)
    )
    missing = _missing(plan, several, outcomes)
    affordable = _within_budget(plan, missing, [*outcomes.values()])
    ended = f"the budget of {plan.study.rule.budget} is spent" if missing and not affordable else ""
    urgent = {trial.id for trial in affordable}
    later = (trial for trial in _later(plan, several) if trial.id not in urgent and trial.id not in outcomes)
    has_room = bool(affordable) and not plan.study.rule.budget
    remarks = tuple(_remarks(plan, outcomes, found, told))
    return Decision(told, affordable, tuple(later) if has_room else (), remarks, ended)


def _missing(plan: Plan, several: Iterable[Evidence], outcomes: Mapping[str, Outcome]) -> tuple[Trial, ...]:
    """The trials without which some verdict is not final, the most urgent first."""
    if plan.first.id not in outcomes:
        return (plan.first,)  # alone: where it has no figure, nothing else is tried
    wanted = {(arguments, number) for evidence in several for arguments, number in _next(plan, evidence)}
    numbers = sorted({number for _, number in wanted})
    order = [trial for trial in plan.trials(numbers) if (trial.arguments, trial.seed - plan.first_seed) in wanted]
    return tuple(trial for trial in [*([plan.repeat] if plan.repeat else []), *order] if trial.id not in outcomes)


def _next(plan: Plan, evidence: Evidence) -> Iterator[tuple[str, int]]:
    """The arguments and numbers of seeds that this variant's verdict still takes; none if it is final."""
    rule = plan.study.rule
    least, most = rule.seeds
    first = evidence.tried
    if first < least:
        numbers = range(least)
    elif evidence.is_final(rule.margin):
        numbers = range(0)
    else:
        numbers = range(first, min(first + 1, most))
    return itertools.product((plan.study.base, evidence.arm.arguments), numbers)


def _later(plan: Plan, several: Iterable[Evidence]) -> Iterator[Trial]:
    """All further trials of what is undecided."""
    open_ = [evidence for evidence in several if not evidence.is_final(plan.study.rule.margin)]
    useful = {plan.study.base, *(evidence.arm.arguments for evidence in open_)} if open_ else set()
    return (trial for trial in plan.possible if trial.arguments in useful and not trial.is_repeat)


def _within_budget(plan: Plan, wanted: tuple[Trial, ...], outcomes: Sequence[Outcome]) -> tuple[Trial, ...]:
    """The trials that the budget still allows: whole seeds only, since half a pair says nothing."""
    rule = plan.study.rule
    if rule.most_seconds is not None and sum(outcome.seconds for outcome in outcomes) >= rule.most_seconds:
        return ()
    if rule.most_runs is None:
        return wanted
    return wanted[: whole_seeds((trial.seed for trial in wanted), rule.most_runs - len(outcomes))]


def _remarks(
    plan: Plan, outcomes: Mapping[str, Outcome], found: Found, verdicts: Iterable[TrialVerdict]
) -> Iterator[str]:
    """What a reader must know of the program: whether its seed does what a seed is for."""
    both = repeats(outcomes, plan)
    if both and both[0] != both[1]:
        yield (
            f"the base gave two results with seed {plan.first_seed}: {_shown(plan, both[0])} and "
            f"{_shown(plan, both[1])}. Something besides the seed changes the result (another generator, a clock, "
            "threads), so pairs cancel less noise; the verdicts still hold"
        )
    for arm in plan.study.arms:
        if same := _same(plan, found, arm.arguments):
            yield (
                f"{_named(arm)} gave the same result with seeds {same[0]} and {same[1]}: does the program use its "
                "seed? If it does not, its seeds are no evidence"
            )
    idle = [
        Arm(verdict.variant, verdict.arguments)
        for verdict in verdicts
        if verdict.pairs >= plan.study.rule.seeds[0] and verdict.figures == verdict.base_figures
    ]
    for arm in idle:
        yield (
            f"{_named(arm)} gave the figures of the base with every seed: "
            f"do its arguments ({arm.arguments}) change anything?"
        )
    for arm, other in _twins(plan, found, [arm for arm in plan.study.variants if arm not in idle]):
        yield (
            f"{_named(arm)} and {_named(other)} gave the same figures with every seed: does the program use what "
            f"differs in their arguments ({arm.arguments} and {other.arguments})?"
        )
    if plan.study.measure.unit == "" and plan.study.rule.margin > 0 and _are_shares(plan, found):
        yield (
            f"all figures lie from 0 to 1, and the margin is {plan.study.rule.margin:g}: if they are shares, "
            'add unit = "%", and ablab shows them and reads the margin in percent'
        )


def _named(arm: Arm) -> str:
    """The name in quotes, which keep its letters as they are at the start of a sentence."""
    return "the base" if arm.name == BASE else f'"{arm.name}"'


def _twins(plan: Plan, found: Found, arms: Sequence[Arm]) -> Iterator[tuple[Arm, Arm]]:
    """Variants with the figures of an earlier one for every seed that both were called with."""
    figures: dict[str, dict[int, float | None]] = {arm.arguments: {} for arm in arms}
    for (arguments, seed), outcome in found.items():
        if arguments in figures:
            figures[arguments][seed] = plan.study.measure.of(outcome.figures)
    later: set[Arm] = set()
    for arm, other in itertools.combinations(arms, 2):
        one, two = figures[arm.arguments], figures[other.arguments]
        both = one.keys() & two.keys()
        measured = sum(one[seed] is not None for seed in both)
        is_new = arm not in later and other not in later
        if is_new and measured >= plan.study.rule.seeds[0] and all(one[seed] == two[seed] for seed in both):
            later.add(other)
            yield arm, other


def _same(plan: Plan, found: Found, arguments: str) -> tuple[int, int] | None:
    """Two seeds with one result: with all its numbers where it has several, else where every seed has that number."""
    seen = [(seed, outcome.figures) for (text, seed), outcome in sorted(found.items()) if text == arguments]
    known: dict[tuple[tuple[str, float], ...], int] = {}
    results = {tuple(sorted(figures.items())) for _, figures in seen if figures}
    if len(seen) < plan.study.rule.seeds[0]:
        return None
    for seed, figures in seen:
        result = tuple(sorted(figures.items()))
        if len(result) > 1 or (result and len(results) == 1):
            if result in known:
                return plan.first_seed + known[result], plan.first_seed + seed
            known[result] = seed
    return None


def _are_shares(plan: Plan, found: Found) -> bool:
    values = [value for one in found.values() if (value := plan.study.measure.of(one.figures)) is not None]
    return len(values) > 2 and all(0 <= value <= 1 for value in values) and plan.study.rule.margin >= 0.2


def _shown(plan: Plan, value: float | None) -> str:
    return "no figure" if value is None else f"{value:.{plan.study.measure.metric.digits}f}"
