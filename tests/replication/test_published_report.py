"""What published reports say, as data: every report is read, and every study and recipe that it names is there."""

import re

import pytest

from ablab.errors import InputError, StudyError
from ablab.replication.evidence import evidence, of_study
from ablab.replication.facts import FACTS, fact, network
from ablab.replication.measures import MEASURES
from ablab.replication.published_report import published_report, published_reports, read_report

REPORTS = published_reports()
REPEATED = evidence(None)
LEAST = 'title = "T"\ncourse = "C"\ndate = "D"\nimages = "test"\nsetup = "S"\nunknown = "U"\n'


def test_the_five_reports_are_there_with_their_dates():
    assert [report.letter for report in REPORTS] == ["A", "B", "C", "D", "E"]
    dates = {report.letter: report.date for report in REPORTS}
    assert (dates["A"], dates["B"], dates["E"]) == ("December 2024", "28 September 2024", "7 November 2024")


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.letter)
def test_every_study_and_recipe_that_a_report_names_is_there(report):
    for entry in (*report.figures, *(claim for claim in report.claims if claim.study)):
        there = of_study(REPEATED, entry.study, entry.data)
        assert there is not None, entry
        assert entry.recipe in there.studies[0].named, entry
        if getattr(entry, "against_study", ""):
            assert entry.against in of_study(REPEATED, entry.against_study, entry.against_data).studies[0].named
        elif hasattr(entry, "against") and entry.value is None:
            assert entry.against in there.studies[0].named, entry


def test_every_published_study_belongs_to_a_report():
    assert {name for report in REPORTS for name in report.studies} == {there.file for there in REPEATED}


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.letter)
def test_claims_have_names_of_their_own_and_are_tested_by_something(report):
    names = [claim.name for claim in report.claims]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(rf"{report.letter}\d+", name) for name in names)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.letter)
def test_every_count_that_a_report_prints_is_exact(report):
    for count in report.counts:
        assert network(count.model, count.classes).parameters == count.parameters, count.model


def test_a_figure_has_one_source():
    found = [(e.study, e.data, e.recipe, name) for report in REPORTS for e in report.figures for name in e.values]
    assert len(set(found)) == len(found)


def test_the_reports_print_more_than_a_hundred_figures():
    assert sum(len(entry.values) for report in REPORTS for entry in report.figures) >= 100


@pytest.mark.parametrize(
    ("fact_words", "number"),
    [
        ("separable_ratio(16)", 5.76),
        ("separable_ratio(64)", 7.89),
        ("separable_ratio(512)", 8.84),
        ("block_ratio(2056, 1028)", 4.0),
        ("parameter_ratio(resnet18-wide, resnet11)", 165_877_202 / 30_343_594),
        ("convolution_share(cnn3-dense)", 93_248 / 364_426),
        ("weighted_layers(resnet18)", 18),
        ("weighted_layers(resnet20)", 20),
        ("norm_parameters(8)", 16),
        ("parameters(alexnet)", 36_187_914),
        ("mac_ratio(cnn4-dense, cnn3-dense)", 15.18 / 10.59),
    ],
)
def test_facts_come_to_the_published_numbers(fact_words, number):
    assert fact(fact_words) == pytest.approx(number, rel=1e-3)


def test_every_fact_that_there_is_is_used_by_a_claim():
    used = {claim.fact.partition("(")[0] for report in REPORTS for claim in report.claims if claim.fact}
    assert used == set(FACTS)


def test_every_measure_is_used_by_a_figure_or_a_claim():
    used = {name for report in REPORTS for entry in report.figures for name in entry.values}
    used |= {claim.measure for report in REPORTS for claim in report.claims if claim.study}
    assert used == set(MEASURES)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[[claims]]\nname = 'X1'\ntext = 'It helps.'", "name the study or fact that tests it, or say in why"),
        (
            "[[claims]]\nname = 'X1'\ntext = 'T'\nstudy = 's'\nfact = 'f(1)'",
            "name the study or fact that tests it, or say in why",
        ),
        ("[[claims]]\nname = 'X1'\ntext = 'T'\nstudy = 's'\nmeasure = 'best_vall'", 'did you mean "best_val"'),
        ("[[claims]]\nname = 'X1'\ntext = 'T'\nfact = 'parameters(cnn2)'", "compared with a value"),
        ("[[claims]]\nname = 'X1'\ntext = 'T'\nwhy = 'W'\nsayss = 'lower'", 'did you mean "says"'),
        ("[[figures]]\nstudy = 's'\nrecipe = 'base'\nvalues = { best_valu = 3 }", 'did you mean "best_val"'),
        ("[[figure]]\nstudy = 's'", 'did you mean "figures"'),
    ],
)
def test_what_is_wrong_in_a_report_is_said(tmp_path, line, words):
    path = tmp_path / "x.toml"
    path.write_text(LEAST + line)
    with pytest.raises(StudyError, match=re.escape(words)):
        read_report(path)


def test_a_report_that_is_no_toml_or_not_there_is_an_error(tmp_path):
    (tmp_path / "x.toml").write_text("= 3")
    with pytest.raises(StudyError, match="x.toml"):
        read_report(tmp_path / "x.toml")
    with pytest.raises(StudyError, match="y.toml"):
        read_report(tmp_path / "y.toml")
    with pytest.raises(InputError, match="the reports are A, B, C, D, E"):
        published_report("F")
