"""Where data is looked for, in this order: the folder that was named, $ABLAB_DATA, ./data, the user's cache."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ablab.caches import named_cache, user_cache
from ablab.pinned import named_path

if TYPE_CHECKING:
    from ablab.data.known import Known
    from ablab.data.official import Official


def data_folders(root: Path | str | None = None) -> tuple[Path, ...]:
    """The folders to look into, first things first. They need not exist."""
    named = [named_path(root)] if root else []
    told = [named_path(os.environ["ABLAB_DATA"])] if os.environ.get("ABLAB_DATA") else []
    folders = [*named, *told, Path("data"), user_cache() / "data"]
    return tuple(dict.fromkeys(folder.absolute() for folder in folders))


def download_folder(root: Path | str | None = None) -> Path:
    """Where downloads go: the folder that was named, else $ABLAB_DATA, else the user's cache."""
    folders = data_folders(root)
    return folders[0] if root or os.environ.get("ABLAB_DATA") else folders[-1]


def locate(known: "Known | Official", root: Path | str | None = None) -> Path | None:
    """The first of the places of a known data set that is there."""
    places = (folder / place for folder in data_folders(root) for place in known.places)
    return next((place for place in places if place.exists()), None)


def lacking(known: "Known", place: Path) -> tuple[str, ...]:
    """The files with images that an unpacked data set lacks; nothing of an archive, whose end tells when it is read."""
    from ablab.data.known import BINARY

    for form in (known, *BINARY.values()):
        for folder in (place, place / form.folder):
            if folder.name == form.folder and folder.is_dir():
                return tuple(member.name for member in form.batches if not (folder / member.name).is_file())
    return ()


def absent(known: "Known", root: Path | str | None = None) -> str:
    """The message for a known data set that is missing: the files, the folders searched, and how to get it."""
    folders = data_folders(root)
    return (
        f"{known.name} is not here: looked for {', '.join(known.places)}\n"
        f"in {', '.join(map(str, folders))}\n"
        f"to download it: ablab data get {known.name}\n{by_hand(known, folders[0])}"
    )


def by_hand(known: "Known", folder: Path) -> str:
    """How to get the files without a working connection from here."""
    return f"by hand: put {known.archive} ({known.bytes:,} bytes, from {known.url}) into {folder}"


def cache_folder() -> Path:
    """Where parsed data is kept for the next time: $ABLAB_CACHE, or a folder of the user's cache."""
    return named_cache() or user_cache() / "parsed"
