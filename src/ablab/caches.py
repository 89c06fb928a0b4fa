"""Caches: the folders of a user for what can be made again."""

import os
from pathlib import Path

from ablab.pinned import named_path


def named_cache() -> Path | None:
    """The folder that $ABLAB_CACHE names; None where it names none."""
    name = os.environ.get("ABLAB_CACHE")
    return named_path(name).absolute() if name else None


def user_cache() -> Path:
    """The folder that the system keeps for this user and ablab."""
    import platformdirs

    return platformdirs.user_cache_path("ablab", appauthor=False)
