"""The model card says what a run is worth, with the verdicts on its recipe, and escapes what it is given."""

import re
from dataclasses import replace

import simulated
from detailed import detailed

from ablab.records import DataFacts, Measurement
from ablab.report.card import model_card

STUDY, RUNS, VERDICTS, DATA = detailed()
RESULT = simulated.result(STUDY, RUNS, VERDICTS, data=DATA)
RUN = next(run for run in RUNS if run.spec.recipe == STUDY.base)
CLASSES = DATA.classes


def card(run=RUN, data=DATA, results=(RESULT,)):
    return model_card(run, run.spec.recipe.toml(), CLASSES, data, results)


def test_accuracy_comes_with_its_images_and_an_exact_interval():
    run = replace(RUN, test=Measurement(0.5, 0.9, 100))
    assert "**Test accuracy: 90.00 %** of 100 images (95 % interval 82.38 to 95.10" in card(run, None, ())


def test_verdicts_of_studies_with_this_recipe_are_there_and_no_others():
    assert card().count("\n- ") == len(VERDICTS)  # it is a run of the base
    variant = RESULT.verdicts[0].variant
    run = next(run for run in RESULT.runs if RESULT.study.names[run.spec.recipe.hash] == variant)
    verdicts = re.search(r"## Verdicts\n(.*?)\n## ", card(run), flags=re.DOTALL)[1]
    assert verdicts.count("\n- ") == 1
    assert RESULT.plan.hash in verdicts
    assert "## Verdicts" not in card(results=())


def test_the_matrix_has_a_row_for_each_class_and_every_test_image():
    section = re.search(r"## Confusion matrix\n\n(.*?)\n\n", card(), flags=re.DOTALL)[1]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines()[2:]]
    assert [row[0] for row in rows] == list(CLASSES)
    assert sum(int(cell) for row in rows for cell in row[1:]) == len(DATA.labels)
    right = sum(int(row[at + 1]) for at, row in enumerate(rows))
    assert right == round(RUN.test.accuracy * RUN.test.images)


def test_of_many_classes_the_common_mistakes_are_listed():
    names = tuple(f"class {number}" for number in range(30))
    labels = (0, 0, 0, 1)
    data = DataFacts(RUN.spec.fingerprint, "many", names, labels)
    text = card(replace(RUN, predictions=bytes([0, 7, 7, 1])), data)
    assert "| class 0 | class 7 | 2 | 66.7 % |" in text


def test_the_front_matter_leaves_the_license_to_a_person_and_names_the_accuracy():
    front = card().split("---")[1]
    assert "# license: choose one before you publish" in front
    assert re.search(r"^license:", front, flags=re.MULTILINE) is None
    assert f"value: {RUN.test.accuracy:.6g}" in front


def test_names_are_no_markup():
    data = replace(DATA, classes=("a|b", "*c*", *CLASSES[2:]))
    text = model_card(RUN, 'model = "mlp"', data.classes, data, ())
    assert "a\\|b" in text
    assert "\\*c\\*" in text
