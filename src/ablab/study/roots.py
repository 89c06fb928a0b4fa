"""Roots: one question asked with other seeds. Each root has ten thousand seeds of its own, so no two share a run."""

from dataclasses import replace

from ablab.study.plan import Plan, plan
from ablab.study.question.study import Study


def rooted(study: Study, root: int) -> Study:
    """The same question with the seeds of a root."""
    return replace(study, rule=replace(study.rule, root=root))


def at_root(planned: Plan, root: int) -> Plan:
    """The same plan with the seeds of a root."""
    return plan(rooted(planned.study, root), planned.fingerprint, protocol=planned.protocol)
