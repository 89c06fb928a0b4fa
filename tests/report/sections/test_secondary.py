"""Secondary answers are those of the study room, with the better measurement where both sides have it."""

import dataclasses

import pytest
from detailed import detailed, facts
from simulated import result

from ablab.records import EpochRow
from ablab.report.section import Fold, table_of
from ablab.report.sections.secondary import answers_of, difference_texts, goal_of, secondary_answers
from ablab.study.secondary import Secondary, learning_speed


def made(*target, changed=lambda run: run, data=None):
    it, runs, verdicts, known = detailed(data=data)
    aimed = dataclasses.replace(it, rule=dataclasses.replace(it.rule, target=target))
    return result(aimed, [changed(run) for run in runs], verdicts, data=known)


def lines(it, at=0):
    return {line.name: line for line in answers_of(it.pairs(it.verdicts[at]), goal_of(it))[0]}


def test_a_target_that_was_given_is_used_and_speed_is_that_of_the_study_room():
    it = made(50)
    wanted = learning_speed(it.pairs(it.verdicts[0]), 0.5)
    assert not goal_of(it).is_afterwards
    assert lines(it)["epochs to 50 % validation accuracy, at most 12"] == wanted.epochs
    assert wanted.seconds in lines(it).values()


def test_speed_is_told_to_each_of_several_targets():
    assert sum(name.startswith("epochs to") for name in lines(made(45, 50, 55))) == 3
    it = made(50, 99)
    sentences = answers_of(it.pairs(it.verdicts[0]), goal_of(it))[1]
    assert "99 % validation accuracy: 5 of 5 runs of the base and 5 of 5 of the variant never" in sentences[-1]


def test_without_a_target_it_is_95_percent_of_what_the_base_came_to_and_is_said_to_be_set_afterwards():
    def flat(run):
        return dataclasses.replace(run, curve=(EpochRow(1, 0.1, 1.0, 0.5, 1.0, 0.8, 1.0),))

    goal = goal_of(made(changed=flat))
    assert goal.shares == (0.76,)
    assert goal.is_afterwards
    it = detailed()[0]
    assert goal_of(result(it, (), ())).shares == ()


def test_training_accuracy_on_images_as_they_are_takes_the_place_of_what_was_seen_on_the_way():
    it = made()
    pairs = it.pairs(it.verdicts[0])
    wanted = sum(100 * base.train.accuracy for base, _ in pairs) / len(pairs)
    assert lines(it)["training accuracy"].base == pytest.approx(wanted)
    assert "training accuracy in the last epoch, measured during training" not in lines(it)
    without = made(changed=lambda run: dataclasses.replace(run, train=None))
    assert "training accuracy in the last epoch, measured during training" in lines(without)
    assert "training accuracy" not in lines(without)


def test_weights_near_zero_are_compared_where_all_runs_say_them():
    assert "weights closer to zero than 0.001" in lines(made())
    without = made(changed=lambda run: dataclasses.replace(run, weights=None) if run.spec.seed == 0 else run)
    assert "weights closer to zero than 0.001" not in lines(without)


def test_ratios_are_times_and_differences_have_signs():
    assert difference_texts(Secondary("seconds", "times", 10, 12, 1.2, 1.1, 1.3, 3)) == ("1.20×", "1.10 to 1.30")
    assert difference_texts(Secondary("gap", "pp", 5.0, 4.0, -1.0, -2.0, 0.5, 3)) == ("-1 pp", "-2 to +0.5")


def test_each_class_has_a_row_for_each_variant_and_many_classes_have_a_note():
    it = made()
    (fold,) = [part for part in secondary_answers(it) if isinstance(part, Fold)]
    assert len(fold.parts[0].rows) == 4 * 10
    many = made(data=facts(classes=tuple(f"class {at}" for at in range(25))))
    table = table_of(many, "classes")
    assert {row[6].text for row in table.rows} == {"–"}
    assert "25 classes" in table.caption
