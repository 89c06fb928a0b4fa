"""Figures that repeated training hardly gives: equal with every seed, or apart by one amount in every pair."""

from collections.abc import Iterator, Mapping, Sequence

from ablab.study.question.rule import LEAST

Runs = Mapping[str, float | None]  # the figures of a variant by seed
TIGHT = 1e-9  # of the largest figure, within which floating-point numbers are one


def suspicions(known: Mapping[str, Runs], base: str) -> Iterator[str]:
    """A sentence for each variant whose figures do not depend on the seed, or follow those of the base exactly."""
    constant = {name for name, runs in known.items() if _is_one(_figures(runs), _figures(runs))}
    for name in known:
        if name in constant:
            yield (
                f"all {len(_figures(known[name]))} runs of {name} have the same figure, so the seed changed nothing: "
                "check that the program uses its seed"
            )
    for name, runs in known.items():
        pairs = [(left, right) for seed, right in runs.items() if (left := known[base].get(seed)) is not None]
        both = [(left, right) for left, right in pairs if right is not None]
        gaps, sizes = [right - left for left, right in both], [size for pair in both for size in pair]
        if name != base and not {name, base} <= constant and _is_one(gaps, sizes):
            yield (
                f"all {len(gaps)} pairs of {name} and {base} differ by the same amount, so the interval has no width "
                "but that of rounding: check that both sides were trained"
            )


def _figures(runs: Runs) -> list[float]:
    return [value for value in runs.values() if value is not None]


def _is_one(values: Sequence[float], sizes: Sequence[float]) -> bool:
    """Whether enough values are all the same, to the last digits of figures of such sizes."""
    return len(values) >= LEAST and max(values) - min(values) <= TIGHT * max(map(abs, sizes))
