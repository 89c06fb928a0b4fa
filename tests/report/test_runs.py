"""Lists of runs have what was changed, and obey no text of a user's."""

import csv
import io
import json

from ablab.report.runs import as_csv, as_json, listed
from ablab.report.table import write
from ablab.store.query import Listing


def row(**changes):
    start = {"id": "a" * 12, "model": "simple-nn", "data": "phantom", "seed": 3, "epochs": 2, "accuracy": 0.4321}
    rest = {"seconds": 1.25, "status": "finished", "tags": "", "changes": '{"model": "mlp", "lr": 0.2}'}
    return {**start, **rest, **changes}


def test_a_run_is_listed_with_what_was_changed():
    first, second = write(listed([row(), row(status="diverged", accuracy=None)]), "text").splitlines()[2:]
    assert first.split() == ["a" * 12, "simple-nn", "phantom", "3", "2", "43.21", "%", "1.2", "finished", "lr=0.2"]
    assert second.split()[5:] == ["-", "1.2", "diverged", "lr=0.2"]


def test_tags_have_a_column_where_there_are_any():
    assert [head.text for head in listed([row()]).heads][-2:] == ["status", "changes"]
    tagged = listed([row(), row(tags="good")])
    assert [head.text for head in tagged.heads][-2:] == ["tags", "changes"]
    assert [line[-2].text for line in tagged.rows] == ["", "good"]


def test_csv_has_every_column_even_without_a_row_and_no_formula():
    columns = ("id", "note")
    assert as_csv(Listing(columns, ())) == "id,note"
    rows = list(csv.DictReader(io.StringIO(as_csv(Listing(columns, (("a1", "=1+1"), ("a2", None)))))))
    assert rows == [{"id": "a1", "note": "'=1+1"}, {"id": "a2", "note": ""}]


def test_json_has_changes_and_tags_taken_apart():
    assert as_json(Listing(("changes", "tags"), ((json.dumps({"lr": 0.2}), "a b"),))) == [
        {"changes": {"lr": 0.2}, "tags": ["a", "b"]}
    ]
