"""The section of robust figures: silent agreement in a sentence, and every pair where a check disagrees."""

from simulated import result, simulate, study

from ablab.recipe import Recipe
from ablab.records import Measurement
from ablab.report.section import sections
from ablab.report.terminal.plain import lines_of
from ablab.study import Rule, Study, Variant, decide, plan
from sample_runs import sample_run


def text(found) -> str:
    (section,) = [one for one in sections(found, "page") if one.name == "robust"]
    return "\n".join(line for part in section.parts for line in lines_of(part, width=120))


def test_agreement_is_one_sentence_and_a_table():
    it = study()
    _, runs, verdicts = simulate(it)
    shown = text(result(it, runs, verdicts))
    assert "agree with every verdict" in shown
    assert "Hodges-Lehmann" in shown


def test_a_wild_pair_is_shown_first_among_the_pairs():
    norm = Recipe().with_("norm=batch")
    it = Study("?", Recipe(), (Variant("norm", norm, "norm=batch"),), Rule(seeds=(7, 7)))
    gaps = (2.0, 2.1, 1.9, -14.0, 2.0, 1.8, 2.2)
    runs = [
        sample_run(seed, accuracy, recipe, test=Measurement(1.0, accuracy, 10_000))
        for seed, gap in enumerate(gaps)
        for recipe, accuracy in ((it.base, 0.6), (norm, 0.6 + gap / 100))
    ]
    shown = text(result(it, runs, decide(plan(it, "fingerprint"), runs).verdicts))
    assert "Outliers keep this undecided" in shown
    rows = [line.split() for line in shown.splitlines() if line.strip()[:1].isdigit()]
    assert rows[0] == ["3", "60.00", "46.00", "-14.00"]
    assert len(rows) == 7
