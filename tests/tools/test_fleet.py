"""Studies that share a cluster take little longer than fixed seeds, with fewer runs."""

import pytest

from fleet import fixed_seeds, fleet, one_after_another, pooled


@pytest.mark.long
def test_pooled_studies_take_as_long_as_fixed_seeds_at_most_with_the_runs_of_the_sequential_rule():
    many = fleet(42)
    fixed, shared = fixed_seeds(many, 50), pooled(many, 50)
    assert fixed.started == sum(len(planned.most) for planned in many.plans) == 42 * 30
    assert shared.time <= 1.1 * fixed.time
    least = one_after_another(many, 1)  # one slot trains what the rule wants and nothing else
    assert shared.started <= 1.1 * least.started < 0.9 * fixed.started
    assert shared.decisions == least.decisions
