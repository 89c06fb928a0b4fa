"""A file that a recipe names, with the digest of its content behind it: `weights.safetensors@3fa2b1c09d11`."""

import hashlib
import os
import re
from pathlib import Path

from ablab.errors import InputError, unopened

LENGTH = 12  # hexadecimal digits of a pin


def pinned(text: str, digest: str) -> str:
    """The text with the first digits of a digest behind it."""
    return f"{text}@{digest[:LENGTH]}"


def name_of(text: str) -> str:
    """What was named, without its pin.

    >>> name_of("weights.safetensors@3fa2b1c09d11"), name_of("weights.safetensors")
    ('weights.safetensors', 'weights.safetensors')
    """
    return text.removesuffix(f"@{pin_of(text)}")


def pin_of(text: str) -> str:
    """The digits behind a name; empty where there are none."""
    match = re.search(rf"@([0-9a-f]{{{LENGTH}}})$", text)
    return match[1] if match else ""


def pinned_file(text: str) -> str:
    """The path of a file with the digest of its content; one that has a pin already keeps it, and is not read."""
    return text if pin_of(text) else pinned(text, hashlib.sha256(_content(text)).hexdigest())


def named_path(text: str | Path) -> Path:
    """The path of a name, with ~ for the user's folder; a ~ that stands for nobody's folder stays as it is."""
    try:
        return Path(os.path.expanduser(text))  # noqa: PTH111 (Path.expanduser raises where there is no such user)
    except ValueError:  # no user has a NUL in the name
        return Path(text)


def content(text: str) -> bytes:
    """The bytes of a file, if they are those that it was pinned with."""
    found = _content(name_of(text))
    check_pin(text, hashlib.sha256(found).hexdigest())
    return found


def check_pin(text: str, digest: str) -> None:
    """Raise where the content behind a name is another one than it was pinned with."""
    pin = pin_of(text)
    if pin and not digest.startswith(pin):
        raise InputError(
            f"{name_of(text)}: its content has changed since this recipe was made (it was {pin} and is "
            f"{digest[:LENGTH]}); to use the current content, leave out the digits after @"
        )


def _content(name: str) -> bytes:
    try:
        return named_path(name).read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(unopened(name, error)) from None
