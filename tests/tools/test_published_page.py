"""The page that sets the figures of published reports beside ours."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from ablab.records import StudyText
from ablab.replication.evidence import evidence
from ablab.replication.published_report import published_reports
from ablab.store import Store
from ablab.store.exchange import take
from ablab.study import plan
from ablab.study.question.files import published_studies, read_studies
from published_page import exports, pages_of
from sample_runs import sample_run

TOOL = Path(__file__).parents[2] / "tools" / "published_page.py"
DOCS = Path(__file__).parents[2] / "docs"
SOFTMAX = "softmax-before-loss"


@pytest.fixture
def store(tmp_path):
    """A store in which one published study has been run, by simulation."""
    path = next(path for path in published_studies() if path.stem == SOFTMAX)
    (study,) = read_studies(path)
    kept = Store(tmp_path / "store")
    for seed, gap in enumerate((0.101, 0.100, 0.102)):
        kept.add(sample_run(seed, 0.60 + 0.01 * seed, study.base))
        kept.add(sample_run(seed, 0.60 + 0.01 * seed - gap, study.variants[0].recipe))
    kept.keep_study(StudyText(plan(study, "fingerprint").hash, study.name, study.text, "fingerprint", 1))
    return tmp_path / "store"


@pytest.mark.long
def test_the_screen_has_a_row_for_every_claim_and_a_page_has_every_study(store, tmp_path):
    out = tmp_path / "published.md"
    tool = [sys.executable, str(TOOL), "--store", str(store), "--out", str(out)]
    done = subprocess.run(tool, capture_output=True, text=True, check=True)
    assert "1 of " in done.stdout
    screen = out.read_text()
    for report in published_reports():
        page = (tmp_path / "published" / f"{report.letter.lower()}.md").read_text()
        assert f"(published/{report.letter.lower()}.md)" in screen
        assert all(f"| {claim.name} | " in screen and f"**{claim.name}. " in page for claim in report.claims)
        for path in published_studies():
            if path.stem in report.studies:
                assert all(f"\n## {study.name}\n" in page for study in read_studies(path)), path


def page_with(kept, stem, letter):
    return pages_of(evidence(kept, {stem}))[f"published/{letter}.md"]


def begun(folder, stem, runs):
    kept = Store(folder)
    (study,) = read_studies(next(path for path in published_studies() if path.stem == stem))
    for run in runs(study):
        kept.add(run)
    kept.keep_study(StudyText(plan(study, "fingerprint").hash, study.name, study.text, "fingerprint", 1))
    return kept


def test_learning_speed_is_told_to_every_target_with_the_runs_that_never_got_there(tmp_path):
    kept = begun(
        tmp_path,
        "batch-norm",
        lambda study: [
            sample_run(seed, accuracy, study.named[name])
            for seed in range(3)
            for name, accuracy in (("base", 0.62), ("batch norm", 0.68))
        ],
    )
    page = page_with(kept, "batch-norm", "b")
    assert "- epochs to 60 % validation accuracy, at most 2: 1.9 for the base, 1.8 for batch norm" in page
    assert "- 65 % validation accuracy, batch norm: 3 of 3 runs of the base and 0 of 3 of the variant never" in page
    assert "- 70 % validation accuracy, batch norm: 3 of 3 runs of the base and 3 of 3 of the variant never" in page
    assert all(f"`{run.id}`" in page for run in kept.runs())
    assert "| base | 62.00 % |" in page


def test_a_variant_all_of_whose_runs_broke_down_is_said_to_not_train(tmp_path):
    def broken(study):
        return [
            dataclasses.replace(sample_run(seed, 0.1, study.variants[0].recipe), status="diverged", test=None)
            for seed in range(3)
        ]

    page = page_with(begun(tmp_path, "learning-rate", broken), "learning-rate", "b")
    assert "| rate 1.0 | – | – | 0 | – | – | – | does not train: 3 of 3 runs broke down |" in page


def test_what_was_not_run_says_what_it_takes():
    page = pages_of(evidence(None, {"extra-layer"}))["published/e.md"]
    assert "Not run here. It takes `ablab run" in page
    assert "extra-layer.toml --scale full`: 6 runs at least, about " in page


@pytest.mark.long
def test_the_pages_of_the_docs_are_what_their_runs_give(tmp_path):
    kept = Store(tmp_path)
    for path in exports():
        take(kept, path, {})
    pages = pages_of(evidence(kept), exports())
    assert {path: (DOCS / path).read_text(encoding="utf-8") for path in pages} == pages
