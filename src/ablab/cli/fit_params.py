"""Find the width, depth or layer sizes at which a network has a wanted number of parameters"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

from ablab.cli.shared import classes_option, in_shape_option, json_option, network_words, outline, picture_size, say
from ablab.errors import InputError, did_you_mean

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9}


@click.command(help=__doc__)
@click.argument("words", nargs=-1, required=True, metavar="MODEL [key=value]...")
@click.option("--target", metavar="NUMBER", help="Parameters wanted: 36.2M, 150k or 1_000_000.")
@click.option("--target-of", metavar="'MODEL [key=value]...'", help="As many as another network has.")
@click.option("--tune", default="width", show_default=True, help="The option that may change.")
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
    from ablab.grammar import show
    from ablab.models import Io

    io = Io(*picture_size(in_shape), classes)
    name, options = network_words(words)

    def count(value: Any) -> int:
        return sum(one.numel() for one in outline(name, io, {**options, tune: value}).parameters())

    if (target is None) == (target_of is None):
        raise InputError("say how many parameters are wanted: either --target 150k or --target-of cnn2")
    if target is not None:
        wanted = _number(target)
    else:
        other, other_options = network_words((target_of or "").split() or [""])
        wanted = sum(one.numel() for one in outline(other, io, other_options).parameters())
    best = fit(count, _start(name, options, tune), wanted)
    found = count(best)
    away = found / wanted - 1
    text = (
        f"{tune} = {show(best)}: {found:,} parameters, "
        f"{'exactly as wanted' if found == wanted else f'{100 * away:+.2f} % of the {wanted:,} wanted'}"
    )
    given = [f"{key}={show(value)}" for key, value in options.items() if key != tune]
    following = " ".join([f"ablab inspect {name}", *given, f"{tune}={show(best)}"]).replace(", ", ",")
    value = {"name": name, "tune": tune, "value": best, "parameters": found, "target": wanted, "away": away}
    say(as_json, value, text, following)


def fit(count: Callable[[Any], int], start: Any, target: int) -> Any:
    """The value of the option at which the network comes nearest: a number, a whole one, or a list scaled as one."""
    from ablab.arithmetic.grow import fit_factor, fit_whole

    if isinstance(start, list):
        return _scaled(start, fit_factor(lambda factor: count(_scaled(start, factor)), target))
    if isinstance(start, int):
        return fit_whole(count, target)
    return fit_factor(count, target)


def _scaled(numbers: list[int], factor: float) -> list[int]:
    return [max(1, round(number * factor)) for number in numbers]


def _start(name: str, options: dict[str, Any], tune: str) -> Any:
    """What the option is at first, which says of what kind it is."""
    from ablab.errors import ModelError
    from ablab.find import find

    if ":" in name:
        return options.get(tune, 1.0)
    known = find("models", "model", name, ModelError).options
    if tune not in known:
        raise InputError(f'"{name}" has no option "{tune}": {did_you_mean(tune, known)}')
    start = options.get(tune, known[tune])
    numbers = {key for key, value in known.items() if _is_number(value) or (isinstance(value, list) and value)}
    numbers -= {"dropout", "head_dropout"}  # shares, which decide no size
    if tune not in numbers:
        raise InputError(f"--tune {tune}: this option decides no size; those that may: {', '.join(sorted(numbers))}")
    return start


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> int:
    match = re.fullmatch(r"([\d_,]*\.?\d+(?:e\d+)?)\s*([kmgb]?)", text.strip().lower())
    number = round(float(match[1].replace("_", "").replace(",", "")) * UNITS[match[2]]) if match else 0
    if not 1 <= number < 10**12:
        raise InputError(f"--target {text}: a number of parameters is wanted, such as 36.2M, 150k or 1_000_000")
    return number
