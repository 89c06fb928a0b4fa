"""Vision transformer: the paper's count at the paper's size, and attention by hand."""

import pytest
import torch
import torch.nn.functional as F

from ablab.errors import ModelError
from ablab.models import Io, build
from ablab.models.initial import initialise
from networks import CIFAR10, outline, parameters, pictures, starting


def test_it_has_the_number_of_parameters_that_its_layers_add_up_to():
    block = 2 * 2 * 384 + (384 + 1) * 3 * 384 + (384 + 1) * 384 + (384 + 1) * 1536 + (1536 + 1) * 384
    places = 384 + (8 * 8 + 1) * 384
    assert (
        parameters(outline("vit-small")) == (4 * 4 * 3 + 1) * 384 + places + 12 * block + 2 * 384 + 3850 == 21_342_346
    )


def test_at_the_papers_size_it_has_the_papers_22_million():
    # Touvron et al. 2021, table 1: DeiT-S, 22 M; 22,050,664 in the authors' and in timm's implementation
    assert parameters(outline("vit-small", Io(3, 224, 224, 1000), patch=16)) == 22_050_664


def test_it_computes_what_its_description_says():
    net = initialise(build("vit-small", CIFAR10, dim=12, depth=1, heads=3, patch=8), 0)
    w = dict(net.named_parameters())
    images = pictures()
    x = F.conv2d(images, w["patches.weight"], w["patches.bias"], 8).flatten(2).transpose(1, 2)
    x = torch.cat([w["places.token"].expand(2, 1, 12), x], 1) + w["places.place"]

    def dense(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    ready = F.layer_norm(x, (12,))
    queries, keys, values = dense(ready, "block1.attention.attend.ask").chunk(3, -1)
    seen = []
    for head in range(3):
        own = slice(4 * head, 4 * head + 4)
        weights = (queries[..., own] @ keys[..., own].transpose(1, 2) / 2).softmax(-1)  # 2 is the root of 4
        seen.append(weights @ values[..., own])
    x = x + dense(torch.cat(seen, -1), "block1.attention.attend.answer")
    inner = F.gelu(dense(F.layer_norm(x, (12,)), "block1.mlp.linear1"))
    x = x + dense(inner, "block1.mlp.linear2")
    torch.testing.assert_close(net(images), dense(F.layer_norm(x, (12,))[:, 0], "head"))


def test_token_and_places_start_small_and_by_their_name():
    one, other = starting("vit-small", depth=1), starting("vit-small", depth=2)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert float(one["places.place"].std()) == pytest.approx(0.02, rel=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch": 5}, "does not divide into squares of patch = 5"),
        ({"heads": 5}, "heads = 5: 384 numbers a word"),
        ({"depth": 0}, "depth = 0: write a whole number of at least 1"),
        ({"norm": "batch"}, 'no option is called "norm"'),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_write(options, message):
    with pytest.raises(ModelError, match=message):
        outline("vit-small", **options)
