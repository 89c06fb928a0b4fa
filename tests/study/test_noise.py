"""Which way of measuring a run is quieter, from figures whose answer is known, and the advice that follows."""

import dataclasses
import json
import random

import pytest

from ablab.recipe import Recipe
from ablab.statistics.ratio import Ratio
from ablab.study.noise import REFERENCE, WAYS, advice, finding, read, settings

SEEDS = 60
LAST, EMA = (next(way for way in WAYS if way.key == key) for key in ("last", "ema, last"))
BASE = Recipe.of({"epochs": 3})


def figures(*, own: dict[str, float], shift: dict[str, float] | None = None, schedule: str = "cosine") -> str:
    """A file of figures in which all ways share the noise of the run (sd 0.2) and each adds noise of its own."""
    draw = random.Random(3)
    trainings = {}
    for training, effect in (("base", 0.0), ("wider", 1.0)):
        shared = [draw.gauss(40 + effect, 0.2) for _ in range(SEEDS)]
        trainings[training] = {
            way.key: [
                one + draw.gauss((shift or {}).get(way.key, 0.0) * (training == "wider"), own.get(way.key, 1.0))
                for one in shared
            ]
            for way in (REFERENCE, *WAYS)
        }
    return json.dumps([{"name": "small", "recipe": f"epochs=3 schedule={schedule}", "trainings": trainings}])


def test_a_way_that_adds_less_noise_is_quieter_by_the_known_ratio():
    (setting,) = read(figures(own={"last": 0.1, REFERENCE.key: 0.4}))
    found = finding(setting, LAST)
    assert found.seeds.low < (0.2**2 + 0.1**2) / (0.2**2 + 0.4**2) < found.seeds.high < 1
    assert found.is_quieter
    assert sorted(found.saved) == sorted((1 - found.seeds.value, 1 - found.pairs["wider"].value))
    assert not finding(setting, EMA).is_quieter


def test_a_way_that_shifts_an_effect_is_biased_and_never_advised():
    own = {"last": 0.1, REFERENCE.key: 0.4}
    (honest,) = read(figures(own=own))
    (shifted,) = read(figures(own=own, shift={"last": 0.8}))
    assert not finding(honest, LAST).is_biased
    assert finding(shifted, LAST).is_biased
    assert finding(shifted, LAST).shift["wider"].mean == pytest.approx(0.8, abs=0.3)
    assert advice([BASE], 32, [honest]).changes == "select=last"
    assert advice([BASE], 32, [shifted]) is None


def test_a_way_that_is_quieter_over_seeds_but_louder_in_pairs_is_not_called_quieter():
    (setting,) = read(figures(own={"last": 0.1, REFERENCE.key: 0.4}))
    found = finding(setting, LAST)
    louder = dataclasses.replace(found, pairs={"wider": Ratio(1.1, 0.7, 1.6)})
    assert (found.is_quieter, louder.is_quieter) == (True, False)


def test_a_shift_that_the_runs_cannot_exclude_is_no_ground_for_advice():
    (vague,) = read(figures(own={"last": 0.2, REFERENCE.key: 2.0}))
    found = finding(vague, LAST)
    assert found.is_quieter
    assert not found.is_biased
    assert not found.is_faithful
    assert advice([BASE], 32, [vague]) is None
    (clear,) = read(figures(own={"last": 0.1, REFERENCE.key: 0.4}))
    assert advice([BASE], 32, [vague, clear]).networks == 2


def test_averaged_weights_reach_back_as_many_epochs_as_where_they_were_measured():
    assert EMA.changes(32) == "average=ema(0.98) select=last"
    assert EMA.changes(352) == "average=ema(0.9982) select=last"
    assert EMA.changes(20_000) == "average=ema(0.999969) select=last"
    Recipe.of({}).with_(EMA.changes(1))


def test_advice_is_for_the_schedule_that_was_measured_and_for_plain_recipes():
    (constant,) = read(figures(own={"ema, last": 0.1, REFERENCE.key: 0.4}, schedule="constant"))
    base = BASE.with_("schedule=constant")
    known = advice([base, base.with_("width=2")], 352, [constant])
    assert known.changes == "average=ema(0.9982) select=last"
    assert known.networks == 1
    assert 0 < known.saved[0] < known.saved[1] < 1
    assert advice([BASE], 352, [constant]) is None
    for own in ("average=ema", "tta=flip", "select=test"):
        assert advice([base, base.with_(own)], 352, [constant]) is None


def test_advice_holds_in_every_setting_or_is_not_given():
    quiet, loud = (read(figures(own={"last": sd, REFERENCE.key: 0.4}))[0] for sd in (0.1, 0.9))
    assert advice([BASE], 32, [quiet, quiet]).networks == 2
    assert advice([BASE], 32, [quiet, loud]) is None


def test_the_shipped_figures_have_every_way_for_every_training():
    assert len(settings()) >= 2
    for setting in settings():
        for ways in setting.trainings.values():
            assert {*ways} == {way.key for way in (REFERENCE, *WAYS)}
            assert len({len(accuracies) for accuracies in ways.values()}) == 1
        for way in WAYS:
            assert len(setting.runs(way)) >= 20
            assert finding(setting, way).spread > 0
