"""Find the width, depth or layer sizes that give a network a target number of parameters"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import click

from ablab.catalogue import is_own
from ablab.cli.kinds import RecipeWord
from ablab.cli.shared import classes_option, in_shape_option, json_option, network_words, outline, picture_size, say
from ablab.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from ablab.models import Io

GROUP = "Networks"
EXAMPLES = ("ablab fit-params resnet18 --target 82030",)

NEAR = 0.1  # a count further than this from the target is not what was asked for
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9}


@click.command(help=__doc__)
@click.argument("words", type=RecipeWord(), nargs=-1, required=True, metavar="MODEL [key=value]...")
@click.option("--target", metavar="NUMBER", help="Aim at this many parameters: 36.2M, 150k or 1_000_000.")
@click.option("--target-of", metavar="'MODEL [key=value]...'", help="Match the parameter count of this network.")
@click.option("--tune", default="width", show_default=True, help="Change only this option.")
@in_shape_option
@classes_option
@json_option
def command(
    words: tuple[str, ...],
    target: str | None,
    target_of: str | None,
    tune: str,
    in_shape: str,
    classes: int,
    as_json: bool,
) -> None:
    from ablab.arithmetic.grow import fit
    from ablab.grammar import show
    from ablab.models import Io

    io = Io(*picture_size(in_shape), classes)
    name, options = network_words(words)

    def count(value: Any) -> int:
        return sum(one.numel() for one in outline(name, io, {**options, tune: value}).parameters())

    if (target is None) == (target_of is None):
        raise InputError("give a number of parameters: either --target 150k or --target-of cnn2")
    if target is not None:
        wanted = _number(target)
    else:
        other, other_options = network_words((target_of or "").split() or [""])
        wanted = sum(one.numel() for one in outline(other, io, other_options).parameters())
    best = fit(count, _start(name, options, tune), wanted)
    if isinstance(best, float) and best.is_integer():
        best = int(best)
    found = count(best)
    away = found / wanted - 1
    text = (
        f"{tune} = {show(best)}: {found:,} parameters, "
        f"{'exactly the target' if found == wanted else f'{100 * away:+.2f} % of the {wanted:,} wanted'}"
    )
    if abs(away) > NEAR:
        text += f"\nthe target was not reached: no value of {tune} comes closer"
    settings = [f"{key}={show(value)}".replace(", ", ",") for key, value in {**options, tune: best}.items()]
    following = shlex.join(["ablab", "inspect", name, *settings, *_flags(io)])
    value = {"name": name, "tune": tune, "value": best, "parameters": found, "target": wanted, "away": away}
    say(as_json, value, text, following)


def _flags(io: Io) -> list[str]:
    """What the next command must be told to come to the same count."""
    shape = "x".join(map(str, io.in_shape))
    return (["--in-shape", shape] if shape != "3x32x32" else []) + (
        ["--classes", str(io.classes)] if io.classes != 10 else []
    )


def _start(name: str, options: dict[str, Any], tune: str) -> Any:
    """What the option is at first, which says of what kind it is."""
    from ablab.arithmetic.grow import sizing
    from ablab.catalogue import find
    from ablab.errors import ModelError

    if is_own(name):
        return options.get(tune, 1.0)
    known = find("models", "model", name, ModelError).options
    if tune not in known:
        raise InputError(f'"{name}" has no option "{tune}": {did_you_mean(tune, known)}')
    if tune not in (able := sizing(known)):
        raise InputError(f"--tune {tune}: this option does not change the size; options that may: {', '.join(able)}")
    return options.get(tune, known[tune])


def _number(text: str) -> int:
    match = re.fullmatch(r"([\d_,]*\.?\d+(?:e\d+)?)\s*([kmgb]?)", text.strip().lower())
    number = float(match[1].replace("_", "").replace(",", "")) * UNITS[match[2]] if match else 0.0
    if not 1 <= number < 1e12:
        shown = text if len(text) <= 40 else text[:40] + "…"
        raise InputError(f"--target {shown}: give a number of parameters, such as 36.2M, 150k or 1_000_000")
    return round(number)
