"""A state comes back from its bytes as it was, or not at all."""

import hashlib
import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save

from ablab.errors import DataError
from ablab.events import EpochDone
from ablab.models import Io
from ablab.recipe import Recipe
from ablab.train.checkpoint import DIGEST, facts, pack, unpack
from ablab.train.device import choose_hardware
from ablab.train.loop import train
from ablab.train.state import initial_network, initial_state

SMALL = Recipe.of({"epochs": 3, "batch": 32, "lr": 0.02, "precision": "fp32"})
WAYS = [
    "norm=batch",
    "optimizer=adam dropout=0.3",
    "optimizer=sgd",
    "optimizer=rmsprop augment=crop(2)+flip",
    "select=last",
    "average=ema",
    "average=lookahead norm=batch",
    "optimizer=muon",
    "optimizer=muon(adam=true) schedule=plateau(patience=0)",
    "precision=fp16 clip=1",
]


def after(recipe, splits, epochs):
    """The bytes of a run's state after so many epochs."""
    for event in train(recipe, splits, 4):
        if isinstance(event, EpochDone) and event.row.epoch == epochs:
            return pack(event.state, {"curve": [1, 2.5, "three"]})
    raise AssertionError("there are fewer epochs")


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_run_that_goes_on_ends_as_one_that_never_stopped(way, splits):
    recipe = SMALL.with_(way)
    whole, content = list(train(recipe, splits, 4)), after(recipe, splits, 2)
    again = list(train(recipe, splits, 4, content))
    rows = [event.row for event in again if isinstance(event, EpochDone)]
    assert [row.epoch for row in rows] == [3]
    last = [event for event in whole if isinstance(event, EpochDone)][-1].row
    assert (rows[0].train_loss, rows[0].val_loss) == (last.train_loss, last.val_loss)
    assert (again[-1].test, again[-1].predictions) == (whole[-1].test, whole[-1].predictions)
    assert again[-1].selected_epoch == whole[-1].selected_epoch


def test_what_was_kept_beside_the_state_comes_back(splits):
    assert facts(after(SMALL, splits, 1)) == {"curve": [1, 2.5, "three"]}


def test_the_state_comes_back_to_the_last_bit(splits):
    content = after(SMALL, splits, 2)
    state = initial_state(SMALL, initial_network(SMALL, Io(3, 16, 16, 4), 9), choose_hardware("fp32"))
    unpack(content, state)
    assert pack(state, facts(content)) == content


@settings(max_examples=100)
@given(st.data())
def test_a_changed_bit_or_a_missing_end_is_seen(splits_content, data):
    content = bytearray(splits_content)
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, 8 * len(content) - 1))
        content[at // 8] ^= 1 << at % 8
    else:
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    with pytest.raises(DataError, match="have changed since it was written, or some of them are missing"):
        facts(bytes(content))


@pytest.fixture(scope="module")
def splits_content(splits):
    return after(SMALL, splits, 1)


def test_nothing_of_torchs_generators_is_touched(splits):
    before = torch.get_rng_state()
    list(train(SMALL, splits, 4, after(SMALL, splits, 1)))
    assert torch.equal(torch.get_rng_state(), before)


def test_what_an_optimizer_keeps_lies_in_memory_as_its_parameters_do(splits):
    recipe = SMALL.with_("channels_last=true epochs=1")
    content = after(recipe, splits, 1)
    state = next(event.state for event in train(recipe, splits, 4) if isinstance(event, EpochDone))
    unpack(content, state)
    kept = state.optimizer.state
    assert any(parameter.ndim == 4 and not parameter.is_contiguous() for parameter in kept)
    for parameter, values in kept.items():
        assert values["momentum_buffer"].stride() == parameter.stride()


def forged(content, change):
    """A checkpoint that says something else, with a digest that fits."""
    length = int.from_bytes(content[DIGEST : DIGEST + 8], "little")
    said = json.loads(json.loads(content[DIGEST + 8 : DIGEST + 8 + length])["__metadata__"]["said"])
    tensors = load(content[DIGEST:])
    text = change(said, tensors) or json.dumps(said)
    body = save(tensors, {"said": text})
    return hashlib.sha256(body).digest() + body


FORGERIES = {
    "deep": lambda said, tensors: "[" * 100_000,
    "no object": lambda said, tensors: "[]",
    "no curve": lambda said, tensors: said.pop("curve") and None,
    "a curve of text": lambda said, tensors: said.update(curve="text"),
    "a row with another key": lambda said, tensors: said["curve"][0].update(more=1, epoch="first"),
    "no facts": lambda said, tensors: said.update(facts=[]),
    "numbers of nothing": lambda said, tensors: said.update(numbers={"optimizer/99/step": 1}),
    "numbers without a place": lambda said, tensors: said.update(numbers={"optimizer/x/step": 1}),
    "no tensors": lambda said, tensors: tensors.clear(),
    "a tensor of another shape": lambda said, tensors: tensors.update({"net/fc.bias": torch.zeros(3, 3)}),
    "a tensor of no network": lambda said, tensors: tensors.update({"best/nothing": torch.zeros(3)}),
    "a version that is text": lambda said, tensors: said.update(version="latest"),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_checkpoint_that_was_made_by_hand_is_refused_in_words_whatever_it_says(what, splits):
    content = forged(after(SMALL.with_("optimizer=adam"), splits, 1), FORGERIES[what])
    state = initial_state(SMALL, initial_network(SMALL, Io(3, 16, 16, 4), 9), choose_hardware("fp32"))
    with pytest.raises(DataError):
        unpack(content, state)
