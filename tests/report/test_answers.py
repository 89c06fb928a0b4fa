"""Secondary answers on the page are those of the study room, with the better measurement where both sides have it."""

import dataclasses

import pytest
from detailed import detailed, facts

from ablab.records import EpochRow
from ablab.report.answers import Goal, answers, goal_of, histograms, line_rows
from ablab.result import arms_of, pairs_of
from ablab.study import Rule
from ablab.study.secondary import Secondary, learning_speed


@pytest.fixture(scope="module")
def known():
    it, runs, verdicts, data = detailed()
    return arms_of(it, runs), verdicts, data


def lines(arms, verdicts, data, *target):
    return {one.name: one for one in next(answers(arms, verdicts, data, goal_of(arms, Rule(target=target)))).lines}


def test_a_target_that_was_given_is_used_and_speed_is_that_of_the_study_room(known):
    arms, verdicts, data = known
    wanted = learning_speed(pairs_of(arms[0], arms[1], verdicts[0]), 0.5)
    assert not goal_of(arms, Rule(target=(50,))).is_afterwards
    assert lines(arms, verdicts, data, 50)["epochs to 50 % validation accuracy, at most 12"] == wanted.epochs
    assert wanted.seconds in lines(arms, verdicts, data, 50).values()


def test_speed_is_told_to_each_of_several_targets(known):
    arms, verdicts, data = known
    assert sum(name.startswith("epochs to") for name in lines(arms, verdicts, data, 45, 50, 55)) == 3
    (found,) = list(answers(arms, verdicts, data, goal_of(arms, Rule(target=(50, 99)))))[:1]
    assert "99 % validation accuracy: 5 of 5 runs of the base and 5 of 5 of the variant never" in found.sentences[-1]


def test_without_a_target_it_is_95_percent_of_what_the_base_came_to_and_is_said_to_be_set_afterwards(known):
    arms, _, _ = known
    flat = tuple(
        dataclasses.replace(run, curve=(EpochRow(1, 0.1, 1.0, 0.5, 1.0, accuracy, 1.0),))
        for run, accuracy in zip(arms[0].runs, (0.8, 0.8, 0.8, 0.8, 0.8), strict=True)
    )
    found = goal_of([dataclasses.replace(arms[0], runs=flat), *arms[1:]], Rule())
    assert found.shares == (0.76,)
    assert found.is_afterwards
    assert goal_of([dataclasses.replace(arms[0], runs=())], Rule()).shares == ()


def test_training_accuracy_on_images_as_they_are_takes_the_place_of_what_was_seen_on_the_way(known):
    arms, verdicts, data = known
    found = lines(arms, verdicts, data)
    assert found["training accuracy"].base == pytest.approx(
        sum(100 * run.train.accuracy for run in arms[0].runs[: verdicts[0].pairs]) / verdicts[0].pairs
    )
    assert "training accuracy in the last epoch, as it went" not in found
    without = [
        dataclasses.replace(arm, runs=tuple(dataclasses.replace(run, train=None) for run in arm.runs)) for arm in arms
    ]
    assert "training accuracy in the last epoch, as it went" in lines(without, verdicts, data)
    assert "training accuracy" not in lines(without, verdicts, data)


def test_weights_near_zero_are_compared_where_all_runs_say_them(known):
    arms, verdicts, data = known
    assert "weights closer to zero than 0.001" in lines(arms, verdicts, data)
    runs = (dataclasses.replace(arms[1].runs[0], weights=None), *arms[1].runs[1:])
    assert "weights closer to zero than 0.001" not in lines(
        [arms[0], dataclasses.replace(arms[1], runs=runs), *arms[2:]], verdicts, data
    )


def test_histograms_show_shares_that_add_up_to_one(known):
    pictures, sheet = histograms(known[0])
    assert [one["name"] for one in pictures] == ["base", "batch norm", "crop + flip", "dropout", "wide"]
    of_base = [row for row in sheet.rows if row[0] == "base"]
    assert sum(row[3] for row in of_base) == pytest.approx(1, abs=1e-3)
    assert (of_base[0][1], of_base[-1][2]) == (-0.5, 0.5)
    assert histograms([dataclasses.replace(arm, runs=()) for arm in known[0]])[0] == []


def test_ratios_are_times_and_differences_have_signs():
    rows = line_rows(
        [
            Secondary("seconds", "times", 10, 12, 1.2, 1.1, 1.3, 3),
            Secondary("gap", "pp", 5.0, 4.0, -1.0, -2.0, 0.5, 3),
        ]
    )
    assert [(row["difference"], row["interval"]) for row in rows] == [
        ("1.20×", "1.10 to 1.30"),
        ("-1 pp", "-2 to +0.5"),
    ]


def test_classes_are_told_up_to_twenty_and_a_note_stands_beyond():
    it, runs, verdicts, data = detailed()
    arms = arms_of(it, runs)
    assert len(next(answers(arms, verdicts, data, Goal((), True))).classes) == 10
    many = facts(classes=tuple(f"class {at}" for at in range(25)))
    it, runs, verdicts, _ = detailed(data=many)
    one = next(answers(arms_of(it, runs), verdicts, many, Goal((), True)))
    assert one.classes == ()
    assert "25 classes" in one.note
