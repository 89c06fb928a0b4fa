"""The forms of hostile files: what each is read by, as a command would read it."""

import gzip
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from fault_suite.forms import HERE, examples, read_study, written
from fault_suite.hostile import Hostile
from fault_suite.hostile.archives import FOLDER, KNOWN, PACKED, PASSED_OVER, REFUSED, put
from fault_suite.hostile.bombs import BOMBS, TABLES, swollen
from fault_suite.hostile.objects import SWOLLEN, arrays, weights
from fault_suite.hostile.pickles import TRAPS, exploits
from fault_suite.hostile.study_files import READABLE, studies

SOME = Path("marker")
ONCE = frozenset({"one name twice"})  # of which both say the same


def read_pickle(content: bytes) -> Any:
    """A file of CIFAR-10 whose length is taken as official, so that not the length has to tell."""
    from ablab.data.sources.cifar import read_known
    from cifar_files import small

    data = small()
    folder = HERE.with_name(data.known.folder)
    if not folder.exists():
        data.folder(folder)
    (folder / "data_batch_1").write_bytes(content)
    first = replace(data.known.members[0], size=len(content))
    return examples(read_known(folder, replace(data.known, members=(first, *data.known.members[1:])), "fine"))


def read_archive(content: bytes) -> Any:
    """Read an archive that has the official digest, and take its files out; only the official ones may appear."""
    from ablab.data.fetch import fetch
    from ablab.data.sources import cifar

    root = HERE.with_name(hashlib.sha256(content).hexdigest()) / "above" / "root"
    root.mkdir(parents=True)
    path, known = put(root, content)
    try:
        cifar.recognise(path)
        cifar.read_known(path, known, "fine")
        fetch(known, root)
    finally:
        top, names = root.parent.parent, {member.name for member in KNOWN.members}
        odd = [one for one in top.rglob("*") if one.is_symlink() or (one.is_file() and one.stat().st_mode & 0o7000)]
        there = {one.relative_to(top / "above" / "root" / FOLDER).as_posix() for one in (root / FOLDER).rglob("*")}
        beside = {one.suffix for one in top.rglob("*") if one.is_file() and FOLDER not in one.parts}
        assert not odd, odd
        assert there <= names, there - names
        assert beside <= {".gz", ".lock"}, beside


def read_arrays(content: bytes) -> Any:
    from ablab.data.sources.npz import read

    return examples(read(written(".npz", content)))


def read_table(content: bytes) -> Any:
    from ablab.data.sources.parquet import read

    return examples(read(written(".parquet", content)))


def read_bomb(content: bytes) -> Any:
    from ablab.data.pictures import decode

    return decode(content, "bomb", size=32).shape


def read_weights(content: bytes) -> Any:
    """A file that a recipe starts from, and one that says it was kept by a training, with the right digest."""
    from ablab.errors import AblabError
    from ablab.train.start import kept_weights
    from ablab.train.trained import keep_packed, read

    path = written(".safetensors", content)
    try:
        kept_weights(str(path), None)
    except AblabError:
        keep_packed(content, path)
        return read(path)


def archive(name: str, _marker: Path) -> bytes:
    return (PACKED[name] if name in PACKED else lambda: gzip.compress({**PASSED_OVER, **REFUSED}[name]()))()


def table(name: str, _marker: Path) -> bytes:
    path = HERE.with_suffix(".parquet")
    swollen(path, TABLES[name]())
    return path.read_bytes()


HOSTILE = (
    Hostile(
        "hostile pickles in place of CIFAR files",
        (*exploits(SOME), *TRAPS),
        lambda name, marker: {**exploits(marker), **TRAPS}[name],
        read_pickle,
    ),
    Hostile(
        "hostile .npz files",
        (*arrays(SOME), *SWOLLEN),
        lambda name, marker: SWOLLEN[name]() if name in SWOLLEN else arrays(marker)[name],
        read_arrays,
    ),
    Hostile("hostile weights", tuple(weights(SOME)), lambda name, marker: weights(marker)[name], read_weights, ONCE),
    Hostile(
        "hostile archives", (*PASSED_OVER, *REFUSED, *PACKED), archive, read_archive, readable=frozenset(PASSED_OVER)
    ),
    Hostile(
        "picture bombs",
        tuple(BOMBS),
        lambda name, _: BOMBS[name][0](),
        read_bomb,
        readable=frozenset(name for name, (_, is_picture) in BOMBS.items() if is_picture),
    ),
    Hostile("Parquet bombs", tuple(TABLES), table, read_table),
    Hostile(
        "hostile study files",
        tuple(studies(SOME)),
        lambda name, marker: studies(marker)[name],
        read_study,
        readable=READABLE,
        is_text=True,
    ),
)
