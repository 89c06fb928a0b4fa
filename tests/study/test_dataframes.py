"""Runs and verdicts as tables of other libraries."""

import sys

import pytest

from ablab.errors import InputError
from ablab.recipe import Recipe
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.dataframes import arrow, frame
from sample_runs import sample_run

BASE = Recipe()
NORM = BASE.with_("norm=batch")
STUDY = Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), Rule(margin=0.5, seeds=(3, 3)))
RUNS = [
    *(sample_run(seed, accuracy, BASE) for seed, accuracy in enumerate((0.30, 0.31, 0.32))),
    *(sample_run(seed, accuracy, NORM) for seed, accuracy in enumerate((0.35, 0.37, 0.36))),
]
VERDICTS = decide(plan(STUDY, "fingerprint"), RUNS).verdicts


def test_a_data_frame_has_a_row_for_each_run_with_its_variant_and_its_figures():
    table = frame(STUDY, RUNS, VERDICTS)
    assert table.groupby("variant")["accuracy"].mean().round(6).to_dict() == {"base": 31.0, "norm": 36.0}
    assert list(table["seed"]) == [0, 1, 2, 0, 1, 2]
    assert set(table["parameters"]) == {82030}


def test_an_arrow_table_has_a_row_for_each_verdict_without_the_lists_behind_it():
    table = arrow(STUDY, RUNS, VERDICTS, "verdicts")
    (row,) = table.to_pylist()
    assert (row["variant"], row["pairs"], row["effect"]) == ("norm", 3, pytest.approx(5.0))
    assert {"looks", "accuracies", "costs"}.isdisjoint(row)


def test_there_are_tables_of_runs_and_of_verdicts_alone():
    with pytest.raises(InputError, match='"epochs"'):
        frame(STUDY, RUNS, VERDICTS, "epochs")


@pytest.mark.parametrize(("library", "table", "extra"), [("pandas", frame, "frames"), ("pyarrow", arrow, "parquet")])
def test_without_the_library_the_error_names_the_extra_that_has_it(library, table, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match=rf"ablab-experiments\[{extra}\]"):
        table(STUDY, RUNS, VERDICTS)
