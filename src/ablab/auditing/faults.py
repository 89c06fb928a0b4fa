"""Faults of method that published figures show by themselves, each with why it matters."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ablab.auditing.claims import Claim

SIZE = 1.1  # networks further apart than this are not of one size


@dataclass(frozen=True)
class Fault:
    """One fault: its kind, what was seen, and why it matters."""

    kind: str
    seen: str
    why: str


def method_faults(claims: Sequence[Claim]) -> tuple[Fault, ...]:
    """All that can be seen in the claims; the first is the base."""
    if not claims:
        return ()
    checks = (_single, _chosen, _hardware, _sizes, _epochs, _settings, _augmented, _images, _impossible, _several)
    return tuple(fault for check in checks for fault in check(claims))


def not_said(claims: Sequence[Claim]) -> tuple[str, ...]:
    """Facts that were not reported, so not checked."""
    asked: dict[str, list[object]] = {
        "number of runs": [claim.seeds for claim in claims],
        "spread between runs": [claim.sd for claim in claims],
        "which epoch counts": [claim.selected or None for claim in claims],
        "epochs": [claim.epochs for claim in claims],
        "parameters": [claim.parameters for claim in claims],
        "hardware": [claim.hardware or None for claim in claims if claim.seconds],
    }
    return tuple(what for what, values in asked.items() if None in values)


def inflation(epochs: int) -> float:
    """By how many sds of epoch noise the best of so many epochs lies above a usual one.

    >>> [round(inflation(epochs), 1) for epochs in (10, 20, 50)]
    [1.5, 1.9, 2.2]
    """

    def below(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2))

    step = 0.01
    return step * math.fsum(
        1 - below(x) ** epochs - below(-x) ** epochs for x in (step * (at + 0.5) for at in range(800))
    )


def _single(claims: Sequence[Claim]) -> Iterator[Fault]:
    single = [claim.name for claim in claims if (claim.seeds or 1) == 1]
    if single:
        untold = all(claim.seeds is None for claim in claims)
        seen = "the number of runs is not reported; ablab assumes one each" if untold else f"one run: {_list(single)}"
        yield Fault(
            "one run each",
            seen,
            "two runs of the same recipe differ by 0.99 pp or more in 2 / 16 / 48 % of repeats at a run-to-run sd of "
            "0.3 / 0.5 / 1.0 pp; comparing single runs misses about 75 % of real effects and reports a "
            "false one in 10 % of cases",
        )


def _chosen(claims: Sequence[Claim]) -> Iterator[Fault]:
    on_test = [claim for claim in claims if claim.selected == "test"]
    if on_test:
        epochs = max((claim.epochs or 0 for claim in on_test), default=0) or 20
        told = any(claim.epochs for claim in on_test)
        factor = inflation(epochs)
        yield Fault(
            "epoch chosen on the test set",
            f"the best epoch by test accuracy: {_list([claim.name for claim in on_test])}",
            f"the best of {epochs} {'' if told else '(say) '}epochs is inflated by {factor:.1f} sds of the noise "
            f"between epochs: {0.3 * factor:+.2f} pp at 0.3 pp, and more for the noisier recipe; "
            "choose on validation images",
        )
    rules = {claim.selected for claim in claims if claim.selected}
    if len(rules) > 1:
        yield Fault(
            "different rules for choosing the epoch",
            f"{_list(sorted(rules))}",
            "the best of 20 epochs exceeds the last one by about 1.9 sds of the noise between epochs",
        )


def _hardware(claims: Sequence[Claim]) -> Iterator[Fault]:
    timed = [claim for claim in claims if claim.seconds]
    places = {claim.hardware.casefold(): claim.hardware for claim in timed if claim.hardware}
    if len(timed) > 1 and len(places) > 1:
        yield Fault(
            "times from different hardware",
            _list([f"{claim.name} {_time(claim.seconds)} on {claim.hardware or 'unknown'}" for claim in timed]),
            "the ratio compares machines, not networks: compare times from one session on one machine, "
            "or compare MACs, examples and epochs",
        )


def _sizes(claims: Sequence[Claim]) -> Iterator[Fault]:
    base = claims[0]
    if not base.parameters:
        return
    other = [
        f"{claim.name} {claim.parameters / base.parameters:.2f}×"
        for claim in claims[1:]
        if claim.parameters and not 1 / SIZE <= claim.parameters / base.parameters <= SIZE
    ]
    if other:
        yield Fault(
            "unequal size",
            f"parameters against {base.name}: {_list(other)}",
            "part of the gap may be size alone: compare with a base as large (ablab fit-params finds its width)",
        )


def _epochs(claims: Sequence[Claim]) -> Iterator[Fault]:
    told = [claim for claim in claims if claim.epochs]
    if len({claim.epochs for claim in told}) > 1:
        yield Fault(
            "unequal epochs",
            _list([f"{claim.name} {claim.epochs}" for claim in told]),
            "longer training is an advantage, and a stop rule that looks at accuracy biases the comparison",
        )


def _settings(claims: Sequence[Claim]) -> Iterator[Fault]:
    keys = sorted({key for claim in claims for key in claim.settings})
    differing = []
    for key in keys:
        values = list(dict.fromkeys(claim.settings[key] for claim in claims if key in claim.settings))
        if len({value.casefold() for value in values}) > 1:
            differing.append((key, values))
    for key, values in differing:
        if key == "data":
            yield Fault("different data", _list(values), "accuracies on different images cannot be compared at all")
    rest = [(key, values) for key, values in differing if key != "data"]
    if rest:
        yield Fault(
            "unequal tuning" if any(key == "tuning trials" for key, _ in rest) else "unequal training",
            "; ".join(f"{key}: {_list(values)}" for key, values in rest),
            "unless that is the change in question, the gap has more than one cause; a learning rate or weight decay "
            "that suits one network may not suit the other, so tune both with the same number of trials on "
            "validation images",
        )


def _augmented(claims: Sequence[Claim]) -> Iterator[Fault]:
    changed = [claim.name for claim in claims if claim.test_augmented]
    if changed:
        yield Fault(
            "test images augmented",
            f"random changes to the test images: {_list(changed)}",
            "every such accuracy is a noisy underestimate, and cannot be compared with other results on the same "
            "test set",
        )


def _images(claims: Sequence[Claim]) -> Iterator[Fault]:
    sizes = {claim.test_size for claim in claims}
    if sizes == {None}:
        yield Fault(
            "test size unknown",
            "the number of test images is not reported",
            "at 73 % a test set of 10,000 images leaves at least about 0.32 pp of noise between runs, one of 1,000 "
            "images 1.0 pp; give it with --test-size",
        )
    elif len(sizes - {None}) > 1:
        yield Fault(
            "different test sets",
            _list([f"{claim.name} {claim.test_size:,} images" for claim in claims if claim.test_size]),
            "with different test images, a gap can come from the images alone, and the noise between runs does "
            "not include that",
        )


def _impossible(claims: Sequence[Claim]) -> Iterator[Fault]:
    """A single run's accuracy is a whole number of images; one that was rounded to two decimals must be near it."""
    wrong = [
        f"{claim.name} {claim.accuracy:g} % of {claim.test_size:,}"
        for claim in claims
        if claim.test_size and claim.seeds == 1 and not is_whole(claim.accuracy, claim.test_size)
    ]
    if wrong:
        yield Fault(
            "not a whole number of images",
            _list(wrong),
            "one run gets a whole number of images right, so the accuracy, the test size or the number of runs "
            "must be different",
        )


def is_whole(accuracy: float, images: int) -> bool:
    """Whether some number of images, rounded as the accuracy is, gives it.

    >>> is_whole(73.2, 10_000), is_whole(66.14, 100)
    (True, False)
    """
    decimals = len(f"{accuracy:.9f}".rstrip("0").partition(".")[2])
    half = 0.5 * 10.0**-decimals + 1e-9
    return abs(100 * round(accuracy * images / 100) / images - accuracy) <= half


def _several(claims: Sequence[Claim]) -> Iterator[Fault]:
    comparisons = len(claims) - 1
    if comparisons >= 3:
        yield Fault(
            "several comparisons",
            f"{comparisons} figures against one base",
            "of 3 / 5 / 10 changes that do nothing, at least one appears to have an effect at the 5 % level in "
            "13 / 20 / 33 % of studies (5 seeds); here the intervals share the 5 %",
        )


def _list(words: Sequence[str], most: int = 6) -> str:
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def _time(seconds: float | None) -> str:
    return f"{seconds:,.4g} s" if seconds and seconds < 1000 else f"{seconds:,.0f} s"
