"""trials_page(): what a study of a program or a function came to, as one HTML file that needs nothing else."""

from ablab.nouns import counted
from ablab.report.page import framed
from ablab.report.section import sections
from ablab.report.wording import visible
from ablab.trials.result import TrialResult


def trials_page(result: TrialResult) -> str:
    """The report: the same to the byte for the same outcomes."""
    study = result.study
    over = (f"study {visible(study.name)}", counted(len(result.outcomes), "trial"), f"plan {result.plan.hash}")
    foot = "This page contains every call with its arguments and seed, and the plan that was locked before them."
    return framed(study.question, " · ".join(over), sections(result, "page"), foot)
