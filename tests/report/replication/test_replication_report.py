"""Published reports beside ours as tables, pages and folders."""

import csv
import json
import re

import pytest

from ablab.records import DataFacts, StudyText
from ablab.replication.evidence import evidence
from ablab.replication.measures import MEASURES
from ablab.replication.published_report import published_report, published_reports
from ablab.report.replication import of_report, screen
from ablab.report.replication.folder import write_folder
from ablab.report.replication.tables import one_more
from ablab.store import Store
from ablab.study import plan
from ablab.study.question.files import published_studies, read_studies
from sample_runs import sample_run

REPORTS = published_reports()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """One study of report E at full size, whose runs are as the report's."""
    kept = Store(tmp_path_factory.mktemp("reports") / "store")
    (study,) = read_studies(next(path for path in published_studies() if path.stem == "extra-layer"), "full")
    for seed, accuracy in enumerate((0.720, 0.725, 0.730)):
        kept.add(sample_run(seed, accuracy, study.base))
        kept.add(sample_run(seed, accuracy + 0.05 + 0.001 * seed, study.variants[0].recipe))
    kept.keep_data(DataFacts("fingerprint", "cifar10", tuple("abcdefghij"), (0,) * 200, (3, 32, 32)))
    kept.keep_study(StudyText(plan(study, "fingerprint").hash, study.name, study.text, "fingerprint", 1))
    return kept


def table(kept, name):
    return next(each for section in screen(REPORTS, evidence(kept)) for each in section.tables() if each.name == name)


def test_every_claim_figure_and_count_of_every_report_has_a_row(store):
    assert len(table(store, "claims").rows) == sum(len(report.claims) for report in REPORTS)
    figures = sum(len(entry.values) for report in REPORTS for entry in report.figures)
    assert len(table(store, "figures").rows) == figures
    assert len(table(store, "counts").rows) == sum(len(report.counts) for report in REPORTS)
    assert {row[5].text for row in table(store, "counts").rows} == {"exact"}


def test_a_figure_is_set_beside_the_same_measure_of_ours_and_only_at_full_size(store):
    records = [record for record in table(store, "figures").records if record["study"] == "extra-layer"]
    base = next(one for one in records if one["recipe"] == "base" and one["measure"] == "last_val")
    assert base["theirs"] == 72.31
    assert base["ours"] == pytest.approx(72.5)
    assert (base["low"], base["high"]) == pytest.approx(one_more([72.0, 72.5, 73.0], MEASURES["last_val"]))
    assert base["inside"] is True
    loss = next(one for one in records if one["recipe"] == "base" and one["measure"] == "last_val_loss")
    assert loss["inside"] is False
    assert loss["why"] == "its optimizer and preprocessing are not stated; ours fits faster"
    assert base["why"] == ""
    others = [record for record in table(store, "figures").records if record["study"] != "extra-layer"]
    assert all(record["inside"] is None for record in others)


def test_a_report_alone_has_its_method_and_its_claims_in_words(store):
    sections = {section.name: section for section in of_report(published_report("e"), evidence(store))}
    words = [part.text for part in sections["sentences"].parts]
    assert len(words) == len(published_report("E").claims)
    assert any(word.startswith("Refuted: 77.60 % against 72.50 % (3 pairs of runs, 2 × 900)") for word in words)
    assert any("The text contradicts its own table." in part.text for part in sections["method"].parts[1:])


@pytest.mark.slow
def test_a_folder_has_everything_that_the_report_has(store, tmp_path):
    report = published_report("E")
    paths = write_folder(report, evidence(store, report.studies), tmp_path / "e")
    names = {str(path.relative_to(tmp_path / "e")) for path in paths}
    assert names >= {"index.html", "writeup.md", "writeup.tex", "networks.md", "claims.csv", "figures.csv"}
    assert names >= {"extra-layer-full/report.html", "extra-layer-full/curves.png", "extra-layer-full/confusion-1.png"}
    with (tmp_path / "e" / "claims.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["claim"] for row in rows] == [claim.name for claim in report.claims]
    writeup = (tmp_path / "e" / "writeup.md").read_text("utf-8")
    assert "(3·3·3 + 1)·32 = 896" in writeup
    assert "fourth convolution" in writeup
    page = (tmp_path / "e" / "index.html").read_text("utf-8")
    assert 'href="extra-layer-full/report.html"' in page
    assert all(claim.text.partition(" (")[0] in page for claim in report.claims)
    assert json.loads(re.search(r'id="ablab-figures">(.*?)</script>', page, re.DOTALL)[1]) == {"figures": {}}
