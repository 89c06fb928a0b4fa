"""Does a change do the same on another data set? Against scipy's interval of Welch."""

import numpy as np
import pytest
from scipy import stats

from ablab.study import Study, decide, plan
from ablab.study.across import across
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
    found = across(given)
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
    assert across({"phantom": enough}) == ()
    assert across({"phantom": enough, "digits": verdicts_of(parts[1], (0.02, 0.0), 2)}) == ()
