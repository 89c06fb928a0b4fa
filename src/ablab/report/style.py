"""How everything looks, in one place: colours, dashes, marks and the words of verdicts, for pages, pictures, terminals.

A recipe has the style of its number in the study, so it looks the same wherever it is drawn. A dash goes with each
colour, so that a chart printed in grey can be read as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Tone:
    """One colour, as it is on light paper and on a dark screen."""

    light: str
    dark: str


@dataclass(frozen=True)
class Word:
    """How the word of a verdict looks."""

    kind: Literal["helps", "hurts", "same", "open"]
    sign: str
    colour: Tone
    wash: Tone  # behind it
    anywhere: str  # where nobody knows whether the paper is white or black, as in a notebook
    mark: str  # in matplotlib's words
    terminal: str  # in rich's words


# Wong's colours, which every kind of colour-blind eye tells apart, darkened until text in them can be read on paper.
COLOURS = (
    Tone("#41474e", "#c6ccd1"),  # the base's
    Tone("#0072b2", "#5cb3ea"),
    Tone("#c9510c", "#f2935a"),
    Tone("#00805c", "#4fcaa4"),
    Tone("#a8408a", "#e497cd"),
    Tone("#8a6a00", "#dfc14f"),
)
DASHES: tuple[tuple[float, ...], ...] = ((), (9, 3), (5, 3), (9, 3, 2, 3), (2, 2.5), (13, 3, 2, 3, 2, 3))  # pixels
MARKS = "oD^vsPX"  # seven, with five colours of variants: 35 recipes until two look the same
TOGETHER = len(COLOURS) - 1  # variants in one chart, beside the base: more could not be told apart

PAPER, INK = Tone("#fdfdfb", "#15181b"), Tone("#1d2126", "#e6e8e6")
SOFT, LINE, WASH = Tone("#5a626c", "#a2abb3"), Tone("#dfe2e0", "#32383d"), Tone("#f3f4f1", "#1e2226")
BAND = Tone("#d9e0e6", "#333b43")  # of the margin
MORE, LESS = COLOURS[1], COLOURS[2]  # of a difference, in every map
UNKNOWN = "#999999"  # a value that is not finite
RAMP = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")  # viridis

LOOKS = {
    "helps": Word("helps", "▲", Tone("#11643c", "#7fdba7"), Tone("#e0f2e7", "#173827"), "#2a8f5b", "^", "bold green"),
    "hurts": Word("hurts", "▼", Tone("#9b2c14", "#ff9f86"), Tone("#fbe6df", "#44211a"), "#d1553b", "v", "bold red"),
    "no practical difference": Word(
        "same", "=", Tone("#2f5374", "#9cc7ee"), Tone("#e3edf6", "#1c3146"), "#4b84b8", "s", "cyan"
    ),
    "undecided": Word("open", "?", Tone("#6a5410", "#ecd07a"), Tone("#f7edcd", "#3b3216"), "#9a7d1c", "o", "yellow"),
}


def style_of(place: int) -> int:
    """The style of the recipe at a place in its study: the base has one of its own, those of variants repeat.

    >>> [style_of(place) for place in (0, 1, 5, 6)]
    [0, 1, 5, 1]
    """
    return 1 + (place - 1) % TOGETHER if place else 0


def colour(style: int) -> str:
    """The colour of a style on paper."""
    return COLOURS[style % len(COLOURS)].light


def depth(value: float, largest: float, *, is_difference: bool) -> float:
    """How strong the colour of a value in a map is, from 0 to 1.

    Most mistakes are small beside the diagonal: a share grows with its root, so that rare ones can be seen.
    """
    share = min(1.0, abs(value) / largest) if largest > 0 and abs(value) < float("inf") else 0.0
    return share if is_difference else share**0.5


def mixed(share: float, first: str, last: str) -> str:
    """The colour at a share of the way between two.

    >>> mixed(0.5, "#000000", "#ffffff")
    '#808080'
    """
    pairs = [(int(first[at : at + 2], 16), int(last[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in pairs)


def ramp(share: float) -> str:
    """The colour of a value that has an order and no sign, from the darkest at 0 to the lightest at 1.

    >>> ramp(0.0), ramp(1.0)
    ('#440154', '#fde725')
    """
    at = min(max(share, 0.0), 1.0) * (len(RAMP) - 1)
    below = min(int(at), len(RAMP) - 2)
    return mixed(at - below, RAMP[below], RAMP[below + 1])


def style_sheet() -> str:
    """The colours as CSS variables, and the classes s0, s1, ... of the styles; `--c` is the colour of a style."""
    tones = dict(named_tones())
    light, dark = ("; ".join(f"--{name}: {getattr(tone, side)}" for name, tone in tones.items()) for side in _SIDES)
    styles = "\n".join(
        f".s{at} {{ --c: var(--c{at}); --dash: {' '.join(f'{part:g}' for part in dash) or 'none'}; }}"
        for at, dash in enumerate(DASHES)
    )
    screen = "@media screen and (prefers-color-scheme: dark)"
    return f":root {{ color-scheme: light dark; {light}; }}\n{screen} {{ :root {{ {dark}; }} }}\n{styles}\n"


_SIDES = ("light", "dark")


def named_tones() -> Iterator[tuple[str, Tone]]:
    """Every colour by its name in CSS."""
    yield from {"paper": PAPER, "ink": INK, "soft": SOFT, "line": LINE, "wash": WASH, "band": BAND}.items()
    yield from {"more": MORE, "less": LESS}.items()
    for word in LOOKS.values():
        yield word.kind, word.colour
        yield f"{word.kind}-wash", word.wash
    yield from ((f"c{at}", tone) for at, tone in enumerate(COLOURS))
