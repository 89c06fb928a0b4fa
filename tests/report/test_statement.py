"""What to write says what the verdict says, with the figures that a paper needs."""

import dataclasses

import pytest
from simulated import result

from ablab.metric import ACCURACY
from ablab.recipe import Recipe
from ablab.records import DataFacts, Origin
from ablab.report.section import sections
from ablab.report.statement import at_chance, bibtex, statement, written
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.chance import chance_level
from sample_runs import sample_run

BASE = Recipe()
NORM = BASE.with_("norm=batch")
DATA = DataFacts("fingerprint", "phantom", ("a", "b"), (0, 1) * 500)


def made(gains, margin=0.5, level=0.60, seeds=None):
    """A study whose pairs have these effects, in points of accuracy."""
    rule = Rule(ACCURACY, margin, seeds=seeds or (len(gains), len(gains)))
    study = Study("Does it help?", BASE, (Variant("batch norm", NORM, "norm=batch"),), rule)
    runs = [
        sample_run(seed, level + 0.01 * seed + gain / 100 * (recipe is NORM), recipe, predictions=b"")
        for seed, gain in enumerate(gains)
        for recipe in (BASE, NORM)
    ]
    return result(study, runs, decide(plan(study, "fingerprint"), runs).verdicts, data=DATA)


def said(it):
    return statement(it, it.verdicts[0])


def test_it_has_accuracies_with_their_spread_the_effect_its_interval_and_n():
    text = said(made((2.0, 2.1, 2.2)))
    assert text.startswith(
        "With batch norm (norm=batch), simple-nn on phantom reached a mean test accuracy of 63.10 % (SD 1.10), against "
        "61.00 % (SD 1.00) without it (n = 3 pairs of training runs that share a seed). The mean difference was +2.10 "
        "percentage points (95 % confidence interval +1.59 to +2.61). The variant helps: the interval excludes zero "
        "and lies beyond the margin of 0.5 pp."
    )
    assert "learning rate 0.05, untuned, 10 epochs" in text
    assert "the margin was set in the plan (ablab " in text


@pytest.mark.parametrize(
    ("gains", "margin", "words"),
    [
        (
            (2.0, 2.1, 2.2),
            2.0,
            "helps: the interval excludes zero and includes effects smaller than the margin of 2 pp",
        ),
        ((-2.0, -2.1, -2.2), 0.5, "hurts: the interval excludes zero and lies beyond the margin of 0.5 pp"),
        ((0.1, -0.1, 0.0), 1.0, "no practical difference: the interval lies within the margin of ±1 pp."),
        ((1.5, 1.6, 1.7), 3.0, "lies within the margin of ±3 pp, though the 95 % interval excludes zero."),
        ((3.0, -3.0, 1.0), 1.0, "undecided: the interval includes zero and reaches beyond the margin of ±1 pp."),
    ],
)
def test_the_finding_is_that_of_the_verdict(gains, margin, words):
    assert words in said(made(gains, margin))


def test_before_an_interval_it_concludes_nothing():
    it = made((2.0,), seeds=(3, 5))
    assert "The mean difference was +2.00 percentage points; so few pairs allow no interval" in said(it)
    assert "The interval is" not in said(it)


def test_the_method_names_looks_and_one_sided_tests():
    assert "Student's t for paired differences, adjusted for looks at 3 to 4 pairs;" in said(
        made((2.0, 2.1, 2.2, 2.1), seeds=(3, 4))
    )
    assert "adjusted for looks after every pair from 3 on;" in said(made((4.0, 4.0, 4.5) * 4, seeds=(3, 1000)))
    assert "two one-sided t tests of paired differences" in said(made((1.5, 1.6, 1.7), 3.0))


def test_accuracies_no_better_than_naming_the_most_frequent_class_are_remarked_on():
    assert chance_level(None) is None
    assert chance_level(DATA.labels) == pytest.approx(50 + 100 * 2 * (0.25 / 1000) ** 0.5)
    skewed = dataclasses.replace(DATA, labels=(0,) * 900 + (1,) * 100)
    assert chance_level(skewed.labels) == pytest.approx(90 + 100 * 2 * (0.09 / 1000) ** 0.5)
    low, fine = made((0.1, 0.0, 0.2), level=0.50), made((0.1, 0.0, 0.2), level=0.60)
    assert at_chance(low, low.verdicts[0]) == ("the base", "batch norm")
    assert "no better than chance" in said(low)
    assert "chance" not in said(fine)
    for presentation in ("paper", "terminal", "dashboard"):
        parts = [part for section in sections(low, presentation) for part in section.parts]
        (caution,) = [part for part in parts if getattr(part, "lead", "") == "At chance:"]
        assert caution.text.startswith("the mean accuracy of the base and of batch norm is no better than that of")


def test_in_latex_signs_are_minuses_and_nothing_is_a_command():
    it = made((-2.0, -2.1, -2.2))
    named = dataclasses.replace(it.verdicts[0], change="", variant=r"\input{x} 50%_off")
    tex = written(
        dataclasses.replace(it, decision=dataclasses.replace(it.decision, verdicts=(named,)), study=_with(it, named)),
        "latex",
    )
    flat = " ".join(tex.split())
    assert r"\textbackslash{}input\{x\} 50\%\_off" in flat
    assert r"$-$2.10 percentage points (95~\% confidence interval $-$2.61 to $-$1.59)" in flat
    assert r"~\cite{ablab})." in flat
    assert "% @misc{ablab," in tex


def _with(it, verdict):
    return dataclasses.replace(it.study, variants=(Variant(verdict.variant, NORM, "norm=batch"),))


def test_the_entry_names_the_version_the_plan_and_the_year_of_the_last_run():
    it = made((2.0, 2.1, 2.2))
    dated = [
        dataclasses.replace(run, origin=Origin(f"202{at % 3}-05-01T00:00:00", "1", ""))
        for at, run in enumerate(it.runs)
    ]
    entry = bibtex(dataclasses.replace(it, runs=tuple(dated)))
    assert "  year = {2022}," in entry
    assert it.plan.hash in entry
    assert entry.count("{") == entry.count("}")


def test_a_study_that_explores_has_nothing_to_write():
    it = made((2.0, 2.1, 2.2))
    assert "to_write" in {section.name for section in sections(it, "paper")}
    explores = dataclasses.replace(it, plan=dataclasses.replace(it.plan, explores=True))
    assert "to_write" not in {section.name for section in sections(explores, "paper")}
