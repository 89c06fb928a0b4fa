"""Looks at several comparisons at once: the error that a found effect no longer needs goes to those that are open.

Of K comparisons each may at first spend alpha/K. Once k of them have excluded 0, each of the others may spend
alpha/(K-k) from that look on (Holm's procedure over sequential looks: Maurer and Bretz 2013, Ye et al. 2013). Why this
holds: take the set of effects that are truly 0. As long as none of them has been called real, at least as many
comparisons are open as the set has members. So each member is tested with at most its share of alpha, over all its
looks, however the comparisons depend on each other.

A comparison that ends as equal passes nothing on to tests of 0, because its effect may well be 0. It passes on what
equality needs: that an effect as large as the margin is called small is an error of its own kind, with an alpha of its
own, shared and passed on in the same way. Its level is that of two one-sided tests, so its interval is the one of
confidence 1 - 2 alpha.

Looks are replayed by the number of pairs, all comparisons together, so the order in which runs finish changes nothing.
The intervals of all looks of one comparison hold the effect together, so what they have in common holds it, too.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from ablab.statistics.paired import Interval, interval
from ablab.statistics.sequential import Design, Look


def recycled_looks(
    paths: Sequence[Sequence[float]], grids: Sequence[float], design: Design
) -> tuple[tuple[Look, ...], ...]:
    """The looks at each comparison, from its differences in the order of seeds, up to the look that decides it."""
    taken: list[tuple[Look, ...]] = [() for _ in paths]
    effects = equals = 0  # comparisons that have excluded 0, and that have been found small
    for pairs in range(design.least, design.most + 1):
        waiting = [at for at, path in enumerate(paths) if len(path) >= pairs and not _is_decided(taken[at], design)]
        is_new = True
        while is_new and waiting:
            is_new, seen = False, {}
            shares = (design.alpha / (design.comparisons - effects), 2 * design.alpha / (design.comparisons - equals))
            if math.isinf(design.multiplier(pairs, shares[0])):
                break  # without a last look, the first pairs cannot exclude anything yet
            seen = {at: _look(paths[at][:pairs], grids[at], design, shares, taken[at]) for at in waiting}
            for at, look in seen.items():
                if look.decides(design.margin):
                    taken[at] = (*taken[at], look)
                    waiting.remove(at)
                    effects += look.excludes_zero
                    equals += look.is_small(design.margin)
                    is_new = True
        for at in waiting:
            taken[at] = (*taken[at], *([seen[at]] if at in seen else []))
    return tuple(taken)


def _is_decided(taken: tuple[Look, ...], design: Design) -> bool:
    return bool(taken) and taken[-1].decides(design.margin)


def _look(
    differences: Sequence[float], grid: float, design: Design, shares: tuple[float, float], before: tuple[Look, ...]
) -> Look:
    """One look: the interval for 0, and with it the one for equality, each cut to what earlier looks left."""
    last = before[-1] if before else None
    equality = _cut(_plain(differences, grid, design, shares[1]), last.equality if last else None)
    return replace(_cut(_plain(differences, grid, design, shares[0]), last), equality=equality)


def _plain(differences: Sequence[float], grid: float, design: Design, alpha: float) -> Look:
    pairs = len(differences)
    multiplier = design.multiplier(pairs, alpha)
    return Look(pairs, multiplier, interval(differences, multiplier, grid=grid), alpha)


def _cut(look: Look, before: Look | None) -> Look:
    """What the interval of a look has in common with that of earlier ones; where they exclude each other, it alone."""
    if before is None:
        return look
    own, old = look.interval, before.interval
    low, high = max(own.low, old.low), min(own.high, old.high)
    return replace(look, interval=Interval(own.mean, own.sd, low, high)) if low <= high else look
