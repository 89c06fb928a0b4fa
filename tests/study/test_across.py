"""Does a change do the same on another data set? Against scipy's interval of Welch."""

import numpy as np
import pytest
from scipy import stats

from ablab.statistics.sequential import multipliers
from ablab.study import Study, decide, plan
from ablab.study.across import across, half_width
from sample_runs import sample_run

TEXT = """question = "?"
data = ["phantom", "digits"]
epochs = 2
[variants]
"batch norm" = "norm=batch"
"slow" = "lr=0.001"
[decide]
margin = 0.5
seeds = "3..6"
"""


def verdicts_of(study, gaps, seeds):
    base = [sample_run(seed, 0.6 + 0.001 * (seed * 5 % 3), study.base) for seed in range(seeds)]
    changed = [
        sample_run(seed, run.test.accuracy + gaps[at] + 0.002 * (seed * 3 % 4), variant.recipe)
        for at, variant in enumerate(study.variants)
        for seed, run in enumerate(base)
    ]
    return decide(plan(study, "fingerprint"), [*base, *changed]).verdicts


@pytest.fixture
def parts():
    whole = Study.from_toml(TEXT)
    return [whole.on(data) for data in whole.datasets]


def test_effects_are_compared_by_welchs_interval_at_a_shared_error(parts):
    given = {
        "phantom": verdicts_of(parts[0], (0.02, 0.001), 6),
        "digits": verdicts_of(parts[1], (0.08, 0.002), 5),
    }
    found = across(given, (6, 6))
    assert [(one.variant, one.data, one.other) for one in found] == [
        ("batch norm", "digits", "phantom"),
        ("slow", "digits", "phantom"),
    ]
    for at, one in enumerate(found):
        sides = [
            np.subtract(verdicts[at].accuracies, verdicts[at].base_accuracies)
            for verdicts in (given["digits"], given["phantom"])
        ]
        seen = stats.ttest_ind(*sides, equal_var=False).confidence_interval(1 - 0.05 / 2)
        assert (one.low, one.high) == pytest.approx((seen.low, seen.high), rel=1e-6)
        assert one.effect == pytest.approx(sides[0].mean() - sides[1].mean())
    assert found[0].sentence.endswith("more on digits than on phantom.")
    assert found[1].sentence.endswith("no clear interaction.")


def test_one_data_set_or_too_few_pairs_say_nothing(parts):
    enough = verdicts_of(parts[0], (0.02, 0.001), 6)
    assert across({"phantom": enough}, (3, 6)) == ()
    assert across({"phantom": enough, "digits": verdicts_of(parts[1], (0.02, 0.0), 2)}, (3, 6)) == ()


@pytest.mark.parametrize("effect", [0.0, 0.7, 3.0])
@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_after_looks_equal_effects_are_seldom_told_apart(effect, ratio):
    """Two data sets with one effect, each stopped by its own looks; plain Welch intervals fail as they must."""
    draw, factors = np.random.default_rng(int(10 * effect + ratio)), multipliers(3, 10, 0.05)
    found, naive, studies = 0, 0, 1500
    for _ in range(studies):
        sides = [stopped(draw.normal(effect, sd, 10), factors) for sd in (1.0, ratio)]
        errors = [float(side.std(ddof=1) / np.sqrt(len(side))) for side in sides]
        gap, counts = float(sides[1].mean() - sides[0].mean()), [len(side) for side in sides]
        found += abs(gap) > half_width(errors, counts, 0.05, (3, 10))
        naive += abs(gap) > half_width(errors, counts, 0.05, (10, 10))
    assert found / studies <= 0.05
    assert naive / studies > 0.055


def stopped(gaps, factors):
    """The pairs up to the first look whose interval excludes 0 or lies within a margin of 0.7."""
    for pairs, factor in factors.items():
        seen = gaps[:pairs]
        half = factor * seen.std(ddof=1) / np.sqrt(pairs)
        if abs(seen.mean()) > half or abs(seen.mean()) + half < 0.7:
            return seen
    return gaps
