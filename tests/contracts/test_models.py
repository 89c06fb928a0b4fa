"""What every network keeps to; the subjects are whatever the folder holds."""

import functools
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ablab.catalogue import catalogue
from ablab.errors import ModelError
from ablab.models import Io, build
from ablab.models.activations import Swish
from ablab.models.blocks import Dropout, key_dropout
from ablab.models.initial import initialise
from ablab.train.start import head_of
from networks import CIFAR10, EXAMPLES, outline, parameters, pictures, shapes

ENTRIES = catalogue("models", "model")
NAMES = sorted(ENTRIES)
SIZES = (CIFAR10, Io(3, 64, 64, 10), Io(3, 227, 227, 10))
LARGEST = 12_000_000  # parameters of a network that a test fills with numbers
KINDS = {
    "batch": (nn.BatchNorm1d, nn.BatchNorm2d),
    "group": (nn.GroupNorm,),
    "layer": (nn.GroupNorm, nn.LayerNorm),
    "instance": (nn.InstanceNorm2d,),
}
ANY_NORM = tuple({kind for kinds in KINDS.values() for kind in kinds})


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Two pictures are too few to share: on busy cores, threads that wait for each other took thirty times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@functools.cache
def size(name: str) -> Io:
    """The first size of pictures that the network can take."""
    for io in SIZES:
        try:
            outline(name, io)
        except ModelError:
            continue
        return io
    raise AssertionError(f"{name} takes none of {SIZES}")


@functools.cache
def usual(name: str) -> nn.Module:
    """The network as its name makes it, built once for all tests: they only look at it."""
    return outline(name, size(name))


def made(name: str, **options: Any) -> nn.Module:
    return outline(name, size(name), **options)


def with_option(option: str) -> list[str]:
    found = [name for name in EXAMPLES if option in ENTRIES[name].options]
    assert found, f"no network has the option {option}"
    return found


def count(net: nn.Module, kinds: type[nn.Module] | tuple[type[nn.Module], ...]) -> int:
    return sum(isinstance(module, kinds) for module in net.modules())


@pytest.mark.parametrize("name", NAMES)
def test_a_network_has_a_summary_and_options_with_defaults_that_can_be_read_from_its_text(name: str) -> None:
    entry = ENTRIES[name]
    assert len(entry.summary.split()) > 3
    assert entry.summary.endswith(".")
    assert entry.parameters == ("io",)
    assert all(default is not None for default in entry.options.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_two_builds_have_the_same_names_and_shapes_and_take_no_memory(name: str) -> None:
    first, second = usual(name), made(name)
    assert all(tensor.is_meta for tensor in first.state_dict().values())
    assert shapes(first) == shapes(second)
    assert list(first.state_dict()) == list(second.state_dict())


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_default_can_be_given_and_changes_nothing(name: str) -> None:
    assert repr(made(name, **ENTRIES[name].options)) == repr(usual(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_other_classes_and_channels_change_the_first_and_last_layers_only(name: str) -> None:
    io = size(name)
    other = outline(name, Io(1, io.height, io.width, 7))
    assert shapes(other).keys() == shapes(usual(name)).keys()
    assert parameters(other) < parameters(usual(name))
    assert other(torch.empty(2, *Io(1, io.height, io.width, 7).in_shape, device="meta")).shape == (2, 7)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_pictures_of_one_pixel_run_or_are_refused_with_the_layer_and_the_shape_that_reached_it(name: str) -> None:
    try:
        net = outline(name, Io(3, 1, 1, 10))
    except ModelError as error:
        assert "cannot take images of 3x1x1" in str(error)
        assert "receives" in str(error)
    else:
        assert net(torch.empty(2, 3, 1, 1, device="meta")).shape == (2, 10)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_step_reaches_every_parameter_and_measuring_is_repeatable(name: str) -> None:
    if parameters(usual(name)) > LARGEST:
        pytest.skip("so many weights are looked at without numbers only")
    net, images = initialise(build(name, size(name)), 0), pictures(size(name))
    start = {key: parameter.detach().clone() for key, parameter in net.named_parameters()}
    again = dict(initialise(net, 0).named_parameters())
    assert all(torch.equal(start[key], again[key]) for key in start)
    key_dropout(net, seed=0, epoch=0)
    F.cross_entropy(net(images), torch.tensor([1, 2])).backward()  # type: ignore[no-untyped-call]
    missed = [key for key, one in net.named_parameters() if one.grad is None or not torch.isfinite(one.grad).all()]
    assert missed == []
    net.eval()
    with torch.no_grad():
        assert torch.equal(net(images), net(images))


@pytest.mark.parametrize("name", with_option("norm"))
def test_a_network_without_norm_has_no_layer_of_any_norm(name: str) -> None:
    assert count(made(name, norm="none"), ANY_NORM) == 0


@pytest.mark.slow
@pytest.mark.parametrize("norm", KINDS)
@pytest.mark.parametrize("name", with_option("norm"))
def test_a_norm_is_of_its_kind(name: str, norm: str) -> None:
    try:
        net = made(name, norm=norm)
    except ModelError as error:
        assert norm == "instance"  # needs more than one pixel
        assert "one number has no variance" in str(error) or "receives" in str(error)
    else:
        assert count(net, KINDS[norm]) == count(net, ANY_NORM) > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", with_option("activation"))
def test_an_activation_takes_the_place_of_another_and_has_no_parameters(name: str) -> None:
    mish, swish = made(name, activation="mish"), made(name, activation="swish(2)")
    assert count(mish, nn.Mish) == count(swish, Swish) > 0
    assert (count(mish, Swish), count(swish, nn.Mish)) == (0, 0)
    assert shapes(mish) == shapes(swish) == shapes(usual(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", with_option("dropout"))
def test_dropout_adds_layers_of_its_rate_and_no_parameters(name: str) -> None:
    without, dropped = made(name, dropout=0.0), made(name, dropout=0.25)
    rates = [module.rate for module in dropped.modules() if isinstance(module, Dropout)]
    assert rates.count(0.25) == count(dropped, Dropout) - count(without, Dropout) > 0
    assert shapes(without) == shapes(dropped)


@pytest.mark.slow
@pytest.mark.parametrize("name", with_option("width"))
def test_width_makes_the_network_smaller_and_larger_under_the_same_names(name: str) -> None:
    half, double = made(name, width=0.5), made(name, width=2.0)
    assert parameters(half) < parameters(usual(name)) < parameters(double)
    assert shapes(half).keys() == shapes(usual(name)).keys() == shapes(double).keys()
    with pytest.raises(ModelError, match="width = .* must be above 0"):
        made(name, width=0.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", with_option("conv"))
def test_depthwise_leaves_no_full_convolution_of_3x3_and_saves_parameters(name: str) -> None:
    net = made(name, conv="depthwise")
    full = [
        module
        for module in net.modules()
        if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3) and module.groups != module.in_channels
    ]
    assert full == []
    assert parameters(net) < parameters(made(name, conv="full"))


@pytest.mark.slow
@pytest.mark.parametrize("name", with_option("shortcut"))
def test_layers_that_remain_without_shortcuts_keep_their_names_and_shapes(name: str) -> None:
    if not isinstance(ENTRIES[name].options["shortcut"], bool):
        pytest.skip("its shortcuts are of several kinds")
    assert shapes(made(name, shortcut=False)).items() <= shapes(made(name, shortcut=True)).items()


@pytest.mark.parametrize("option", ["norm", "norm_at", "activation", "dropout_at", "conv"])
def test_a_word_that_an_option_does_not_know_is_refused(option: str) -> None:
    for name in with_option(option):
        with pytest.raises(ModelError, match="did you mean|known: "):
            made(name, **{option: "qwertz"})


@pytest.mark.parametrize("option", ["channels", "blocks"])
def test_a_list_shorter_or_longer_than_the_stages_is_refused_with_both_lengths(option: str) -> None:
    for name in with_option(option):
        default = ENTRIES[name].options[option]
        for wrong in ([*default, 8], default[:-1]) if isinstance(default, list) else ():
            with pytest.raises(ModelError, match=rf"{len(wrong)}\D.*\D{len(default)}\D"):
                made(name, **{option: wrong})


@pytest.mark.parametrize("name", NAMES)
def test_the_head_of_a_network_is_its_last_layer_with_weights_and_gives_the_classes(name):
    net = usual(name)
    with_weights = [path for path, module in net.named_modules() if any(True for _ in module.parameters(recurse=False))]
    assert head_of(net, 10) == with_weights[-1]
