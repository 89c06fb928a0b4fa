"""The words and numbers of options that many share, and lists as long as there are stages."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from ablab.errors import ModelError, did_you_mean

Norm = Literal["none", "batch", "group", "layer", "instance"]
Activation = Annotated[str, "activation"]
Convolution = Literal["full", "depthwise"]
Rate = Annotated[float, "[0, 1)"]  # of dropout
Momentum = Annotated[float, "(0, 1]"]  # of a running mean: the share of what is new
Epsilon = Annotated[float, "[1e-30, 1]"]
Width = Annotated[float, "(0, 1000)"]  # a factor of all channels
Output = Literal["linear", "softmax"]  # what comes behind the last layer


def check_word(key: str, word: str, known: Iterable[str]) -> None:
    """Raise a ModelError with the nearest word if `word` is not one that `key` may be."""
    known = list(known)
    if word not in known:
        raise ModelError(f'{key} = "{word}" is not one of its values: {did_you_mean(word, known)}')


def check_numbers(key: str, numbers: Sequence[int], stages: int | None = None, *, what: str = "stages") -> None:
    """Raise a ModelError unless `numbers` are whole numbers from 1, as many as there are stages if that is fixed."""
    wrong = [one for one in numbers if not isinstance(one, int) or isinstance(one, bool) or one < 1]
    if wrong:
        raise ModelError(f"{key} = {list(numbers)}: {wrong[0]!r} is not a whole number of at least 1")
    if stages is not None and len(numbers) != stages:
        raise ModelError(f"{key} = {list(numbers)} has length {len(numbers)}, but there are {stages} {what}")
