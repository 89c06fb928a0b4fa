"""Names of runs that say a variant and a seed, as folders of results and lines of charts have them."""

import re

from ablab.elsewhere.formats import Record

# The seed stands at the end, behind the word or as a folder of its own: `bn seed 3`, `bn_seed=3`, `bn/seed3`, `bn/3`;
# the trackers of ablab write the id of the run behind it: `mlp seed 3 addc7b1dd254`.
_SEED = re.compile(
    r"^(?P<variant>.+?)[\s/_.,:-]*(?:\bseed|(?<=[_\d])seed|/(?=\d+$))[\s=_-]*(?P<seed>\d+)( [0-9a-f]{12})?$",
    re.IGNORECASE,
)


def split(name: str) -> tuple[str, str | None]:
    """The variant and the seed in the name of a run; None where it says no seed.

    >>> split("runs/bn_seed=3"), split("bn/3"), split("resnet18"), split("mlp seed 3 addc7b1dd254")
    (('runs/bn', '3'), ('bn', '3'), ('resnet18', None), ('mlp', '3'))
    """
    found = _SEED.match(name)
    return (found["variant"], found["seed"]) if found else (name, None)


def named(name: str, row: Record) -> Record:
    """The row with the variant and the seed that the name of its run says, unless it has columns for them."""
    variant, seed = split(name)
    there = {head.replace("/", ".").rpartition(".")[2].lower() for head in row}
    said = {"variant": variant, **({"seed": seed} if seed is not None else {})}
    return {**{key: text for key, text in said.items() if key not in there}, **row}
