"""What the published runs say: every verdict of every study that they answer, with the hashes that name it.

    python tests/golden.py > tests/published_verdicts.json

writes it anew, which is right only after a rule of the statistics (and its version) was changed on purpose.
"""

import dataclasses
import json
import tempfile
from pathlib import Path

from ablab.result import plan_of, result_of
from ablab.store import Store
from ablab.store.exchange import take

RUNS = Path(__file__).parent.parent / "docs" / "published.ablab"
EXPECTED = Path(__file__).parent / "published_verdicts.json"


def verdicts(store: Store) -> dict[str, dict]:
    """By the name of each study that has runs, as it was then: its plan, its runs, its verdicts without sentences."""
    found = {}
    for kept in store.studies():
        result = result_of(plan_of(kept), store)
        if not result.runs:
            continue
        found[kept.name] = {
            "plan": result.plan.hash,
            "recipes": [recipe.hash for recipe in result.study.recipes],
            "runs": sorted(run.id for run in result.runs),
            "wanted": [one.id for one in result.decision.wanted],
            "ended": result.decision.ended,
            "verdicts": [_numbers(verdict) for verdict in result.decision.verdicts],
        }
    return json.loads(json.dumps(found))


def _numbers(verdict) -> dict:
    facts = dataclasses.asdict(verdict)
    del facts["sentence"], facts["outlook"]  # advice, which is simulated
    del facts["metric"], facts["level"]  # the plan's hash has the metric and the confidence
    del facts["seeds"], facts["tried"], facts["failing"], facts["known"]  # which these verdicts were stored without
    for look in facts["looks"]:
        assert look.pop("equality") is None  # these plans were locked under the first rule
        del look["alpha"]
    return facts


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        kept = Store(Path(folder) / "store")
        take(kept, RUNS)
        print(json.dumps(verdicts(kept), indent=1, sort_keys=True))
