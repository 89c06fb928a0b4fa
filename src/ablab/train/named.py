"""What a recipe names in the one grammar, `sgd(momentum=0.9)`: the entry, and its options checked."""

from typing import Any

from ablab import grammar
from ablab.catalogue import Entry, find
from ablab.errors import RecipeError, did_you_mean

OWN_KEYS = ("lr", "weight_decay")  # of the recipe, so of no option


def named(folder: str, kind: str, text: str, *, key: str = "") -> tuple[Entry, dict[str, Any]]:
    """The entry of `folder` that `text` names and the options it gives, or a RecipeError that says what to write.

    An option whose default is true or false takes those; all others take a number.
    """
    key = key or kind
    call = grammar.call(text)
    entry = find(folder, kind, call.name, RecipeError)
    if call.args:
        raise RecipeError(f"{key} = {text}: options are given by name, such as {_example(entry)}")
    for option, value in call.options.items():
        if option in OWN_KEYS:
            raise RecipeError(f"{key} = {text}: {option} is a key of the recipe itself: write {option}={value}")
        if option not in entry.options:
            raise RecipeError(f'{key} = {text}: no option is called "{option}": {did_you_mean(option, entry.options)}')
        wants_truth = isinstance(entry.options[option], bool)
        if isinstance(value, bool) != wants_truth or not isinstance(value, int | float):
            raise RecipeError(f"{key} = {text}: {option} must be {'true or false' if wants_truth else 'a number'}")
    return entry, call.options


def within(key: str, option: str, value: float, low: float, high: float, *, ends: str = "[]") -> None:
    """Raise unless low <= value <= high; with "(" or ")" that end is left out."""
    above = value > low if ends[0] == "(" else value >= low
    below = value < high if ends[1] == ")" else value <= high
    if not (above and below):
        start = f"above {low:g}" if ends[0] == "(" else f"from {low:g}"
        end = "" if high == float("inf") else f" to below {high:g}" if ends[1] == ")" else f" to {high:g}"
        raise RecipeError(f"{key}: {option} = {value} must be {start}{end}")


def _example(entry: Entry) -> str:
    given = ", ".join(f"{option}={grammar.show(value)}" for option, value in entry.options.items())
    return f"{entry.name}({given})" if given else entry.name
