"""Every stream of random numbers has a name."""

import torch

from ablab.randomness import number, stream


def test_the_same_key_gives_the_same_numbers():
    assert torch.equal(torch.rand(5, generator=stream(1, "order", 2)), torch.rand(5, generator=stream(1, "order", 2)))


def test_seed_purpose_and_epoch_each_change_the_numbers():
    keys = [(1, "order", 2), (2, "order", 2), (1, "split", 2), (1, "order", 3)]
    assert len({torch.rand(1, generator=stream(*key)).item() for key in keys}) == 4


def test_the_numbers_of_a_key_never_change():
    assert number(0, "order", 3) == 5172884068272721061


def test_a_stream_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    torch.rand(3, generator=stream(0, "order"))
    assert torch.equal(before, torch.get_rng_state())
