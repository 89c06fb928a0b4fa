"""Tables for the terminal say what the records say, and obey no text of a user's."""

from ablab.recipe import Recipe
from ablab.report.table import write
from ablab.report.terminal.run import confusion_table, run_details
from ablab.statistics.confusion import confusion
from sample_runs import sample_run

BASE = Recipe()
NORM = BASE.with_("norm=batch")


def test_the_details_of_a_run_have_its_recipe_its_curve_and_what_it_gave():
    text = run_details(sample_run(7, 0.4321, NORM, note="something to know"))
    for part in ("seed", "7", 'norm = "batch"', "43.21 % of 200 images", "2.3046", "82,030", "something to know"):
        assert part in text
    assert text.splitlines()[-1].split()[0] == "2"
    assert text.endswith("selected")


def test_the_table_of_a_runs_answers_has_a_row_for_each_class_and_says_what_was_confused():
    matrix = confusion([0, 0, 0, 1], [0, 1, 1, 1], 2)
    lines = write(confusion_table(matrix, ["cat", "hound"]), "text").splitlines()
    assert lines[2].split() == ["cat", "1", "2", "33.3%", "100.0%"]
    assert lines[3].split() == ["hound", "0", "1", "100.0%", "33.3%"]
    assert lines[-1].endswith("cat taken for hound 2 times")


def test_names_above_the_columns_are_whole_where_there_is_room():
    cifar = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    heads = confusion_table(confusion(range(10), range(10), 10), cifar).heads
    assert [head.text for head in heads[1:-2]] == cifar
    long = [f"a rather long name {at}" for at in range(15)]
    assert [head.text for head in confusion_table(confusion(range(15), range(15), 15), long).heads].count(
        "a rat…"
    ) == 15
