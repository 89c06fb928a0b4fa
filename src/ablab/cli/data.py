"""List, fetch, check and show data sets"""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.shared import data_root_option, json_option, say
from ablab.nouns import counted

if TYPE_CHECKING:
    from ablab.data.check import Checked, Duplicates
    from ablab.data.fetch import Progress

GROUP = "Data"
EXAMPLES = (
    "ablab data list",
    "ablab data get cifar10",
    "ablab data check pictures/",
    "ablab data show cifar10",
)

PICTURES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WebP"}

size_option = click.option("--size", type=click.IntRange(min=1), help="Resize images to this many pixels a side.")
skip_option = click.option("--skip-unreadable", is_flag=True, help="Skip images that cannot be read.")


@click.group(help=__doc__)
def command() -> None:
    pass


@command.command("list")
@data_root_option
@json_option
def list_(data_root: str | None, as_json: bool) -> None:
    """List the named data sets, and where they are."""
    from ablab.catalogue import catalogue
    from ablab.data.known import KNOWN
    from ablab.data.official import OFFICIAL
    from ablab.data.places import data_folders, lacking, locate
    from ablab.report.terminal.screen import facts_text

    rows: list[dict[str, Any]] = []
    for known in KNOWN.values():
        place = locate(known, data_root)
        rows.append(
            {
                "name": known.name,
                "what": known.summary,
                "found": None if place is None else str(place),
                "lacks": [] if place is None else list(lacking(known, place)),
                "download_bytes": known.bytes,
            }
        )
    for official in OFFICIAL.values():
        place = locate(official, data_root)
        found = None if place is None else str(place)
        what = official.summary
        rows.append(
            {
                "name": official.name,
                "what": what,
                "found": found,
                "lacks": [],
                "site": official.site,
                "download_bytes": 0,
            }
        )
    for entry in catalogue("data.sources", "generator").values():
        rows.append({"name": entry.name, "what": entry.summary, "found": "generated", "lacks": [], "download_bytes": 0})
    facts = [fact for row in rows for fact in ((row["name"], _where(row)), ("", row["what"]))]
    text = f"{facts_text(facts)}\nlooked in: {', '.join(map(str, data_folders(data_root)))}"
    absent = next((row["name"] for row in rows if "site" not in row and (row["found"] is None or row["lacks"])), None)
    say(as_json, rows, text, f"ablab data get {absent}" if absent else f"ablab data check {rows[0]['name']}")


def _where(row: dict[str, Any]) -> str:
    if row["lacks"]:
        verb = "is" if len(row["lacks"]) == 1 else "are"
        return f"{row['found']}, incomplete: {', '.join(row['lacks'])} {verb} missing"
    if "site" in row and not row["found"]:
        return f"not here; its files are at {row['site']}"
    return row["found"] or f"not here; a download of {row['download_bytes'] / 1e6:.0f} MB"


@command.command("get")
@click.argument("name")
@click.option("--to", metavar="DIR", help="Save it here  [default: --data-root, $ABLAB_DATA or the user's cache]")
@click.option("--url", help="Fetch the official archive from another address.")
@data_root_option
@json_option
def get(name: str, to: str | None, url: str | None, data_root: str | None, as_json: bool) -> None:
    """Download a data set from its official site, check it, and unpack it. An interrupted download resumes."""
    from ablab.data.fetch import fetch
    from ablab.data.places import data_folders, download_folder

    root = download_folder(to or data_root)
    with _progress() as progress:
        folder = fetch(name, root, url=url, progress=progress)
    there = [] if root in data_folders() else ["--data-root", str(root)]
    following = shlex.join(["ablab", "data", "check", name, *there])
    say(as_json, {"name": name, "folder": str(folder)}, f"{name}: {folder}", following)


@command.command("check")
@click.argument("data", metavar="NAME_OR_PATH")
@size_option
@skip_option
@data_root_option
@json_option
def check(data: str, size: int | None, skip_unreadable: bool, data_root: str | None, as_json: bool) -> None:
    """Count the images of a data set and show its statistics, fingerprint and duplicates."""
    from ablab.data import load_dataset
    from ablab.data.check import check as look

    found = look(load_dataset(data, data_root, size=size, skip_unreadable=skip_unreadable))
    following = shlex.join(["ablab", "data", "show", data, "--out", "grid.png"])
    say(as_json, dataclasses.asdict(found), _text(found), following)


@command.command("show")
@click.argument("data", metavar="NAME_OR_PATH")
@click.option("--out", type=click.Path(path_type=Path), default=Path("grid.png"), show_default=True)
@click.option(
    "--augment", default="none", show_default=True, help="Show the images after this augmentation: crop(4) + flip"
)
@click.option(
    "--rows", type=click.IntRange(1, 64), default=8, show_default=True, help="Show this many images of each class."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Set the seed that chooses the images and their augmentation.",
)
@size_option
@skip_option
@data_root_option
@json_option
def show(
    data: str,
    out: Path,
    augment: str,
    rows: int,
    seed: int,
    size: int | None,
    skip_unreadable: bool,
    data_root: str | None,
    as_json: bool,
) -> None:
    """Draw some images of each class, as stored and as the network sees them."""
    from ablab.atomic import atomic_file
    from ablab.data import load_dataset
    from ablab.errors import InputError

    if out.suffix.lower() not in PICTURES:
        raise InputError(f"--out {out}: the name must end with one of {', '.join(PICTURES)}")
    from ablab.report.grid import grid

    dataset = load_dataset(data, data_root, size=size, skip_unreadable=skip_unreadable)
    picture = grid(dataset, augment=augment, seed=seed, per_class=rows)
    with atomic_file(out) as file:
        picture.save(file, format=PICTURES[out.suffix.lower()])
    value = {"picture": str(out), "width": picture.width, "height": picture.height}
    text = f"{out}: {picture.width} x {picture.height} pixels, {counted(len(dataset.classes), 'class', 'classes')}"
    say(as_json, value, text, shlex.join(["ablab", "train", "simple-nn", f"data={data}", "epochs=1"]))


def _text(found: Checked) -> str:
    """What was found, for a person. Names of classes come from outside: no control character of theirs is printed."""
    from ablab.report.terminal.screen import facts_text
    from ablab.report.wording import shown

    official = {True: " (the official pixels and labels)", False: " (NOT the official pixels and labels)", None: ""}
    facts = facts_text((f"  {name}", fact) for name, fact in _facts(found))
    return f"{shown(found.name)}{official[found.official]}\n{facts}"


def _facts(found: Checked) -> Iterator[tuple[str, str]]:
    images = ", ".join(f"{many:,} {part}" for part, many in found.images.items())
    yield "images", f"{images}; {' x '.join(map(str, found.shape))} (channels, height, width)"
    yield "classes", f"{len(found.classes)}: {', '.join(found.classes)}"
    for part, counts in found.per_class.items():
        low, high = min(counts), max(counts)
        yield part, f"{low:,} each" if low == high else ", ".join(f"{count:,}" for count in counts)
    yield "mean", " ".join(f"{value:.4f}" for value in found.mean)
    yield "sd", " ".join(f"{value:.4f}" for value in found.sd)
    yield "fingerprint", found.fingerprint
    yield from (("duplicates", _duplicates(kind)) for kind in found.duplicates)
    if not found.duplicates:
        yield "duplicates", "none"
    yield from (("note", note) for note in found.notes)


def _duplicates(kind: Duplicates) -> str:
    one, other = kind.parts
    which = "repeat an earlier one" if one == other else f"are in {one} too"
    pairs = ", ".join(f"{row} = {twin}" for row, twin in kind.pairs)
    more = ", ..." if kind.images > len(kind.pairs) else ""
    return (
        f"{kind.images:,} images of {other} {which}, {kind.conflicting:,} of them under another label "
        f"(rows of {one} = {other}: {pairs}{more})"
    )


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on a terminal, one plain line a step elsewhere; always on the side of the messages, never in the result."""
    import sys

    said: set[str] = set()
    if not sys.stderr.isatty():

        def plain(what: str, done: int, of: int) -> None:  # noqa: ARG001
            if what not in said:
                said.add(what)
                click.echo(what, err=True)

        yield plain
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def bar(what: str, done: int, of: int) -> None:
            if not of:
                bars.console.print(what, markup=False, highlight=False)
                return
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of)
            bars.update(tasks[what], completed=done)

        yield bar
