"""Records go to JSON and back unchanged."""

import dataclasses
import json
import math

import pytest

from ablab.errors import InputError
from ablab.recipe import Recipe
from ablab.records import Cost, EpochRow, Machine, Measurement, Run, RunSpec

MACHINE = Machine("host", "cpu", 2, "fp32", "2.13.0", "3.11.7", "AVX2")
RUN = Run(
    spec=RunSpec(Recipe().with_("norm=batch"), 3, "fingerprint"),
    status="finished",
    machine=MACHINE,
    cost=Cost(1.5, 2.0, 1, 900, 82078),
    untrained_loss=2.31,
    curve=(EpochRow(1, 0.1, 2.0, 0.25, 1.9, 0.3, 1.5),),
    selected_epoch=1,
    test=Measurement(1.8, 0.31, 200),
    predictions=bytes(range(256)),
)


def test_a_run_survives_json():
    assert Run.from_json(RUN.to_json()) == RUN


def test_the_json_is_strict():
    json.loads(RUN.to_json(), parse_constant=lambda word: (_ for _ in ()).throw(ValueError(word)))


def test_recipe_seed_and_data_each_make_another_run():
    wanted = RUN.spec
    others = [
        dataclasses.replace(wanted, seed=4),
        dataclasses.replace(wanted, recipe=Recipe()),
        dataclasses.replace(wanted, fingerprint="other"),
    ]
    assert len({wanted.id, *(other.id for other in others)}) == 4


def test_losses_that_are_no_numbers_come_back_as_they_were():
    run = RUN
    broken = dataclasses.replace(
        run, curve=(dataclasses.replace(run.curve[0], train_loss=math.nan, val_loss=math.inf),)
    )
    again = Run.from_json(broken.to_json())
    assert math.isnan(again.curve[0].train_loss)
    assert again.curve[0].val_loss == math.inf


@pytest.mark.parametrize("seed", [-1, 1 << 63, 10**30])
def test_a_seed_that_no_store_can_keep_is_refused_before_anything_is_trained(seed):
    with pytest.raises(InputError, match=f"seed = {seed}: .* from 0 to 9223372036854775807"):
        RunSpec(Recipe(), seed, "fingerprint")
    assert RunSpec(Recipe(), (1 << 63) - 1, "fingerprint").id
