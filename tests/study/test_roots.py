"""One question with other seeds."""

from ablab.study import Study, plan
from ablab.study.roots import at_root


def test_plans_at_two_roots_ask_one_question_and_share_no_run():
    first = plan(Study("?", "mlp", {"norm": "norm=batch"}, seeds="3..5"), "fingerprint")
    second = at_root(first, 2)
    assert second.study.recipes == first.study.recipes
    assert [spec.seed for spec in second.most] == [20_000 + spec.seed for spec in first.most]
    assert {spec.id for spec in first.most}.isdisjoint(spec.id for spec in second.most)
    assert at_root(second, 0).hash == first.hash
