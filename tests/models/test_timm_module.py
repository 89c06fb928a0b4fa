"""Networks of timm by name; timm itself needs torchvision, so a stand-in with its interface is asked here."""

import sys

import pytest
import torch
from safetensors.torch import save_file

from ablab.errors import ModelError
from ablab.models import Io, build
from ablab.recipe import Recipe
from ablab.train.state import initial_network

IO = Io(1, 16, 16, 4)
STAND_IN = '''
"""The part of timm's interface that is used: list_models and create_model."""

from torch import nn

__version__ = "1.0"


class Small(nn.Module):
    def __init__(self, num_classes=1000, in_chans=3, drop_rate=0.0):
        super().__init__()
        self.conv1 = nn.Conv2d(in_chans, 8, 3, padding=1)
        self.drop = nn.Dropout(drop_rate)
        self.fc = nn.Linear(8, num_classes)

    def forward(self, x):
        return self.fc(self.drop(self.conv1(x).relu().mean((2, 3))))


def list_models(filter="", pretrained=False):
    return ["small18", "small34"]


def create_model(model_name, pretrained=False, checkpoint_path="", **kwargs):
    assert not pretrained
    return Small(**kwargs)
'''


@pytest.fixture
def timm(tmp_path, monkeypatch):
    (tmp_path / "timm").mkdir()
    (tmp_path / "timm" / "__init__.py").write_text(STAND_IN)
    (tmp_path / "timm-1.0.dist-info").mkdir()
    (tmp_path / "timm-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: timm\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("timm", None)


def test_a_network_gets_the_classes_and_channels_of_the_data_and_its_options(timm):
    net = build("timm:small18", IO, drop_rate=0.25)
    assert (net.conv1.in_channels, net.fc.out_features, net.drop.p) == (1, 4, 0.25)


def test_its_initial_weights_follow_the_seed(timm):
    recipe = Recipe.of({"model": "timm:small18"})
    one, same, other = (initial_network(recipe, IO, seed).conv1.weight for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_pretrained_weights_come_from_a_file_and_the_head_starts_anew(timm, tmp_path):
    pretrained = build("timm:small18", Io(1, 16, 16, 1000)).state_dict()
    save_file(dict(pretrained), tmp_path / "small18.safetensors")
    recipe = Recipe.of({"model": "timm:small18", "init": str(tmp_path / "small18.safetensors")})
    net = initial_network(recipe, IO, 0)
    assert torch.equal(net.conv1.weight, pretrained["conv1.weight"])
    assert net.fc.out_features == 4


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("timm:small81", {}, 'timm 1.0 has no network "small81": did you mean "small18"'),
        ("timm:zzz", {}, r'no network "zzz": all names: timm.list_models\(\)'),
        ("timm:small18", {"pretrained": True}, 'ablab downloads nothing; start from a file of weights: init="FILE'),
        ("timm:small18", {"num_classes": 5}, "num_classes cannot be set: comes from the data"),
        ("timm:small18", {"depth": 5}, "could not be made: TypeError: .*depth"),
    ],
)
def test_what_timm_cannot_make_is_told(timm, name, options, message):
    with pytest.raises(ModelError, match=message):
        build(name, IO, **options)


def test_the_version_of_timm_is_part_of_a_recipe_and_another_one_is_refused(timm):
    recipe = Recipe.of({"model": "timm:small18"})
    assert recipe.model == "timm:small18@1.0"
    assert recipe.with_("lr=0.1").model == "timm:small18@1.0"
    initial_network(recipe, IO, 0)
    older = Recipe.of({"model": "timm:small18@0.9"})
    assert older.hash != recipe.hash
    with pytest.raises(ModelError, match=r"is a network of timm 0.9, and timm 1.0 is installed"):
        initial_network(older, IO, 0)


def test_a_stored_recipe_without_a_version_stays_as_it_is(timm):
    assert Recipe.stored({"model": "timm:small18"}).model == "timm:small18"


def test_without_timm_it_says_what_to_install():
    assert "timm" not in sys.modules
    with pytest.raises(ModelError, match="needs timm, which needs torchvision: pip install timm"):
        build("timm:resnet18", IO)
