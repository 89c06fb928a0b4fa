"""Layer tables are of the networks that were trained, and nobody's code is run to make them."""

import dataclasses

from detailed import detailed
from simulated import result

from ablab.recipe import Recipe
from ablab.report.sections.layers import layers


def shown(changed=lambda run: run):
    it, runs, verdicts, data = detailed()
    return list(layers(result(it, [changed(run) for run in runs], verdicts, data=data)))


def test_each_different_network_has_one_table_with_its_formulas():
    networks = shown()
    assert [fold.title.partition(": ")[0] for fold in networks] == [
        "base, crop + flip",
        "batch norm",
        "dropout",
        "wide",
    ]
    (table,) = networks[0].parts
    assert "82,030 parameters" in table.caption
    assert any("3·5·5 + 1" in cell.text or "(5·5·3 + 1)·8" in cell.text for row in table.rows for cell in row)


def test_a_network_with_other_numbers_than_its_runs_is_left_out():
    assert shown(lambda run: dataclasses.replace(run, cost=dataclasses.replace(run.cost, parameters=99))) == []


def test_a_users_own_network_is_not_built(tmp_path):
    mark = tmp_path / "run"
    code = tmp_path / "mine.py"
    code.write_text(f"open({str(mark)!r}, 'w')\n")
    it, runs, verdicts, data = detailed()
    made = result(it, runs, verdicts, data=data)
    own = [dataclasses.replace(arm, recipe=Recipe(model=f"{code}:net")) for arm in made.arms]
    made.__dict__["arms"] = tuple(own)
    assert list(layers(made)) == []
    assert not mark.exists()
