"""Archives that lead out of their folder, lie about themselves, or swell; each can bear the right digest."""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ablab.data.known import Known
from cifar_files import small, tar

DATA = small(images=1)
FOLDER = DATA.known.folder
META = b"names"
MEMBERS = (*DATA.known.members, replace(DATA.known.members[0], name="batches.meta", size=5, part=None, images=0))
KNOWN = replace(
    DATA.known,
    members=(*MEMBERS[:-1], replace(MEMBERS[-1], sha256=hashlib.sha256(META).hexdigest())),
)
FILES = {f"{FOLDER}/{name}": content for name, content in {**DATA.files, "batches.meta": META}.items()}
ONE = f"{FOLDER}/data_batch_1"
Entry = tuple[str, bytes, str, bytes, dict[str, str]]  # name, kind, link, content, pax headers


def entries(*odd: Entry, after: Mapping[str, bytes] = FILES) -> bytes:
    """A tar with odd entries (name, kind, link, content, pax headers) in front of the ordinary ones."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, link, content, pax in odd:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.size, entry.mode = kind, link, len(content), 0o6777
            entry.pax_headers = pax
            archive.addfile(entry, io.BytesIO(content) if content else None)
        for name, content in after.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def odd(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", content: bytes = b"", **pax: str) -> bytes:
    return entries((name, kind, link, content, pax))


def header(name: bytes, size: bytes, kind: bytes = b"0") -> bytes:
    """One raw header that may say anything."""
    block = bytearray(512)
    block[: len(name)] = name
    block[124 : 124 + len(size)] = size
    block[156:157] = kind
    block[257:265] = b"ustar\x0000"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def bomb(blocks: Iterable[bytes]) -> bytes:
    """A gzip stream of many blocks that is never whole in memory."""
    pack = zlib.compressobj(9, wbits=31)
    return b"".join([*(pack.compress(block) for block in blocks), pack.flush()])


def without(name: str) -> dict[str, bytes]:
    return {key: content for key, content in FILES.items() if key != name}


PASSED_OVER: dict[str, Callable[[], bytes]] = {
    "a parent": lambda: odd("../outside", content=b"evil"),
    "a parent within": lambda: odd(f"{FOLDER}/../../outside", content=b"evil"),
    "an absolute name": lambda: odd("/tmp/ablab-outside", content=b"evil"),
    "our file by another way": lambda: odd(f"{FOLDER}/../{FOLDER}/data_batch_1", content=b"evil"),
    "a link to a folder outside": lambda: odd(f"{FOLDER}/link", tarfile.SYMTYPE, "/tmp"),
    "a link in place of our folder": lambda: odd(FOLDER, tarfile.SYMTYPE, "/tmp"),
    "a file through a link": lambda: entries(
        ("link", tarfile.SYMTYPE, "/tmp", b"", {}), ("link/ablab-outside", tarfile.REGTYPE, "", b"evil", {})
    ),
    "a hard link": lambda: odd("../outside", tarfile.LNKTYPE, "/etc/passwd"),
    "a device": lambda: odd(f"{FOLDER}/device", tarfile.CHRTYPE),
    "a disk": lambda: odd("device", tarfile.BLKTYPE),
    "a pipe": lambda: odd(f"{FOLDER}/pipe", tarfile.FIFOTYPE),
    "a setuid file": lambda: odd(f"{FOLDER}/setuid", content=b"evil"),
    "a name of 60,000 bytes": lambda: odd(f"{FOLDER}/" + "n" * 60_000, content=b"evil"),
    "a pax name that leads out": lambda: odd("harmless", content=b"evil", path="../../outside"),
    "a file named by control characters": lambda: odd("\x1b]0;evil\x07\n", content=b"evil"),
}
REFUSED: dict[str, Callable[[], bytes]] = {
    "our file is a link": lambda: odd(ONE, tarfile.SYMTYPE, "/etc/passwd"),
    "our file is a hard link": lambda: odd(ONE, tarfile.LNKTYPE, "../outside"),
    "our file is a device": lambda: odd(ONE, tarfile.CHRTYPE),
    "our file is a pipe": lambda: odd(ONE, tarfile.FIFOTYPE),
    "our file twice": lambda: odd(ONE, content=FILES[ONE]),
    "our file twice, first another": lambda: odd(ONE, content=bytes(len(FILES[ONE]))),
    "another file under our name": lambda: tar({**FILES, ONE: bytes(len(FILES[ONE]))}),
    "a pax name makes another our file": lambda: odd("harmless", content=bytes(len(FILES[ONE])), path=ONE),
    "a sparse file": lambda: header(ONE.encode(), b"%011o\0" % 512, b"S") + tar(FILES),
    "a sparse file in pax": lambda: entries(
        (ONE, tarfile.REGTYPE, "", b"1\n0\n5\n".ljust(512, b"\0"), {"GNU.sparse.major": "1"}), after=without(ONE)
    ),
    "8 GB by its header": lambda: header(ONE.encode(), b"%011o\0" % ((8 << 30) - 1)) + tar(FILES),
    "8 EB by its header": lambda: header(ONE.encode(), b"\x80" + b"\0" * 3 + b"\x7f" + b"\xff" * 7) + tar(FILES),
    "less than nothing by its header": lambda: header(ONE.encode(), b"\xff" * 12) + tar(FILES),
    "9 PB in pax": lambda: odd(ONE, content=b"evil", size="9999999999999999"),
    "less than nothing in pax": lambda: odd("x", content=b"evil", size="-512"),
    "one file missing": lambda: tar(without(ONE)),
    "another folder": lambda: tar({name.replace("cifar", "cipher"): content for name, content in FILES.items()}),
    "the last file cut": lambda: tar(FILES)[: -(512 * 30)],
    "100,000 files": lambda: header(b"junk", b"%011o\0" % 0) * 100_000 + tar(FILES),
    "a name of a gigabyte": lambda: header(b"x", b"%011o\0" % (1 << 30), b"L") + tar(FILES),
    "names upon names": lambda: (header(b"x", b"%011o\0" % 51200, b"x") + b"5 a=\n" * 10240) * 200 + tar(FILES),
}
PACKED: dict[str, Callable[[], bytes]] = {
    "cut": lambda: gzip.compress(tar(FILES))[:-100],
    "cut in its last bytes": lambda: gzip.compress(tar(FILES))[:-3],
    "cut to its header": lambda: gzip.compress(tar(FILES))[:10],
    "a wrong checksum": lambda: gzip.compress(tar(FILES))[:-8] + bytes(4) + gzip.compress(tar(FILES))[-4:],
    "a wrong length": lambda: gzip.compress(tar(FILES))[:-4] + bytes(4),
    "a flipped bit": lambda: flipped(gzip.compress(tar(FILES)), 9000),
    "zeros without end": lambda: bomb([gzip.decompress(gzip.compress(tar(FILES)))[:-1024], *[bytes(1 << 20)] * 300]),
    "files without end": lambda: bomb([(header(b"junk", b"%011o\0" % (1 << 20)) + bytes(1 << 20))] * 300),
    "packed twice": lambda: gzip.compress(gzip.compress(tar(FILES))),
    "streams without end": lambda: gzip.compress(b"") * 10_000 + gzip.compress(tar(FILES)),
    "a web page": lambda: b"<!doctype html><title>Please log in</title>" * 100,
    "a ZIP file": lambda: b"PK\3\4" + bytes(1000),
    "xz": lambda: b"\xfd7zXZ\0" + bytes(1000),
    "one byte": lambda: b"\x1f",
    "nothing": lambda: b"",
}


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 16]) + content[at + 1 :]


def put(root: Path, content: bytes) -> tuple[Path, Known]:
    """The archive in its place, with what is known of it changed, so that its own digest is the official one."""
    path = root / KNOWN.archive
    path.write_bytes(content)
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return path, replace(KNOWN, bytes=len(content), md5=md5, sha256=hashlib.sha256(content).hexdigest())
