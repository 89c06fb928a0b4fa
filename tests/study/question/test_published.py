"""What published reports say beside a study, and the two sizes of a study."""

import functools
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from ablab.data.augment import check
from ablab.data.augment.views import views
from ablab.errors import StudyError
from ablab.models import Io, build
from ablab.study import Study
from ablab.train.schedule import lr_at
from ablab.train.state import optimizer_of

STUDIES = Path(__file__).parents[3] / "studies" / "published"
FILES = sorted([*STUDIES.glob("*.toml"), *(STUDIES / "faults").glob("*.toml")])
TEXT = """question = "Does batch norm help?"
epochs = 2
[variants]
"batch norm" = "norm=batch"
[decide]
margin = 1.0
seeds = 3
[full]
epochs = 30
seeds = "3..10"
[published]
report = "Report B (a course, 2021)"
source = "Accuracy on the test images."
conclusion = "It helps."
figures = { base = 66.14, "batch norm" = 70 }
faults = ["One run each."]
"""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(STUDIES)))
def test_every_study_of_a_report_can_be_read_at_both_sizes_and_full_is_larger(path):
    small, full = (Study.from_toml(path.read_bytes(), path, scale) for scale in ("default", "full"))
    assert small.published is not None
    assert small.published == full.published
    assert full.base.epochs >= small.base.epochs
    assert full.rule.seeds[1] >= small.rule.seeds[1]
    assert [variant.name for variant in small.variants] == [variant.name for variant in full.variants]


@functools.cache
def outline(model: str, options: str) -> nn.Module:
    """A network without numbers, built once for all studies that have it; its options come as JSON."""
    with torch.device("meta"):
        return build(model, Io(3, 32, 32, 10), **json.loads(options))


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(STUDIES)))
def test_every_recipe_of_a_report_can_be_trained(path):
    for scale in ("default", "full"):
        for recipe in Study.from_toml(path.read_bytes(), path, scale).recipes:
            check(recipe.augment, (3, 32, 32))
            net = outline(recipe.model, json.dumps(recipe.options))
            assert optimizer_of(recipe, net).param_groups
            assert views(recipe.tta)
            assert lr_at(recipe.schedule, recipe.lr, 0, 10, 0, []) > 0


def test_the_reports_studies_are_all_there():
    asked = {path.stem for path in FILES}
    wanted = "fc-vs-cnn third-convolution skip softmax-before-loss augmentation batch-norm batch-norm-x-lr activation"
    wanted += " learning-rate l2 l1-vs-l2 dropout-x-l2 depth-and-width extra-layer equal-size depthwise same-twice"
    assert asked >= set(wanted.split()) | {f"dropout-{net}" for net in ("alexnet", "vgg6", "resnet11", "resnet18-wide")}


def test_full_size_takes_the_place_of_what_stands_above():
    study = Study.from_toml(TEXT, "s.toml", "full")
    assert (study.base.epochs, study.rule.seeds, study.rule.margin) == (30, (3, 10), 1.0)
    assert Study.from_toml(TEXT, "s.toml").base.epochs == 2
    assert study.published.figures == {"base": 66.14, "batch norm": 70.0}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('source = "Accuracy on the test images."', "", "source is missing"),
        ('"batch norm" = 70', '"layer norm" = 70', '"layer norm" is neither base nor a variant'),
        ('"batch norm" = 70', '"batch norm" = 170', "from 0 to 100"),
        ('faults = ["One run each."]', 'faults = "One run each."', "a list of sentences"),
        ("[published]", "[published]\nyear = 2021", '"year" is not a key of'),
        ("epochs = 30", "epoch = 30", 'unknown recipe key "epoch"'),
    ],
)
def test_a_fault_in_it_is_told(before, after, message):
    with pytest.raises(StudyError, match=message):
        Study.from_toml(TEXT.replace(before, after), "s.toml", "full")


def test_a_study_without_a_full_size_has_none():
    with pytest.raises(StudyError, match="this study has one size"):
        Study.from_toml(TEXT.replace('[full]\nepochs = 30\nseeds = "3..10"', ""), "s.toml", "full")
    with pytest.raises(StudyError, match='scale "ful"'):
        Study.from_toml(TEXT, "s.toml", "ful")
