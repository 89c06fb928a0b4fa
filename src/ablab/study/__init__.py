"""The study room: a question, its plan, and the verdict that runs allow. Pure, and without torch."""

from ablab.study.decide import Decision, decide
from ablab.study.plan import Plan, plan
from ablab.study.question.rule import Rule
from ablab.study.question.study import Study
from ablab.study.question.variant import Variant
from ablab.study.verdict import Verdict

__all__ = ["Decision", "Plan", "Rule", "Study", "Variant", "Verdict", "decide", "plan"]
