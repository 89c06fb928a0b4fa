"""Variants are found by names of runs, by the parameters that differ, or are asked for."""

import json

import pytest

from ablab.elsewhere.columns import table_of
from ablab.elsewhere.formats import records
from ablab.elsewhere.judge import Rule, judge
from ablab.elsewhere.scale import scale_of
from ablab.errors import InputError

IDS = "addc7b1dd254", "0123456789ab", "fedcba987654", "00aa11bb22cc"


def rows(*several):
    return [{"": f"run {at}", **row} for at, row in enumerate(several)]


def sides(table):
    return [(score.variant, score.seed) for score in table.scores]


def test_runs_that_the_trackers_of_ablab_wrote_are_told_apart_by_the_parameters_that_differ():
    names = [f"mlp seed {seed} {id_}" for seed, id_ in zip((0, 1, 0, 1), IDS, strict=True)]
    tracked = [
        {"variant": "cmp/mlp", "seed": name.split()[2], "config.ablab.run": id_, "config.model": "mlp", "acc": 70 + at}
        for at, (name, id_) in enumerate(zip(names, IDS, strict=True))
    ]
    for row in tracked[2:]:
        row["config.width"] = "16"
    table = table_of(rows(*tracked, {"name": "cmp verdicts"}), {})
    assert sides(table) == [("base", "0"), ("base", "1"), ("width=16", "0"), ("width=16", "1")]
    assert "variants by the parameters that differ (config.width)" in table.remarks[0]
    assert any("skipped 1 row with neither parameters nor a figure" in remark for remark in table.remarks)
    given = table_of(rows(*tracked), {"variant": "config.width"})
    assert {variant for variant, _ in sides(given)} == {"width not set", "16"}


def test_an_id_behind_the_seed_in_a_name_is_no_part_of_the_variant():
    calls = [
        {"name": f"{name} seed {seed} {id_}", "params.arguments": "" if name == "base" else name, "acc": 70}
        for (name, seed), id_ in zip((("-w 2", 0), ("-w 2", 1), ("base", 0), ("base", 1)), IDS, strict=True)
    ]
    again = {**calls[2], "params.repeat": "true"}
    table = table_of(rows(*calls, again), {})
    assert any("skipped 1 repeated call" in remark for remark in table.remarks)
    assert sides(table) == [("-w 2", "0"), ("-w 2", "1"), ("base", "0"), ("base", "1")]
    judged = judge(table, None, Rule(1), scale_of(table))
    assert judged.base == "base"
    assert any('base: "base", by its name' in remark for remark in judged.remarks)


def test_names_say_the_variant_beside_a_column_of_the_same_seeds():
    runs = [
        {"name": f"{name}_seed={seed}", "params.seed": seed, "acc": 70} for name in ("plain", "bn") for seed in (0, 1)
    ]
    assert sides(table_of(rows(*runs), {})) == [("plain", "0"), ("plain", "1"), ("bn", "0"), ("bn", "1")]
    runs[0]["params.seed"] = 7
    assert sides(table_of(rows(*runs), {}))[0] == ("plain_seed=0", "7")


def test_a_name_behind_a_dot_is_proposed_with_what_stands_in_front():
    with pytest.raises(InputError, match=r'--variant norm: .*did you mean "params.norm"'):
        table_of(rows({"params.norm": "batch", "name": "a", "acc": 1}), {"variant": "norm"})


def test_variants_of_one_run_each_are_asked_about():
    runs = [{"Name": f"fluffy-{at}", "norm": "batch", "acc": 70} for at in range(4)]
    (remark,) = [it for it in table_of(rows(*runs), {}).remarks if "each variant has one run" in it]
    assert '"Name" names runs and not variants' in remark
    assert "--variant" in remark
    assert "norm" in remark


def test_a_column_with_one_value_is_passed_over_for_one_that_has_several():
    runs = [{"model": "resnet", "method": name, "seed": seed, "acc": 70} for name in "ab" for seed in (0, 1)]
    assert sides(table_of(rows(*runs), {}))[::2] == [("a", "0"), ("b", "0")]


def test_numbers_of_a_configuration_are_no_variants_of_a_wide_table(tmp_path):
    runs = [
        {"config": {"lr": lr, "seed": seed}, "metrics": {"accuracy": 0.7 + lr}} for lr in (0.1, 0.2) for seed in (0, 1)
    ]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, runs)))
    assert sides(table_of(records(tmp_path / "r.jsonl"), {}))[::2] == [("lr=0.1", "0"), ("lr=0.2", "0")]
