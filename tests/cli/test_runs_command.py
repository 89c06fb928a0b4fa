"""ablab runs as a person types it."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import InputError, StoreError
from ablab.recipe import Recipe
from ablab.records import DataFacts, Measurement, StudyText
from ablab.store import Store
from ablab.study import Study, plan
from sample_runs import sample_run

NORM = Recipe.of({"model": "simple-nn", "norm": "batch", "channels_last": True})
STUDY = """question = "Does batch norm help?"
data = "phantom"
[variants]
"batch norm" = "norm=batch"
[decide]
margin = 1.0
seeds = 3
"""


@pytest.fixture
def folder(tmp_path):
    store = Store(tmp_path / "store")
    for seed in range(3):
        store.add(sample_run(seed, 0.3 + seed / 100))
    store.add(sample_run(0, 0.35, NORM, predictions=bytes([1, 2, 3, 0]) * 50))
    return tmp_path


def invoke(folder, *words, code=0, store="store"):
    result = CliRunner().invoke(command, ["runs", *map(str, words), "--store", str(folder / store)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def loaded(folder, *words, **options):
    return json.loads(invoke(folder, *words, "--json", **options))


def test_runs_are_listed_filtered_sorted_and_cut(folder):
    text = invoke(folder, "ls")
    assert text.splitlines()[0].split() == [
        "run",
        "model",
        "data",
        "seed",
        "epochs",
        "test",
        "seconds",
        "status",
        "changes",
    ]
    assert len(text.splitlines()) == 7
    assert "channels_last=true norm=batch" in text
    assert text.splitlines()[-1] == f"next: ablab runs show {sample_run(0, recipe=NORM).id} --store {folder / 'store'}"
    (only,) = loaded(folder, "ls", "--where", "model = 'simple-nn' and norm = 'batch'")
    assert (only["accuracy"], only["changes"], only["tags"]) == (0.35, {"channels_last": True, "norm": "batch"}, [])
    assert [row["seed"] for row in loaded(folder, "ls", "--sort", "-accuracy", "--limit", "2")] == [0, 2]
    assert invoke(folder, "ls", "--where", "seed = 99") == "no runs\n"


def test_a_wrong_filter_says_which_columns_there_are(folder):
    with pytest.raises(InputError, match='did you mean "accuracy"'):
        invoke(folder, "ls", "--where", "acuracy > 0.3")


def test_csv_has_every_key_and_no_formula(folder):
    store = Store(folder / "store")
    store.add(sample_run(5, recipe=Recipe(data="=cmd|' /C calc'!A0")))
    rows = list(csv.DictReader(io.StringIO(invoke(folder, "ls", "--csv"))))
    assert len(rows) == 5
    assert [row["lr"] for row in rows] == ["0.05"] * 5
    assert [row["norm"] for row in rows][2:4] == ["none", "batch"]
    assert rows[-1]["data"] == "'=cmd|' /C calc'!A0"


def test_parquet_comes_back_with_numbers_as_numbers(folder):
    parquet = pytest.importorskip("pyarrow.parquet")
    invoke(folder, "ls", "--parquet", folder / "runs.parquet", "--sort", "-accuracy")
    table = parquet.read_table(folder / "runs.parquet")
    assert table["accuracy"].to_pylist() == [0.35, 0.32, 0.31, 0.3]
    assert table["channels_last"].to_pylist() == ["1", "auto", "auto", "auto"]
    assert table["channels"].to_pylist()[0] == "[8,16]"


def test_a_removed_run_stays_in_the_list_of_removed_ones_with_its_result_and_the_reason(folder):
    bad = sample_run(1).id
    loaded(folder, "rm", bad, "--why", "the curve looks odd")
    (grave,) = loaded(folder, "ls", "--removed")
    assert (grave["run"], grave["why"], grave["accuracy"]) == (bad, "the curve looks odd", 0.31)
    text = invoke(folder, "ls", "--removed")
    assert "the curve looks odd" in text
    assert "31.00 %" in text
    assert "lists all that were removed" in invoke(folder, "ls", "--removed", "--limit", "1", code=2)


def test_one_form_at_a_time(folder):
    assert "choose one" in invoke(folder, "ls", "--csv", "--json", code=2)


def test_a_run_is_shown_with_its_tags(folder):
    id_ = sample_run(1).id
    assert "tags" not in invoke(folder, "show", id_)
    assert invoke(folder, "tag", id_[:6], "--add", "final").startswith(f"tagged run {id_}")
    assert "tags  final" in invoke(folder, "show", id_)
    assert loaded(folder, "show", id_)["tags"] == ["final"]
    assert [row["id"] for row in loaded(folder, "ls", "--where", "tags like '%final%'")] == [id_]
    assert "tags" in invoke(folder, "ls").splitlines()[0]
    assert loaded(folder, "tag", "--where", "seed > 0", "--add", "b", "--remove", "final")[id_] == ["b"]


def test_a_tag_needs_a_word_and_a_run(folder):
    assert "which tag?" in invoke(folder, "tag", "abc", code=2)
    assert "which runs?" in invoke(folder, "tag", "--add", "x", code=2)


def test_runs_are_removed_by_name_and_by_what_they_are(folder):
    assert loaded(folder, "rm", sample_run(1).id[:8])["removed"] == [sample_run(1).id]
    assert loaded(folder, "rm", "--where", "norm = 'batch'")["removed"] == [sample_run(0, recipe=NORM).id]
    assert [row["seed"] for row in loaded(folder, "ls")] == [0, 2]
    assert "which runs?" in invoke(folder, "rm", code=2)


def test_two_runs_are_compared_in_what_they_are_and_what_they_gave(folder):
    base, norm = sample_run(0).id, sample_run(0, recipe=NORM).id
    text = invoke(folder, "diff", base, norm)
    cells = {line.split()[0]: line.split()[1:] for line in text.splitlines()[1:] if len(line.split()) == 3}
    assert cells["norm"] == ["none", "batch"]
    assert cells["channels_last"] == ["auto", "true"]
    assert re.search(r"accuracy +30\.00 % +35\.00 %", text)
    assert "25.00 % of the test images" in text
    assert "two runs are not evidence" in text
    change = "'channels_last=true norm=batch'"
    assert text.splitlines()[-1] == f"next: ablab compare simple-nn --vs {change} --store {folder / 'store'}"
    found = loaded(folder, "diff", base, sample_run(1).id)
    assert found["seeds"] == [0, 1]
    assert found["recipe"] == {}
    assert found["disagree"] == 0.0
    assert "seed and the machine" in invoke(folder, "diff", base, sample_run(1).id)


def test_runs_on_other_images_are_not_compared(folder):
    import dataclasses

    other = dataclasses.replace(sample_run(0).spec, fingerprint="another")
    store = Store(folder / "store")
    store.add(sample_run(0, spec=other))
    assert "cannot be compared" in invoke(folder, "diff", sample_run(0).id, other.id)


def test_what_no_run_needs_is_shown_first_and_then_removed(folder):
    invoke(folder, "rm", sample_run(0, recipe=NORM).id)
    assert len(loaded(folder, "gc", "--dry-run")["files"]) == 1
    assert "1 file, " in invoke(folder, "gc", "--dry-run")
    assert loaded(folder, "gc")["removed"] is True
    assert "every file is in use" in invoke(folder, "gc")
    assert "all intact" in invoke(folder, "verify")


def test_a_flipped_bit_is_found_with_the_run_that_it_hurts_and_the_code_is_1(folder):
    hurt = sample_run(0, recipe=NORM).id
    for path in (folder / "store" / "artifacts").rglob("*"):
        if path.is_file():
            content = bytearray(path.read_bytes())
            content[5] ^= 1
            path.write_bytes(content)
            break
    found = loaded(folder, "verify", code=1)
    assert found["runs"] == 4
    assert found["damaged"] in ([hurt], sorted(sample_run(seed).id for seed in range(3)))  # three share an artifact
    text = invoke(folder, "verify", code=1)
    assert f"run {found['damaged'][0]}: " in text
    assert text.splitlines()[-1].startswith("next: ablab runs rm ")
    with pytest.raises(StoreError, match="changed since"):
        invoke(folder, "show", found["damaged"][0])
    invoke(folder, "rm", *found["damaged"])  # a damaged run can be removed


def test_runs_go_out_and_come_in(folder):
    text = invoke(folder, "export", "--to", folder / "all.ablab")
    assert text.splitlines()[-1] == f"next: ablab runs import {folder / 'all.ablab'} --store {folder / 'store'}"
    assert "4 added" in invoke(folder, "import", folder / "all.ablab", store="other")
    assert loaded(folder, "ls", store="other") == loaded(folder, "ls")
    assert "4 were here already" in invoke(folder, "import", folder / "all.ablab", store="other")
    one = loaded(folder, "export", "--where", "norm = 'batch'", "--to", folder / "one.ablab")
    assert one["runs"] == [sample_run(0, recipe=NORM).id]
    with pytest.raises(InputError, match="no run matches"):
        invoke(folder, "export", "--where", "seed = 99", "--to", folder / "none.ablab")


def test_one_refused_run_ends_with_1_and_one_broken_file_with_2_and_the_rest_is_taken_in(folder):
    invoke(folder, "export", "--to", folder / "sent" / "b.ablab")
    theirs = Store(folder / "theirs")
    theirs.add(sample_run(0, 0.9, predictions=bytes(200)))
    theirs.add(sample_run(7))
    invoke(folder, "export", "--to", folder / "sent" / "c.ablab", store="theirs")
    text = invoke(folder, "import", folder / "sent", store="mine", code=1)
    assert "seed 0 of this recipe is in" in text
    assert "added 5 runs from 2 files, refused 1" in text
    (folder / "sent" / "a.ablab").write_text("nothing \x1b[31m")
    found = loaded(folder, "import", folder / "sent", store="another", code=2)
    assert list(found["broken"]) == [str(folder / "sent" / "a.ablab")]
    assert len(Store(folder / "another").ids()) == 5
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match="no .*ablab file"):
        invoke(folder, "import", folder / "empty", store="another")


def test_the_runs_of_a_study_go_out_with_it(tmp_path):
    (tmp_path / "norm.toml").write_text(STUDY)
    study = Study.from_toml(STUDY, "norm.toml")
    planned = plan(study, "fingerprint")
    store = Store(tmp_path / "store")
    store.keep_data(DataFacts("fingerprint", "phantom", ("a", "b"), (0, 1) * 100))
    for wanted in planned.most[:2]:
        accuracy = Measurement(1.0, 0.5, 200)
        store.add(sample_run(recipe=wanted.recipe, spec=wanted, test=accuracy, predictions=bytes([0, 0]) * 100))
    store.add(sample_run(5, recipe=Recipe.of({"lr": 0.7})))
    locked = "2026-03-01T09:00:00.000+00:00"
    store.keep_study(replace(planned.kept, locked=locked))
    words = ["export", "--study", tmp_path / "norm.toml", "--to", tmp_path / "norm.ablab"]
    assert sorted(loaded(tmp_path, *words)["runs"]) == sorted(wanted.id for wanted in planned.most[:2])
    invoke(tmp_path, "import", tmp_path / "norm.ablab", store="other")
    assert Store(tmp_path / "other").studies() == [
        StudyText(planned.hash, "norm", STUDY, "fingerprint", 1, study.base.data, "default", 0, locked)
    ]
    assert "--study already chooses the runs" in invoke(tmp_path, *words, "--where", "seed = 1", code=2)


def test_the_runs_of_a_study_at_full_size_go_out_too(tmp_path):
    (tmp_path / "norm.toml").write_text(STUDY + "[full]\nepochs = 40\n")
    short, full = (
        Study.from_toml(STUDY + "[full]\nepochs = 40\n", "norm.toml", scale) for scale in ("default", "full")
    )
    store = Store(tmp_path / "store")
    store.keep_data(DataFacts("fingerprint", "phantom", ("a", "b"), (0, 1) * 100))
    for study, accuracy in ((short, 0.4), (full, 0.6)):
        store.add(sample_run(0, accuracy, study.base))
    for scale, study in (("default", short), ("full", full)):
        words = ["export", "--study", tmp_path / "norm.toml", "--to", tmp_path / "norm.ablab", "--scale", scale]
        assert loaded(tmp_path, *words)["runs"] == [sample_run(0, 0.5, study.base).id]
