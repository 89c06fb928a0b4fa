"""RunSpec members come out of ordinary archives whole; hostile ones are refused and change nothing anywhere."""

import gzip
import io
import os
import random
import subprocess
import tarfile
import zlib

import pytest

from ablab.data import archives
from ablab.errors import DataError
from cifar_files import tar

CONTENT = {"set/one": b"1" * 1000, "set/two": bytes(range(256)) * 3, "set/notes.html": b"<html>"}
WANTED = {"set/one": 1000, "set/two": 768}


def taken(path, wanted=WANTED):
    return {name: bytes(content) for name, content in archives.members(path, wanted)}


def write(path, content):
    path.write_bytes(content)
    return path


def with_entry(kind, name="set/one", size=0, link="", content=b"", after=CONTENT, **pax):
    """A gzipped tar that begins with one odd entry, followed by ordinary ones."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.size, entry.linkname = kind, size, link
        entry.pax_headers = dict(pax)
        archive.addfile(entry, io.BytesIO(content) if content else None)
    odd = out.getvalue()[: -(-entry_end(out.getvalue()) // 512) * 512]
    return gzip.compress(odd + tar(after))


def entry_end(data):
    """Where the zero blocks at the end of a tar begin."""
    return len(data.rstrip(b"\0"))


def header(name, size=b"%011o\0" % 0, kind=b"0", prefix=b"", magic=b"ustar\x0000"):
    """One raw header with a right checksum."""
    block = bytearray(512)
    block[: len(name)] = name
    block[124 : 124 + len(size)] = size
    block[156:157] = kind
    block[257 : 257 + len(magic)] = magic
    block[345 : 345 + len(prefix)] = prefix
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def pax(record):
    """A gzipped tar whose first member has a pax header with this record."""
    extended = header(b"x", b"%011o\0" % len(record), b"x") + record.ljust(512, b"\0")
    return gzip.compress(extended + tar(CONTENT))


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["gzip", "plain"])
def test_wanted_members_come_out_of_every_ordinary_format(tmp_path, format, pack):
    path = write(tmp_path / "set.tar.gz", pack(tar(CONTENT, format)))
    assert taken(path) == {name: CONTENT[name] for name in WANTED}


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_too_long_for_a_header_are_read(tmp_path, format):
    name = "set/" + "long/" * 50 + "file"
    path = write(tmp_path / "set.tar", tar({name: b"abc", **CONTENT}, format))
    assert taken(path, {name: 3}) == {name: b"abc"}


def test_what_the_tar_program_makes_is_read(tmp_path):
    (tmp_path / "set").mkdir()
    for name, content in CONTENT.items():
        (tmp_path / name).write_bytes(content)
    try:
        subprocess.run(["tar", "-czf", "set.tar.gz", "./set"], cwd=tmp_path, check=True)
    except FileNotFoundError:
        pytest.skip("no tar program here")
    assert taken(tmp_path / "set.tar.gz") == {name: CONTENT[name] for name in WANTED}


def test_members_come_one_at_a_time_and_an_archive_of_several_gzip_streams_is_read(tmp_path):
    data = tar(CONTENT)
    path = write(tmp_path / "set.tar.gz", gzip.compress(data[:700]) + gzip.compress(data[700:]) + b"\0" * 50)
    members = archives.members(path, WANTED)
    assert next(members)[0] == "set/one"
    assert next(members)[0] == "set/two"
    assert next(members, None) is None


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", r"is empty \(0 bytes\)"),
        (lambda data: b"<html>not found</html>" * 100, "is neither a tar nor a gzipped tar"),
        (lambda data: gzip.compress(b"hello" * 1000), "is neither a tar nor a gzipped tar"),
        (lambda data: data[:-9], r"is cut short: its [\d,]+ bytes end in the middle of the gzip stream"),
        (lambda data: data[: len(data) // 2], "is cut short"),
        (lambda data: data[:12], "is cut short"),
        (lambda data: gzip.compress(gzip.decompress(data)[:1300]), "is cut short: it ends after"),
        (lambda data: data[:-8] + bytes(4) + data[-4:], "is damaged: its bytes do not unpack"),
        (lambda data: gzip.compress(tar({"set/one": CONTENT["set/one"]})), "holds no set/two"),
        (lambda data: gzip.compress(tar({**CONTENT, "set/two": b"short"})), '"set/two" has 5 bytes and not 768'),
        (lambda data: gzip.compress(tar({"other/one": b"1"})), "holds no set/one, set/two"),
        (lambda data: gzip.compress(b"\0" * 2000), "holds no set/one, set/two"),
    ],
)
def test_damage_is_named(tmp_path, damage, message):
    path = write(tmp_path / "set.tar.gz", damage(gzip.compress(tar(CONTENT), mtime=0)))
    with pytest.raises(DataError, match=message) as caught:
        taken(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_missing_archive_is_an_error_that_names_it(tmp_path):
    with pytest.raises(DataError, match=r"none\.tar\.gz: cannot be read \(No such file"):
        taken(tmp_path / "none.tar.gz")


@pytest.mark.faults
@pytest.mark.parametrize(
    "archive",
    [
        with_entry(tarfile.REGTYPE, "../outside", 4, content=b"evil"),
        with_entry(tarfile.REGTYPE, "/tmp/ablab-outside", 4, content=b"evil"),
        with_entry(tarfile.REGTYPE, "set/../../outside", 4, content=b"evil"),
        with_entry(tarfile.SYMTYPE, "set/link", link="/etc/passwd"),
        with_entry(tarfile.SYMTYPE, "set", link="/tmp"),
        with_entry(tarfile.LNKTYPE, "set/link", link="../outside"),
        with_entry(tarfile.CHRTYPE, "set/device"),
        with_entry(tarfile.BLKTYPE, "set/device"),
        with_entry(tarfile.FIFOTYPE, "set/pipe"),
        with_entry(tarfile.DIRTYPE, "set/two/"),
        with_entry(tarfile.REGTYPE, "set/one\udcff", 4, content=b"evil"),
        gzip.compress(header(b"set/one\0.exe", b"%011o\0" % 4) + b"evil".ljust(512, b"\0") + tar(CONTENT)),
    ],
    ids=[
        "parent", "absolute", "winding", "symbolic link", "link in place of the folder", "hard link",
        "character device", "block device", "pipe", "folder", "undecodable", "NUL in a name",
    ],
)  # fmt: skip
def test_what_is_not_wanted_is_passed_over_and_nothing_is_written(tmp_path, archive):
    path = write(tmp_path / "set.tar.gz", archive)
    before = listing(tmp_path)
    assert taken(path) == {name: CONTENT[name] for name in WANTED}
    assert listing(tmp_path) == before
    assert not os.path.lexists("/tmp/ablab-outside")


def listing(folder):
    return sorted((str(p), p.lstat().st_ino, p.lstat().st_mtime_ns) for p in folder.parent.rglob("*"))


@pytest.mark.faults
@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (with_entry(tarfile.SYMTYPE, link="/etc/passwd"), '"set/one" is a symbolic link and not a file'),
        (with_entry(tarfile.LNKTYPE, link="set/two"), '"set/one" is a hard link and not a file'),
        (with_entry(tarfile.CHRTYPE), '"set/one" is a device and not a file'),
        (with_entry(tarfile.FIFOTYPE), '"set/one" is a pipe and not a file'),
        (gzip.compress(header(b"set/one", kind=b"5")), '"set/one" is a folder and not a file'),
        (with_entry(tarfile.REGTYPE, size=1000, content=b"2" * 1000), '"set/one" is in the archive twice'),
        (gzip.compress(header(b"set/one", b"%011o\0" % (8 << 30), b"S")), "holds a sparse file"),
        (gzip.compress(header(b"big", b"%011o\0" % ((8 << 30) - 1))), "unpacks to more than"),
        (gzip.compress(header(b"set/one", b"\xff" * 12)), "a size that no official archive has"),
        (gzip.compress(header(b"set/one", b"\x80" + b"\0" * 10 + b"\1")), "a size that no official archive has"),
        (pax(b"16 size=-100000\n"), "impossible size"),
        (pax(b"19 size=9999999999\n"), "has 9,999,999,999 bytes and not 1,000"),
        (pax(b"99999 a=b\n"), "one of its pax headers is invalid"),
        (pax(b"0 a=b\n"), "one of its pax headers is invalid"),
        (gzip.compress(header(b"x", b"%011o\0" % (1 << 30), b"L")), "has a name of 1,073,741,824 bytes"),
        (gzip.compress(header(b"set/one", b"-0000000001\0")), "neither a tar"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_lies_are_refused(tmp_path, archive, message):
    path = write(tmp_path / "set.tar.gz", archive)
    with pytest.raises(DataError, match=message):
        taken(path)


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("bomb", ["zeros after the end", "members", "headers", "long names", "pax headers", "streams"])
def test_bombs_end_at_the_limit(tmp_path, monkeypatch, bomb):
    monkeypatch.setattr(archives, "SPARE", 1 << 20)
    pack = zlib.compressobj(9, wbits=31)
    block = {
        "zeros after the end": bytes(1 << 16),
        "members": header(b"junk", b"%011o\0" % (1 << 16)) + bytes(1 << 16),
        "headers": header(b"junk") * 64,
        "long names": (header(b"x", b"%011o\0" % 512, b"L") + b"n" * 512) * 64,
        "pax headers": header(b"x", b"%011o\0" % (100 * 512), b"x") + b"5 a=\n" * 10240,
        "streams": b"",
    }[bomb]
    data = b"".join(pack.compress(block) for _ in range(100)) + pack.flush()
    if bomb == "streams":
        data = gzip.compress(b"") * 1000
    path = write(tmp_path / "set.tar.gz", data)
    with pytest.raises(DataError, match="unpacks to more than|more than 64 gzip streams|[0-9]+ headers|bytes of names"):
        taken(path)


@pytest.mark.slow
@pytest.mark.faults
def test_an_archive_with_any_changed_byte_gives_the_same_members_or_an_error(tmp_path):
    whole = gzip.compress(tar(CONTENT), mtime=0)
    rng = random.Random(7)
    for _ in range(1000):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 1, 3])):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path = write(tmp_path / "set.tar.gz", bytes(data))
        try:
            assert taken(path) == {name: CONTENT[name] for name in WANTED}
        except DataError as error:
            assert str(error).startswith(str(path))


@pytest.mark.slow
@pytest.mark.faults
def test_an_unpacked_archive_with_any_changed_byte_never_ends_in_anything_but_a_message(tmp_path):
    whole = tar(CONTENT, tarfile.PAX_FORMAT)
    whole = header(b"x", b"%011o\0" % 21, b"x") + b"21 path=set/notes.txt".ljust(512, b"\0") + whole
    rng = random.Random(8)
    for _ in range(1000):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 2, 5])):
            data[rng.randrange(5 * 512)] = rng.choice([0, 10, 32, 48, 255, rng.randrange(256)])
        if rng.random() < 0.5:  # a header whose checksum is right again
            block = data[:512]
            block[148:156] = b" " * 8
            data[148:156] = b"%06o\0 " % sum(block)
        path = write(tmp_path / "set.tar", bytes(data))
        try:
            assert all(len(content) == WANTED[name] for name, content in taken(path).items())
        except DataError as error:
            assert str(error).startswith(str(path))
