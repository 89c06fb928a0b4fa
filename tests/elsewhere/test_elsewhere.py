"""Runs that were trained elsewhere: files of results are read, and the verdicts are those of other programs."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

from ablab.cli import command
from ablab.elsewhere.columns import table_of
from ablab.elsewhere.files import records_of
from ablab.elsewhere.formats import records
from ablab.elsewhere.judge import Rule, judge, welch
from ablab.elsewhere.scale import scale_of
from ablab.errors import AblabError, InputError

A, B = (70.11, 69.50, 70.43, 70.02), (72.11, 71.75, 72.51, 72.30)
LONG = "method,seed,test_acc\n" + "".join(
    f"{name},{seed},{value}\n" for name, values in (("plain", A), ("bn", B)) for seed, value in enumerate(values)
)


def read(tmp_path, text, name="r.csv", **columns):
    (tmp_path / name).write_text(text)
    return table_of(records(tmp_path / name), columns)


def verdicts(table, base=None, margin=0.5, direction=None, unit=None, **options):
    return judge(table, base, Rule(margin), scale_of(table, direction, unit), **options)


def ablab(*words):
    result = CliRunner().invoke(command, ["verdict", *map(str, words)])
    if isinstance(result.exception, AblabError):
        return str(result.exception), 2
    return result.output, result.exit_code


def test_the_interval_of_pairs_is_that_of_scipy(tmp_path):
    (one,) = verdicts(read(tmp_path, LONG)).compared
    expected = stats.ttest_rel(B, A).confidence_interval(0.95)
    assert (one.low, one.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert (one.variant, one.word, one.pairs, one.is_paired) == ("bn", "helps", 4, True)
    assert one.sentence.startswith("bn helps: +2.15 pp (")


def test_several_variants_share_the_confidence(tmp_path):
    draw = np.random.default_rng(1)
    rows = [f"v{k},{seed},{value:.2f}\n" for k in range(3) for seed, value in enumerate(draw.normal(70, 1, 5))]
    judged = verdicts(read(tmp_path, "variant,seed,acc\n" + "".join(rows)))
    assert "2 comparisons share the confidence" in judged.remarks
    values = {k: [float(row.split(",")[2]) for row in rows if row.startswith(f"v{k}")] for k in range(3)}
    for k, one in enumerate(judged.compared, 1):
        expected = stats.ttest_rel(values[k], values[0]).confidence_interval(0.975)
        assert (one.low, one.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_without_seeds_in_common_the_groups_are_compared_by_welch_and_it_is_said(tmp_path):
    text = "model,acc\n" + "".join(f"a,{value}\n" for value in A) + "".join(f"b,{value}\n" for value in B[:3])
    judged = verdicts(read(tmp_path, text))
    expected = stats.ttest_ind(B[:3], A, equal_var=False).confidence_interval(0.95)
    (one,) = judged.compared
    assert (one.low, one.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert not one.is_paired
    assert any("no seed in common" in remark for remark in judged.remarks)
    assert welch(A, B[:3], 0.05) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_groups_that_are_no_pairs_share_the_confidence_too(tmp_path):
    several = {"a": A, "b": B, "c": (71.0, 70.2, 71.9)}
    text = "model,acc\n" + "".join(f"{name},{value}\n" for name, values in several.items() for value in values)
    for one in verdicts(read(tmp_path, text)).compared:
        expected = stats.ttest_ind(several[one.variant], A, equal_var=False).confidence_interval(0.975)
        assert (one.low, one.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_shares_are_told_in_percentage_points_and_a_loss_helps_where_it_falls(tmp_path):
    shares = read(tmp_path, "".join(LONG.replace("test_acc", "accuracy")))
    assert verdicts(shares).metric.gap_unit == "pp"
    text = LONG
    for value in (*A, *B):
        text = text.replace(f",{value}\n", f",{value / 100:.4f}\n")
    (one,) = verdicts(read(tmp_path, text)).compared
    assert one.effect == pytest.approx(2.15, abs=0.01)
    (loss,) = verdicts(read(tmp_path, LONG), direction="lower").compared
    assert loss.word == "hurts"


def test_a_table_may_have_a_column_a_variant(tmp_path):
    text = "seed,adam,sgd\n" + "".join(f"{seed},{b},{a}\n" for seed, (a, b) in enumerate(zip(A, B, strict=True)))
    (one,) = verdicts(read(tmp_path, text), base="sgd", unit="percent").compared
    assert (one.variant, one.word, one.pairs) == ("adam", "helps", 4)


def test_json_files_of_single_runs_and_lines_are_read(tmp_path):
    for name, values in (("plain", A), ("bn", B)):
        for seed, value in enumerate(values):
            (tmp_path / f"{name}-{seed}.json").write_text(
                json.dumps({"config": {"seed": seed}, "name": name, "metrics": {"accuracy": value}, "curve": [1, 2]})
            )
    paths = sorted(tmp_path.glob("*.json"))
    rows = [row for path in paths for row in records(path)]
    (one,) = verdicts(table_of(rows, {}), base="plain").compared
    assert one.effect == pytest.approx(2.1525)
    (tmp_path / "all.jsonl").write_text("\n".join(path.read_text() for path in paths))
    assert verdicts(table_of(records(tmp_path / "all.jsonl"), {}), base="plain").compared[0].low == one.low


def test_a_folder_of_mlflows_is_read(tmp_path):
    for at, (name, seed, value) in enumerate(
        (n, s, v) for n, vs in (("plain", A), ("bn", B)) for s, v in enumerate(vs)
    ):
        run = tmp_path / "mlruns" / "1" / f"run{at}"
        for part, file, text in (
            ("params", "seed", str(seed)),
            ("metrics", "accuracy", f"17 0.1 0\n18 {value} 1\n"),
            ("tags", "mlflow.runName", name),
        ):
            (run / part).mkdir(parents=True, exist_ok=True)
            (run / part / file).write_text(text)
        (run / "meta.yaml").write_text(f"run_name: {name}\nstatus: {3 if at else 4}\n")
    (tmp_path / "mlruns" / "1" / "meta.yaml").write_text("name: Default\n")
    judged = verdicts(table_of(records(tmp_path / "mlruns"), {}), base="plain")
    (one,) = judged.compared
    assert (one.pairs, one.word) == (3, "helps")  # the first run of the base failed
    assert any("1 run of plain failed or did not end (failed); its pair is skipped" in it for it in judged.remarks)


def test_seeds_without_a_partner_and_runs_without_a_figure_are_told(tmp_path):
    text = LONG.replace("bn,3,72.3\n", "bn,9,72.3\n").replace("plain,0,70.11", "plain,0,nan")
    judged = verdicts(read(tmp_path, text))
    assert judged.compared[0].pairs == 2
    assert judged.compared[0].word == "undecided"
    assert any("skipped 2 seeds of" in remark for remark in judged.remarks)
    assert any("1 run of plain has no figure" in remark for remark in judged.remarks)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model,seed,acc\na,0,71\na,0,72\nb,0,3\n", r"line 3: a has seed 0 twice"),
        ("model,seed,acc\na,0,71\na,0.0,72\nb,0,3\n", r"a has seed 0 twice"),
        ("model,seed,acc\na,0,high\nb,0,3\n", 'acc is "high": write a number'),
        ("model,seed,acc,test_acc\na,0,1,2\nb,0,3,4\n", "choose one with --metric"),
        ("model,seed\na,0\nb,0\n", "no column has the metric"),
        ("model,seed,acc\na,0,71\na,1,72\n", "all runs are of one variant"),
        ("model,seed,acc\na,0,1,2\n", "more cells than column names"),
        ("model,model,acc\na,b,1\n", 'two columns are called "model"'),
        ("model,seed,acc\n,0,1\nb,0,2\n", "is empty"),
        ("", "it contains no results"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_with_its_place(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        verdicts(read(tmp_path, text))


def test_columns_can_be_named_and_a_wrong_name_is_told_with_what_is_near(tmp_path):
    text = LONG.replace("test_acc", "mine")
    assert read(tmp_path, text, metric="mine").metric == "mine"
    with pytest.raises(InputError, match="--metric mime.*mine"):
        read(tmp_path, text, metric="mime")


def test_files_that_are_no_results_are_refused(tmp_path):
    (tmp_path / "x.json").write_text("[1, 2]")
    (tmp_path / "y.json").write_text("{")
    (tmp_path / "z.bin").write_bytes(b"\0")
    (tmp_path / "w.csv").write_bytes(b"\xff\xfe\x00a")
    for name, message in (
        ("x.json", "not an object"),
        ("y.json", "not JSON"),
        ("z.bin", "results are read from"),
        ("w.csv", "not text in UTF-8"),
        ("none.csv", "no such file"),
    ):
        with pytest.raises(InputError, match=message):
            records(tmp_path / name)


def test_the_command_says_what_it_cannot_know_and_ends_with_a_code_for_scripts(tmp_path):
    (tmp_path / "r.csv").write_text(LONG)
    output, code = ablab(tmp_path / "r.csv", "--exit-code")
    assert code == 0
    assert "bn helps: +2.15 pp" in output
    assert "ablab cannot know whether the margin, variants and seeds were chosen before" in output
    assert ablab(tmp_path / "r.csv", "--base", "bn", "--exit-code")[1] == 4
    assert ablab(tmp_path / "r.csv", "--base", "bn")[1] == 0
    (tmp_path / "few.csv").write_text("\n".join(LONG.splitlines()[:3] + LONG.splitlines()[5:7]))
    assert ablab(tmp_path / "few.csv", "--exit-code")[1] == 3
    found = json.loads(ablab(tmp_path / "r.csv", "--json")[0])
    assert found["verdicts"][0]["word"] == "helps"
    assert "--margin 0" in ablab(tmp_path / "r.csv", "--margin", "0")[0]
    assert "--base nobody" in ablab(tmp_path / "r.csv", "--base", "nobody")[0]


def test_the_example_in_the_documents_prints_what_the_page_shows(tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "elsewhere.md").read_text(encoding="utf-8")
    (results,), (shown,) = (re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL) for kind in ("csv", "text"))
    (words, *_) = re.findall(r"```sh\nablab (.*)\n", page)
    (tmp_path / "results.csv").write_text(results)
    monkeypatch.chdir(tmp_path)
    printed = CliRunner().invoke(command, words.split(), catch_exceptions=False).output
    assert set(shown.splitlines()) <= set(printed.splitlines())


@pytest.mark.parametrize("pairs", [1000, 1001, 20_000])
def test_any_number_of_pairs_gets_the_interval_of_one_look(tmp_path, pairs):
    draw = np.random.default_rng(2)
    base, other = draw.normal(70, 1, pairs).round(3), draw.normal(70.3, 1, pairs).round(3)
    sides = (("plain", base), ("bn", other))
    rows = [f"{name},{seed},{value}\n" for name, values in sides for seed, value in enumerate(values)]
    (one,) = verdicts(read(tmp_path, "method,seed,test_acc\n" + "".join(rows)), margin=0.1).compared
    expected = stats.ttest_rel(other, base).confidence_interval(0.95)
    assert (one.low, one.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert (one.pairs, one.word) == (pairs, "helps")


@pytest.mark.parametrize("form", ["{}_seed={}.json", "{}/seed{}.json", "{}/{}.json"])
def test_names_of_files_with_a_run_each_say_variant_and_seed(tmp_path, form):
    for name, values in (("plain", A), ("bn", B)):
        for seed, value in enumerate(values):
            path = tmp_path / form.format(name, seed)
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps({"accuracy": value}))
    output, code = ablab(*sorted(tmp_path.rglob("*.json")), "--base", "plain")
    assert code == 0
    assert "bn helps: +2.15 pp (95 % interval +1.94 to +2.37), 4 seed pairs" in output
    assert 'variants by "file"' in output


def test_a_number_at_the_end_of_a_files_name_is_a_seed_if_the_run_says_the_same(tmp_path):
    for name, values in (("resnet-18", A), ("resnet-34", B)):
        for seed, value in enumerate(values):
            (tmp_path / f"{name}-{seed}.json").write_text(json.dumps({"seed": seed, "accuracy": value}))
    (one,) = verdicts(table_of(records_of(sorted(tmp_path.glob("*.json"))), {})).compared
    assert (one.variant, one.pairs, one.is_paired) == ("resnet-34", 4, True)


def test_names_of_files_give_way_to_a_column_of_variants(tmp_path):
    for name, values in (("plain", A), ("bn", B)):
        for seed, value in enumerate(values):
            (tmp_path / f"{name}_seed={seed}.json").write_text(
                json.dumps({"model": f"the {name} one", "accuracy": value, "seed": seed})
            )
    found = table_of(records_of(sorted(tmp_path.glob("*.json"))), {})
    assert {score.variant for score in found.scores} == {"the plain one", "the bn one"}


@pytest.mark.parametrize("metric", ["mse", "val_loss", "rating"])
def test_a_figure_is_found_by_its_words_or_as_the_only_numbers(tmp_path, metric):
    text = LONG.replace("test_acc", metric).replace("\n", ",9.5\n").replace(",9.5\n", ",runtime\n", 1)
    found = read(tmp_path, text)
    assert found.metric == metric
    assert scale_of(found).metric.direction == ("higher" if metric == "rating" else "lower")


def test_of_two_losses_none_is_guessed(tmp_path):
    text = LONG.replace("test_acc", "val_loss").replace("\n", ",0.1\n").replace(",0.1\n", ",train_loss\n", 1)
    with pytest.raises(InputError, match="several columns may have the metric: val_loss, train_loss; choose one"):
        read(tmp_path, text)


def test_a_column_run_names_runs_and_a_numbered_one_does_not(tmp_path):
    names = "".join(
        f"{name}_seed={seed},{value}\n"
        for name, values in (("plain", A), ("bn", B))
        for seed, value in enumerate(values)
    )
    (one,) = verdicts(read(tmp_path, "run,test_acc\n" + names)).compared
    assert (one.variant, one.pairs, one.is_paired) == ("bn", 4, True)
    wide = "run,adam,sgd\n" + "".join(f"{seed},{b},{a}\n" for seed, (a, b) in enumerate(zip(A, B, strict=True)))
    (one,) = verdicts(read(tmp_path, wide), base="sgd", unit="percent").compared
    assert (one.variant, one.pairs) == ("adam", 4)


def test_higher_and_lower_together_are_an_error(tmp_path):
    (tmp_path / "r.csv").write_text(LONG)
    output, code = ablab(tmp_path / "r.csv", "--lower", "--higher")
    assert code == 2
    assert "--higher and --lower contradict each other" in output
    assert "bn hurts" in ablab(tmp_path / "r.csv", "--lower")[0]
    assert "bn helps" in ablab(tmp_path / "r.csv", "--higher")[0]


@pytest.mark.parametrize(
    ("head", "cells", "hint"),
    [
        ("epoch", (1, 2), "The rows differ in epoch: keep one row for each run, such as that of the last epoch"),
        (
            "dataset",
            ("c10", "svhn"),
            "The rows differ in dataset: keep one row for each run, such as that with dataset",
        ),
    ],
)
def test_the_column_that_tells_rows_with_one_seed_apart_is_named(tmp_path, head, cells, hint):
    rows = [f"{name},{seed},{cell},7{cell == cells[0]:d}\n" for name in "ab" for seed in (0, 1, 2) for cell in cells]
    with pytest.raises(InputError, match=f"line 3: a has seed 0 twice: each seed counts once. {hint}"):
        verdicts(read(tmp_path, f"model,seed,{head},acc\n" + "".join(rows)))


def test_pairs_that_differ_by_one_amount_are_remarked_on(tmp_path):
    text = "model,seed,acc\n" + "".join(f"a,{seed},{value}\nb,{seed},{value + 1}\n" for seed, value in enumerate(A))
    remarks = verdicts(read(tmp_path, text)).remarks
    assert any(it.startswith("all 4 pairs of b and a differ by the same amount") for it in remarks)
    assert not any("differ by the same amount" in it for it in verdicts(read(tmp_path, LONG)).remarks)


def test_figures_that_no_seed_changes_are_remarked_on(tmp_path):
    text = "model,seed,acc\n" + "".join(f"a,{seed},{value}\nb,{seed},71.5\n" for seed, value in enumerate(A))
    remarks = verdicts(read(tmp_path, text)).remarks
    (one,) = [it for it in remarks if "the seed changed nothing" in it]
    assert one.startswith("all 4 runs of b have the same figure")


@pytest.mark.parametrize("metric", ["acc", "mse"])
def test_a_decimal_comma_is_refused_with_the_number_to_write(tmp_path, metric):
    text = f"model;seed;{metric}\n" + "".join(f"{name};{seed};0,7{seed}\n" for name in "ab" for seed in range(3))
    with pytest.raises(InputError, match=f'line 2: {metric} is "0,70": write a number with a decimal point: 0.70'):
        read(tmp_path, text)
    with pytest.raises(InputError, match="more cells than column names; if numbers have a decimal comma"):
        read(tmp_path, text.replace(";", ","))
