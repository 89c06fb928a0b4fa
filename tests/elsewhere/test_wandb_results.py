"""Runs of Weights & Biases: the tables and charts of its app, and the folders that it leaves on the disk."""

import json

import pytest

from ablab.elsewhere.columns import table_of
from ablab.elsewhere.formats import records
from ablab.elsewhere.judge import Rule, judge
from ablab.elsewhere.scale import scale_of
from ablab.errors import InputError

# As the app writes a table of runs: every cell in quotes, and columns that nobody asked for.
TABLE = '"Name","Group","State","Notes","Runtime","lr","seed","test/acc"\n' + "".join(
    f'"quiet-moon-{at}","{group}","{state}","-","61","0.1","{seed}","{acc}"\n'
    for at, (group, seed, state, acc) in enumerate(
        [
            (group, seed, "finished", 0.7 + 0.02 * (group == "bn") + 0.001 * seed)
            for group in ("plain", "bn")
            for seed in range(3)
        ]
        + [("plain", 3, "finished", 0.71), ("bn", 3, "crashed", 0.1)]
    )
)
# As it writes a chart: a row a step, and three columns a run.
HEADS = [
    f"{name} - test/acc{end}"
    for name in ("plain_seed=0", "plain_seed=1", "bn_seed=0", "bn_seed=1")
    for end in ("", "__MIN", "__MAX")
]
CHART = ",".join(f'"{head}"' for head in ["Step", *HEADS]) + "\n"
CHART += ",".join(['"1"', *[f'"{0.1 + 0.01 * at}"' for at in range(12)]]) + "\n"
CHART += ",".join(['"2"', *[f'"{0.7 + 0.01 * at}"' if at < 9 else '""' for at in range(12)]]) + "\n"


def test_a_table_of_the_app_is_judged_by_group_and_seed(tmp_path):
    (tmp_path / "wandb_export.csv").write_text(TABLE)
    table = table_of(records(tmp_path / "wandb_export.csv"), {})
    judged = judge(table, None, Rule(0.5), scale_of(table))
    (one,) = judged.compared
    assert (one.variant, one.word, one.pairs) == ("bn", "helps", 3)  # the pair of the run that crashed is left out
    assert any("1 run of bn failed or did not end (crashed)" in remark for remark in judged.remarks)


def test_a_chart_of_the_app_gives_the_last_value_of_each_run(tmp_path):
    (tmp_path / "chart.csv").write_text(CHART)
    rows = records(tmp_path / "chart.csv")
    assert [(row["variant"], row["seed"], row["test/acc"]) for row in rows] == [
        ("plain", "0", "0.7"),
        ("plain", "1", "0.73"),
        ("bn", "0", "0.76"),
        ("bn", "1", "0.19"),
    ]


def folder(tmp_path, name, *, config="", **files):
    inner = tmp_path / "wandb" / name / "files"
    inner.mkdir(parents=True)
    (inner / "config.yaml").write_text(f"_wandb:\n    value:\n        cli_version: 0.31.0\n{config}")
    for file, text in files.items():
        (inner / {"summary": "wandb-summary.json", "history": "wandb-history.jsonl"}[file]).write_text(text)


def test_folders_of_runs_give_summary_and_configuration(tmp_path):
    for at, (norm, seed) in enumerate((norm, seed) for norm in ("none", "batch") for seed in range(3)):
        acc = 0.7 + 0.03 * (norm == "batch") + 0.001 * seed
        config = f"norm:\n    value: {norm}\nseed:\n    value: {seed}\n"
        summary = json.dumps({"test": {"acc": acc}, "_step": 9, "_wandb": {"runtime": 3}, "best": None})
        folder(tmp_path, f"run-20260101_12000{at}-abc{at}", config=config, summary=summary)
    rows = records(tmp_path / "wandb")
    assert rows[0]["test.acc"] == 0.7
    assert not any(key.startswith(("_", "config._")) for key in rows[0])
    table = table_of(rows, {"variant": "config.norm"})
    (one,) = judge(table, "none", Rule(0.5), scale_of(table)).compared
    assert (one.variant, one.word, one.pairs) == ("batch", "helps", 3)


def test_without_a_summary_the_last_value_in_the_history_counts(tmp_path):
    lines = [{"_step": 0, "acc": 0.5, "lr": 0.1}, {"_step": 1, "acc": 0.6}]
    folder(tmp_path, "run-1-a", history="\n".join(map(json.dumps, lines)))
    (row,) = records(tmp_path)
    assert (row["acc"], row["lr"], row["name"]) == (0.6, 0.1, "run-1-a")


def test_what_is_no_json_in_a_folder_is_said_with_its_file(tmp_path):
    folder(tmp_path, "run-1-a", summary="{acc: 0.5}")
    with pytest.raises(InputError, match=r"wandb-summary.json: this is not JSON"):
        records(tmp_path)
    folder(tmp_path, "run-2-b", summary="[0.5]")
    (tmp_path / "wandb" / "run-1-a" / "files" / "wandb-summary.json").write_text("{}")
    with pytest.raises(InputError, match=r"run-2-b.*wandb-summary.json: this is not an object with names and values"):
        records(tmp_path)


def test_what_to_do_with_runs_that_were_tracked_offline_is_said(tmp_path):
    (tmp_path / "offline-run-1-a").mkdir()
    (tmp_path / "offline-run-1-a" / "run-a.wandb").write_bytes(b":W&B")
    with pytest.raises(InputError, match="with wandb sync"):
        records(tmp_path)


def test_names_of_runs_say_variant_and_seed_where_no_column_does(tmp_path):
    (tmp_path / "r.csv").write_text(
        "name,acc\n" + "".join(f"{name}-seed-{seed},{seed}\n" for name in "ab" for seed in range(3))
    )
    table = table_of(records(tmp_path / "r.csv"), {})
    assert [(score.variant, score.seed) for score in table.scores[:2]] == [("a", "0"), ("a", "1")]
    assert any('seeds by "name"' in remark for remark in table.remarks)
