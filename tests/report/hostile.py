"""A page with hostile text wherever text from outside is shown."""

import dataclasses

import tomli_w
from detailed import answered, facts, pictures
from simulated import MACHINE, TEXT, result, simulate, study

from ablab.records import Ledger
from ablab.report.page import page
from ablab.study import Study, decide, plan
from ablab.study.question.published import Published

HOSTILE = (
    "<script>__pwned=1</script>",
    '"><img src=x onerror=__pwned=1>',
    "</script><script>__pwned=1//",
    "</title></style><svg/onload=__pwned=1>",
    "' autofocus onfocus=__pwned=1 x='",
    "javascript:__pwned=1",
    "{{7*7}} ${7*7} {% raw %}",
    "]]><!--<script>",
    "🧪🔬 emoji",
    "x" * 60,
)


def hostile() -> Study:
    start, rest = TEXT.split("[variants]")
    variants = tomli_w.dumps({"variants": {name: f"lr=0.0{at + 11}" for at, name in enumerate(HOSTILE)}})
    return study(epochs=3, text=f"{start}{variants}[decide]{rest.split('[decide]')[1]}")


def hostile_page() -> str:
    """A page with hostile text wherever text from outside is shown."""
    said = Published(*HOSTILE[:3], {"base": 50.0}, HOSTILE, HOSTILE[3], HOSTILE[4])
    it = dataclasses.replace(
        hostile(),
        name=HOSTILE[2],
        question=" ".join([*HOSTILE, "\u202eabc", "y" * 300]),
        path=HOSTILE[0],
        published=said,
    )
    _, runs, verdicts = simulate(it)
    bad = dataclasses.replace(
        MACHINE, name=HOSTILE[1], device=HOSTILE[4], torch=HOSTILE[0], python=HOSTILE[2], capability=HOSTILE[3]
    )
    data = dataclasses.replace(facts(classes=HOSTILE), name=HOSTILE[0])
    runs = tuple(
        dataclasses.replace(answered(run, data, ""), machine=bad, note=f"{HOSTILE[3]}\x1b[31m\ud800") for run in runs
    )
    verdicts = decide(plan(it, data.fingerprint), runs, labels=data.labels).verdicts
    return page(result(it, runs, verdicts, data=data, ledger=Ledger(1, 1, 10)), pictures())
