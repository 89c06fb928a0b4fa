"""The page that sets the figures of published reports beside ours."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ablab.records import StudyText
from ablab.result import look_up
from ablab.store import Store
from ablab.store.exchange import take
from ablab.study import plan
from ablab.study.question.files import published_studies, read_studies
from published_page import Repeated, page_of, repeated
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
def test_the_page_has_a_row_for_every_published_figure_and_ours_where_there_are_runs(store, tmp_path):
    out = tmp_path / "published.md"
    tool = [sys.executable, str(TOOL), "--store", str(store), "--out", str(out)]
    done = subprocess.run(tool, capture_output=True, text=True, check=True)
    assert "1 of " in done.stdout
    page = out.read_text()
    for path in published_studies():
        for study in read_studies(path):
            section = page.partition(f"\n## {study.name}\n")[2].partition("\n## ")[0]
            for name, figure in study.published.figures.items():
                assert re.search(rf"^\| {re.escape(name)} \| {figure:.2f} % \|", section, re.MULTILINE), (path, name)
            assert study.published.conclusion in section
    section = page.partition(f"\n## {SOFTMAX}\n")[2].partition("\n## ")[0]
    assert "| base | – | 61.00 % | 58.52 to 63.48 | 3 | 2 x 900 |" in section
    assert "| softmax before the loss | – | 50.90 % |" in section
    assert "-10.10" in section
    assert "hurts" in section


def test_a_row_is_of_the_largest_size_that_can_say_something(store):
    kept = Store(store)
    path = next(path for path in published_studies() if path.stem == SOFTMAX)
    (short,), (whole,) = read_studies(path), read_studies(path, "full")
    for seed in range(2):
        kept.add(sample_run(seed, 0.70, whole.base))
        kept.add(sample_run(seed, 0.60, whole.variants[0].recipe))
    kept.keep_study(StudyText(plan(whole, "fingerprint").hash, whole.name, whole.text, "fingerprint", 1))
    results = tuple(look_up(study, kept) for study in (whole, short))
    assert Repeated(short, results).best("base") is results[1]
    assert "### At full size" in page_of([Repeated(short, results)])
    kept.add(sample_run(2, 0.71, whole.base))
    kept.add(dataclasses.replace(sample_run(2, 0.6, whole.variants[0].recipe), status="diverged", test=None))
    results = tuple(look_up(study, kept) for study in (whole, short))
    assert Repeated(short, results).best("base") is results[0]
    assert Repeated(short, results).best("softmax before the loss") is results[1]


def test_learning_speed_is_told_to_every_target_with_the_runs_that_never_got_there(tmp_path):
    kept = Store(tmp_path)
    (study,) = read_studies(next(path for path in published_studies() if path.stem == "batch-norm"))
    for seed in range(3):
        kept.add(sample_run(seed, 0.62, study.base))
        kept.add(sample_run(seed, 0.68, study.variants[0].recipe))
    kept.keep_study(StudyText(plan(study, "fingerprint").hash, study.name, study.text, "fingerprint", 1))
    page = page_of([Repeated(study, (look_up(study, kept),))])
    assert "- epochs to 60 % validation accuracy, at most 2: 1.9 for the base, 1.8 for batch norm" in page
    assert "- 65 % validation accuracy, batch norm: 3 of 3 runs of the base and 0 of 3 of the variant never" in page
    assert "- 70 % validation accuracy, batch norm: 3 of 3 runs of the base and 3 of 3 of the variant never" in page


def test_a_variant_all_of_whose_runs_broke_down_is_said_to_not_train(tmp_path):
    kept = Store(tmp_path)
    (study,) = read_studies(next(path for path in published_studies() if path.stem == "learning-rate"))
    for seed in range(3):
        kept.add(dataclasses.replace(sample_run(seed, 0.1, study.variants[0].recipe), status="diverged", test=None))
    kept.keep_study(StudyText(plan(study, "fingerprint").hash, study.name, study.text, "fingerprint", 1))
    page = page_of([Repeated(study, (look_up(study, kept),))])
    assert "| rate 1.0 | 10.40 % | – | 0 | – | -61.40 | – | does not train: 3 of 3 runs broke down |" in page


def test_every_number_of_ours_can_be_traced_to_runs(store):
    studies = [Repeated(study) for path in published_studies() for study in read_studies(path)]
    assert "Not run here" in page_of(studies)
    kept = Store(store)
    (study,) = read_studies(next(path for path in published_studies() if path.stem == SOFTMAX))
    page = page_of([Repeated(study, (look_up(study, kept),))])
    assert all(f"`{run.id}`" in page for run in kept.runs())


@pytest.mark.slow
def test_the_page_of_the_docs_is_what_its_runs_give(tmp_path):
    kept = Store(tmp_path)
    take(kept, DOCS / "published.ablab", {})
    assert page_of(repeated(kept), "published.ablab") == (DOCS / "published.md").read_text(encoding="utf-8")
