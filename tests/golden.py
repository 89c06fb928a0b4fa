"""What the published runs say: every verdict of every study that they answer, with the hashes that name it.

    python tests/golden.py > tests/published_verdicts.json

writes it anew, which is right only after a rule of the statistics (and its version) was changed on purpose.
"""

import dataclasses
import json
import tempfile
from pathlib import Path

from ablab.errors import InputError
from ablab.result import look_up
from ablab.store import Store
from ablab.store.exchange import take
from ablab.study.question.files import published_studies, read_studies

RUNS = Path(__file__).parent.parent / "docs" / "published.ablab"
EXPECTED = Path(__file__).parent / "published_verdicts.json"


def verdicts(store: Store) -> dict[str, dict]:
    """By the name of each study that has runs: its plan, its runs and its verdicts, without their sentences."""
    found = {}
    for path in published_studies():
        for scale in ("default", "full"):
            for study in read_studies(path, scale):
                try:
                    result = look_up(study, store)
                except InputError:
                    continue
                found[study.name] = {
                    "plan": result.plan.hash,
                    "recipes": [recipe.hash for recipe in study.recipes],
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
