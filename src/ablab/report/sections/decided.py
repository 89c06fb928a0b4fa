"""How it was decided: the rule, the plan, the commands that make it again, and the machines."""

from collections import Counter
from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.metric import metric_of
from ablab.nouns import counted
from ablab.report.section import Code, Fold, Heading, Paragraph, Part
from ablab.report.table import table
from ablab.result import Result
from ablab.study import plan
from ablab.version import VERSION


@mark("section", "decided", title="How it was decided", place=150, tables=("machines",), absent=("terminal",))
def decided(result: Result) -> Iterator[Part]:
    """What it takes to check every number of the report."""
    study = result.study
    yield Paragraph(_rule(result))
    if identity := _identity(result):
        yield Paragraph(identity)
    if rates := _failures(result):
        yield Paragraph(rates, lead="Runs that failed")
    yield Heading("Do it again")
    command = study.words if study.path else "STUDY.toml"
    yield Code(
        f"ablab plan {command}     # shows the cost and the detectable effect; trains nothing\n"
        f"ablab run {command}      # trains the missing runs\n"
        f"ablab report {command}   # writes this report\n"
    )
    if study.text:
        yield Fold("The study file", (Code(study.text),))
    if result.runs:
        yield Heading("Versions and machines")
        yield _machines(result)


def _rule(result: Result) -> str:
    rule, count = result.study.rule, len(result.study.variants)
    settled = " and ".join(_margin(one.metric, one.margin) for one in rule.by_metric)
    count *= len(rule.by_metric)
    first, most = rule.seeds
    seeds = counted(first, "seed") if first == most else f"{counted(first, 'seed')} at first and {most} at most"
    if rule.is_open:
        seeds = f"{counted(first, 'seed')} at first and no limit"
    return (
        f"The rule: {settled}, confidence {100 * rule.confidence:g} % for "
        f"all {counted(count, 'comparison')} together, {seeds}. After each pair of seeds, once there are "
        f"{first}, ablab looks at the interval, and the first look that decides gives the verdict. Intervals are wide "
        "enough that repeated looks do not raise the error rate."
    )


def _margin(name: str, margin: float) -> str:
    metric = metric_of(name)
    return f"metric {name}, margin {margin:.{metric.digits}f} {'points' if metric.unit == '%' else metric.unit}"


def _identity(result: Result) -> str:
    """The plans that the runs belong to, and how often these test images had been looked at before."""
    looked_at = sorted({(run.spec.fingerprint, run.spec.explores) for arm in result.arms for run in arm.runs})
    protocol = result.plan.protocol
    plans = [
        f"Plan {plan(result.study, fingerprint, explores=explores, protocol=protocol).hash} on data {fingerprint}."
        for fingerprint, explores in looked_at
    ]
    return " ".join([*plans, *([f"{result.ledger}."] if result.ledger else [])])


def _machines(result: Result) -> Part:
    counts = Counter(run.machine for arm in result.arms for run in arm.runs)
    rows = sorted(counts.items(), key=lambda item: repr(item[0]))
    return table(
        "machines",
        ("machine", "device", "threads >", "precision", "torch", "python", "capability", "runs >"),
        [
            (m.name, m.device, str(m.threads), m.precision, m.torch, m.python, m.capability, str(count))
            for m, count in rows
        ],
        title="Machines",
        caption=f"ablab {VERSION}. On the same machine, device, number of threads and "
        "versions, a run gives exactly the same result, bit for bit.",
    )


def _failures(result: Result) -> str:
    """How often base and variants failed over the seeds that were looked at, with the exact interval of each rate."""
    known = [(verdict.variant, verdict.failing) for verdict in result.verdicts if verdict.failing]
    if not result.runs or not known:
        return ""
    longest = max((failing for _, failing in known), key=lambda failing: failing.seeds)
    rates = [("base", longest.base, longest.seeds, longest.base_rate)]
    rates += [(name, failing.variant, failing.seeds, failing.variant_rate) for name, failing in known]
    shown = ", ".join(
        f"{name} {failed} of {seeds} ({100 * low:.0f} to {100 * high:.0f} %)"
        for name, failed, seeds, (low, high) in rates
    )
    return (
        "(they stopped with an error or ended below twice chance; the 95 % interval of the rate in parentheses): "
        f"{shown}."
    )
