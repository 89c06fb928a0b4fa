"""The list of runs answers questions, names what it does not know, and cannot be made to do anything else."""

import dataclasses
import time
from pathlib import Path

import pytest

from ablab.errors import InputError, StoreError
from ablab.metric import known_metrics
from ablab.recipe import Recipe
from ablab.store import Store, query
from ablab.store.query import COLUMNS
from sample_runs import sample_run

NORM = Recipe.of({"model": "simple-nn", "norm": "batch", "lr": 0.1, "loss": "focal(gamma=2)"})


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    for seed in range(3):
        store.add(sample_run(seed, 0.3 + seed / 100))
        store.add(sample_run(seed, 0.4 - seed / 100, NORM))
    store.add(sample_run(3, test=None, status="diverged", selected_epoch=None))
    return store


def seeds(store, where=None, **options):
    return [row["seed"] for row in store.listing(where, **options).dicts()]


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("model = 'simple-nn' and norm = 'batch'", [0, 1, 2]),
        ("norm = 'none'", [0, 1, 2, 3]),  # an option that was not given is at its default
        ("accuracy >= 0.39", [0, 1]),
        ("status = 'diverged'", [3]),
        ("accuracy is null", [3]),
        ("seed between 1 and 2 and lr = 0.1", [1, 2]),
        ("seed in (0, 2) and recipe_loss like 'focal%'", [0, 2]),
        ("loss = 1.8 and recipe_epochs = 10 and epochs = 2", [0, 0, 1, 1, 2, 2]),
        ("channels_last = 'auto' and augment = 'none' and parameters = 82030 and size is null", [0, 0, 1, 1, 2, 2, 3]),
        ("1 -- and what follows is a remark", [0, 0, 1, 1, 2, 2, 3]),
        ("accuracy = (select max(accuracy) from listed)", [0]),
        ("tags like '%x%'", []),
    ],
)
def test_runs_are_found_by_what_they_were_and_what_they_gave(store, where, wanted):
    assert sorted(seeds(store, where)) == wanted


def test_runs_come_in_the_order_they_were_added_or_by_a_column_with_the_unknown_last(store):
    assert seeds(store) == [0, 0, 1, 1, 2, 2, 3]
    assert [row["accuracy"] for row in store.listing(sort="accuracy").dicts()][:2] == [0.3, 0.31]
    assert [row["accuracy"] for row in store.listing(sort="-accuracy").dicts()][:2] == [0.4, 0.39]
    assert seeds(store, sort="-accuracy")[-1] == seeds(store, sort="accuracy")[-1] == 3
    assert seeds(store, sort="-seed", limit=2) == [3, 2]


def test_tags_and_changes_are_shown(store):
    store.tag([sample_run(1).id], add=["b", "a"])
    (row,) = store.listing("tags = 'a b'").dicts()
    assert (row["seed"], row["changes"]) == (1, "{}")
    assert {row["changes"] for row in store.listing("norm = 'batch'").dicts()} == {
        '{"loss": "focal(gamma=2)", "lr": 0.1, "norm": "batch"}'
    }


def test_every_key_of_a_recipe_is_a_column_and_none_is_there_twice(store):
    columns = store.listing(everything=True).columns
    keys = {key for key in {**Recipe().full(), **NORM.full()} if key not in ("model", "data")}
    taken = {*COLUMNS, *known_metrics()}
    renamed = {f"recipe_{key}" if key in taken else key for key in keys}
    assert set(columns) == {*COLUMNS, *known_metrics(), *renamed}
    assert len(columns) == len({name.lower() for name in columns})


def test_runs_are_found_by_every_metric_and_those_without_it_are_last(store):
    for seed, ece in ((20, 0.05), (21, 0.2)):
        run = sample_run(seed)
        store.add(dataclasses.replace(run, test=dataclasses.replace(run.test, metrics={"ece": ece})))
    assert seeds(store, "ece < 0.1") == [20]
    assert seeds(store, sort="-ece")[:2] == [21, 20]
    assert seeds(store, "ece is null") == [0, 0, 1, 1, 2, 2, 3]


def test_runs_from_before_there_was_a_key_have_its_default(store):
    with store.writing() as connection:
        connection.execute("UPDATE recipes SET keys = json_remove(keys, '$.augment', '$.val', '$.clip')")
        connection.execute("UPDATE recipes SET digest = digest(hash, keys, changes)")
    assert len(store.listing("augment = 'none' and val = 0.1 and clip is null").rows) == 7


def test_keys_that_only_removed_runs_had_are_gone(store):
    only = sample_run(9, recipe=Recipe.of({"model": "mlp"}))
    store.add(only)
    extra = set(store.listing(everything=True).columns)
    store.remove(only)
    assert set(store.listing(everything=True).columns) < extra


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("nrom = 'batch'", 'did you mean "norm"'),
        ("model = simple", "single quotes"),
        ("zzzzz = 1", "known: accuracy, "),
        ("norm = ", "syntax error"),
        ("", "syntax error"),
        ("seed = 1; drop table runs", "--where"),
        ("seed = ?", "--where"),
        ("seed = 'a", "--where"),
        ("1) union select 1 from runs --", "--where"),
        ("\0", "--where"),
        ("seed = \ud800", "--where"),
    ],
)
def test_a_question_that_cannot_be_answered_is_explained(store, where, message):
    with pytest.raises(InputError, match="--where") as caught:
        store.listing(where)
    assert message in str(caught.value)


def test_an_unknown_column_to_sort_by_is_named(store):
    with pytest.raises(InputError, match='did you mean "accuracy"'):
        store.listing(sort="-acuracy")


HOSTILE = {
    "another table": "exists (select 1 from studies)",
    "a table below the view": "exists (select record from runs)",
    "the schema": "exists (select 1 from sqlite_master)",
    "pragmas": "exists (select 1 from pragma_database_list)",
    "an extension": "load_extension('evil')",
    "a function that fills the memory": "length(randomblob(1000000000)) > 1",
    "a function that repeats": "length(printf('%1000000000d', 1)) > 1",
    "a recursion": "exists (with recursive r(x) as (select 1 union all select 2 from r) select 1 from r)",
    "reading files": "readfile('/etc/passwd') is not null",
    "writing files": "writefile('evil', 'x')",
    "json tables": "exists (select 1 from json_each('[1]'))",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_question_can_only_look(store, what):
    before = store.file.read_bytes()
    with pytest.raises(InputError, match="--where"):
        store.listing(HOSTILE[what])
    assert store.file.read_bytes() == before


@pytest.mark.parametrize(
    "where",
    [
        "1); delete from runs; --",
        "1); attach 'evil.sqlite' as evil; --",
        "1) returning (id",
        "1) union all select * from listed --",
    ],
)
def test_no_question_writes_or_attaches(store, where, tmp_path):
    before = store.file.read_bytes()
    with pytest.raises(InputError):
        store.listing(where)
    assert store.file.read_bytes() == before
    assert not list(tmp_path.glob("evil*"))


def test_a_question_that_would_take_for_ever_is_ended(store, monkeypatch):
    monkeypatch.setattr(query, "SECONDS", 0.2)
    many = ", ".join(f"listed l{number}" for number in range(20))
    begun = time.monotonic()
    with pytest.raises(InputError, match="took more than 0.2 s"):
        store.listing(f"(select count(*) from {many}) < 0")
    assert time.monotonic() - begun < 30


def test_an_option_with_a_name_that_no_column_can_have_is_left_out(tmp_path):
    hostile = {'a"b': 1, "x'); drop table runs; --": 2, "Seed": 3, "fine": 4}
    recipe = Recipe(model="own.py:Net", options=hostile)
    store = Store(tmp_path)
    store.add(sample_run(0, recipe=recipe))
    (row,) = store.listing("fine = 4", everything=True).dicts()
    assert row["recipe_Seed"] == 3
    assert not {'a"b', "Seed"} & set(row)


def test_the_page_on_the_store_has_every_column_with_what_it_is():
    page = (Path(__file__).parent.parent.parent / "docs" / "store.md").read_text(encoding="utf-8")
    for name, what in COLUMNS.items():
        assert f"| `{name}` | {what} |" in page


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            "UPDATE facts SET accuracy = 0.99 WHERE id = (SELECT id FROM runs WHERE seed = 2)",
            "the list entry of run",
        ),
        (
            "UPDATE facts SET machine = NULL WHERE id = (SELECT id FROM runs WHERE seed = 2)",
            "the list entry of run",
        ),
        ("UPDATE runs SET status = 'failed' WHERE seed = 2", "the list entry of run"),
        ("DELETE FROM facts WHERE id = (SELECT id FROM runs WHERE seed = 2)", "the list entry of run"),
        ("UPDATE runs SET model = 'mlp' WHERE seed = 2", "the list entry of run"),
        ("UPDATE recipes SET changes = '{}'", "the list entry of recipe"),
        ("INSERT INTO tags VALUES ((SELECT id FROM runs LIMIT 1), 'best', 'no digest')", "a tag of run"),
        (
            "INSERT INTO judged VALUES ((SELECT id FROM runs LIMIT 1), 'plan', '', 'no digest')",
            "the list of plans that judged run",
        ),
    ],
)
@pytest.mark.parametrize("question", [{}, {"where": "seed < 9"}, {"sort": "-accuracy", "limit": 1}])
def test_a_list_that_would_show_or_rest_on_a_changed_value_is_refused(store, change, named, question):
    with store.writing() as connection:
        connection.execute(change)
    with pytest.raises(StoreError, match=named):
        store.listing(**question)


def test_a_list_of_some_runs_does_not_read_the_others(store):
    last = store.ids()[-1]
    with store.writing() as connection:
        connection.execute("UPDATE facts SET accuracy = 0.99 WHERE id = ?", (last,))
    assert len(store.listing(limit=2).rows) == 2


def test_a_glance_has_what_the_list_shows_and_those_after_a_position_come_alone(tmp_path):
    store = Store(tmp_path)
    runs = [sample_run(seed, 0.3 + seed / 10) for seed in range(4)]
    for run in runs:
        store.add(run)
    first, *_, last = store.glances()
    assert [one.id for one in store.glances()] == [run.id for run in runs]
    assert (last.seed, last.status, last.accuracy, last.seconds) == (3, "finished", runs[3].test.accuracy, 1.5)
    assert store.glances(first.position) == store.glances()[1:]
    store.remove(runs[1])
    assert store.number(last.position) == 3
    assert store.changes() == {runs[0].spec.recipe.hash: {}}


def test_only_a_question_from_outside_has_a_limit_of_time(tmp_path, monkeypatch):
    store = Store(tmp_path)
    for seed in range(300):
        store.add(sample_run(seed, 0.5))
    monkeypatch.setattr(query, "SECONDS", -1.0)
    assert len(store.listing(sort="-seed").rows) == 300
    with pytest.raises(InputError, match="ask for less"):
        store.listing("(SELECT count(*) FROM listed AS other, listed AS third) > 0")


def test_the_first_rows_of_a_list_are_those_of_the_whole_list(store):
    whole = store.listing("seed >= 0", "-accuracy").rows
    assert store.listing("seed >= 0", "-accuracy", limit=2).rows == whole[:2]
    assert store.listing(limit=2).rows == store.listing().rows[:2]
