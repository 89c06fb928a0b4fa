"""Layer tables are of the networks that were trained, and nobody's code is run to make them."""

import dataclasses

from detailed import detailed

from ablab.recipe import Recipe
from ablab.report.layers import layer_tables
from ablab.result import arms_of


def test_each_different_network_has_one_table_with_its_formulas():
    it, runs, _, data = detailed()
    found = list(layer_tables(arms_of(it, runs), data))
    assert [one.names for one in found] == [("base", "crop + flip"), ("batch norm",), ("dropout",), ("wide",)]
    assert any("82,030 parameters" in line for line in found[0].totals)
    assert any("3·5·5 + 1" in cell or "(5·5·3 + 1)·8" in cell for row in found[0].rows for cell in row)


def test_a_network_with_other_numbers_than_its_runs_is_left_out():
    it, runs, _, data = detailed()
    larger = [dataclasses.replace(run, cost=dataclasses.replace(run.cost, parameters=99)) for run in runs]
    assert list(layer_tables(arms_of(it, larger), data)) == []


def test_a_users_own_network_is_not_built(tmp_path):
    it, runs, _, data = detailed()
    mark = tmp_path / "run"
    code = tmp_path / "mine.py"
    code.write_text(f"open({str(mark)!r}, 'w')\n")
    arms = [dataclasses.replace(arm, recipe=Recipe(model=f"{code}:net")) for arm in arms_of(it, runs)]
    assert list(layer_tables(arms, data)) == []
    assert not mark.exists()
