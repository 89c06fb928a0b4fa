"""fetch: official files from their official site: resumed, checked, unpacked, moved into place in one step.

What has come so far is kept in `ARCHIVE.part`; nothing has its final name before every digest is right.
"""

import contextlib
import hashlib
import http.client
import os
import re
import secrets
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ablab.atomic import atomic_write, failure, sync_folder, temporary_name
from ablab.data import archives
from ablab.data.known import KNOWN, Known
from ablab.data.official import OFFICIAL
from ablab.data.places import by_hand, download_folder
from ablab.errors import DataError, did_you_mean

Progress = Callable[[str, int, int], None]  # what is being done, bytes done, bytes in all

STALL_SECONDS = 30.0
PATIENCE = 5  # attempts in a row that bring nothing new
PAUSE_SECONDS = 1.0  # before the second attempt; doubled for each one after it
CHUNK = 1 << 18
GONE = (408, 425, 429, 500, 502, 503, 504)  # answers that may be better the next time


def fetch(
    name: str | Known,
    root: Path,
    *,
    url: str | None = None,
    progress: Progress | None = None,
    pause: float = PAUSE_SECONDS,
    stall: float = STALL_SECONDS,
) -> Path:
    """The folder with the official files below `root`; downloads them unless they are there."""
    import filelock

    wanted = _known(name) if isinstance(name, str) else name
    say = progress or _silent
    folder = root / wanted.folder
    if _is_whole(folder, wanted, say):
        say(f"{wanted.name} is already there: {folder}", 0, 0)
        _tidy(folder, wanted)
        return folder
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock_file = root / f".{wanted.name}.lock"
        lock_file.touch()  # where no file can be made, filelock would wait for ever
        lock = filelock.FileLock(lock_file)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            say(f"another process is fetching {wanted.name} into {root}: waiting for it", 0, 0)
            lock.acquire()
    except OSError as error:
        raise failure(folder, error, wanted.bytes) from error
    try:
        if not _is_whole(folder, wanted, say):
            _fetch(wanted, url or wanted.url, folder, say, pause, stall)
        return folder
    finally:
        lock.release()


def _silent(what: str, done: int, of: int) -> None:
    pass


def _fetch(wanted: Known, url: str, folder: Path, say: Progress, pause: float, stall: float) -> None:
    """Archive, then folder; the lock is held."""
    archive = folder.with_name(wanted.archive)
    part = folder.with_name(f"{wanted.archive}.part")
    if archive.is_file():
        say(f"using the archive that is already there: {archive}", 0, 0)
        check_archive(archive, wanted, say)
        unpack(archive, folder, wanted, say)
        return
    try:
        download(url, part, wanted, say, pause, stall)
    except OSError as error:
        raise failure(part, error, wanted.bytes, _size(part)) from error
    try:
        check_archive(part, wanted, say)
    except DataError:
        _forget(part)
        raise
    unpack(part, folder, wanted, say)
    _tidy(folder, wanted)


def download(url: str, part: Path, wanted: Known, say: Progress, pause: float, stall: float) -> None:
    """`part` holds as many bytes as the official archive; what it already holds is not asked for again."""
    if not url.startswith(("http://", "https://")):
        raise DataError(f"{url}: only http:// and https:// addresses can be fetched from")
    note = part.with_name(f"{part.name}.from")  # which version of the file the bytes are of: (url, ETag or date)
    if _noted(note)[0] != url:
        part.unlink(missing_ok=True)
    if _size(part) > wanted.bytes:
        part.unlink()
    failures = 0
    while (have := _size(part)) < wanted.bytes:
        try:
            _receive(url, part, note, wanted, say, stall)
            trouble = "the connection ended early"
        except _Trouble as error:
            trouble = str(error)
        failures = 0 if _size(part) > have else failures + 1
        if _size(part) < wanted.bytes:
            if failures >= PATIENCE:
                raise DataError(
                    f"{url}: {trouble}; got {_size(part):,} of {wanted.bytes:,} bytes and kept them: the "
                    f"same command continues from there\n{by_hand(wanted, part.parent)}"
                )
            say(f"{trouble}: trying again", _size(part), wanted.bytes)
            time.sleep(pause * 2**failures)


class _Trouble(Exception):
    """Something that may be better the next time."""


def _receive(url: str, part: Path, note: Path, wanted: Known, say: Progress, stall: float) -> None:
    """One request: adds to `part` what the server sends of the rest."""
    have = _size(part)
    validator = _noted(note)[1]
    headers = {"User-Agent": "ablab", "Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-"} | ({"If-Range": validator} if validator else {})
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 (the scheme is checked by the caller)
        answer = urllib.request.urlopen(request, timeout=stall)  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # the file there has another length than what we have of it
            part.unlink(missing_ok=True)
        if error.code in (*GONE, 416):
            raise _Trouble(f"the server answered {error.code} {error.reason}") from None
        raise DataError(
            f"{url}: the server answered {error.code} {error.reason}\n{by_hand(wanted, part.parent)}"
        ) from None
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error or type(error).__name__
        if have or isinstance(reason, TimeoutError):
            raise _Trouble(f"no connection ({reason})") from None
        raise DataError(f"{url}: no connection ({reason})\n{by_hand(wanted, part.parent)}") from None
    with answer:
        start = _start_of(answer, have, wanted, part)
        _refuse_what_is_not_the_file(answer, start, url, wanted, part)
        if not start:  # older bytes go first: they must never stand beside the note of a newer version
            part.unlink(missing_ok=True)
            atomic_write(note, f"{url}\n{_version(answer)}")
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            while start < wanted.bytes:
                try:
                    chunk = answer.read1(min(CHUNK, wanted.bytes - start))
                except (OSError, http.client.HTTPException) as error:
                    raise _Trouble(f"the connection broke ({error or type(error).__name__})") from None
                if not chunk:
                    return
                file.write(chunk)
                start += len(chunk)
                say("downloading", start, wanted.bytes)


def _version(answer: Any) -> str:
    """What the server calls this version of the file; weak tags do not count where parts are asked for."""
    tag = answer.headers.get("ETag", "")
    return str(tag if tag.startswith('"') else answer.headers.get("Last-Modified", ""))


def _noted(note: Path) -> tuple[str, str]:
    """The address and the version that the bytes so far are of."""
    try:
        url, _, version = note.read_text(encoding="utf-8", errors="replace").partition("\n")
    except OSError:
        return "", ""
    return url, version


def _start_of(answer: Any, have: int, wanted: Known, part: Path) -> int:
    """The place in the file that the answer begins at: where we asked, or 0 where the server knows no ranges."""
    if answer.status != 206:
        return 0
    place = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", "").strip())
    if place is None or int(place[1]) != have or place[2] not in ("*", str(wanted.bytes)):
        _forget(part)
        raise _Trouble("the server sent a different part of the file than ablab asked for")
    return have


def _refuse_what_is_not_the_file(answer: Any, start: int, url: str, wanted: Known, part: Path) -> None:
    """A web page, or a length that is not the official one, is seen before a byte of it is kept."""
    length = answer.headers.get("Content-Length", "")
    kind = answer.headers.get_content_type()
    if length.isdigit() and start + int(length) == wanted.bytes and kind != "text/html":
        return
    encoding = answer.headers.get("Content-Encoding", "identity")
    if kind == "text/html":
        wrong = "the server sent a web page, perhaps a login page, and not the file"
    elif encoding != "identity":
        wrong = f"the server compresses the file again (Content-Encoding {encoding}), which would change its bytes"
    elif length.isdigit():
        wrong = f"the server offers {start + int(length):,} bytes, and the official file has {wanted.bytes:,}"
    else:
        return  # no length is promised: counted as it comes
    raise DataError(f"{url}: {wrong}\n{by_hand(wanted, part.parent)}")


def check_archive(path: Path, wanted: Known, say: Progress) -> None:
    """Nothing if length, MD5 and SHA-256 are the official ones; otherwise an error. Not a byte is parsed before."""
    if _size(path) != wanted.bytes:
        raise DataError(
            f"{path}: has {_size(path):,} of {wanted.bytes:,} bytes; delete it and fetch it again\n"
            f"{by_hand(wanted, path.parent)}"
        )
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    done = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                md5.update(chunk)
                sha256.update(chunk)
                say("checking", done := done + len(chunk), wanted.bytes)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    if (md5.hexdigest(), sha256.hexdigest()) != (wanted.md5, wanted.sha256):
        raise DataError(
            f"{path}: this is not the official file (SHA-256 {sha256.hexdigest()}, official {wanted.sha256}); "
            f"ablab read nothing from it\n{by_hand(wanted, path.parent)}"
        )


def unpack(archive: Path, folder: Path, wanted: Known, say: Progress) -> None:
    """The official members of the archive, each checked, as `folder`; anything else in the archive is left there."""
    say("unpacking", 0, 0)
    official = {f"{wanted.folder}/{member.name}": member for member in wanted.members}
    sizes = {name: member.size for name, member in official.items()}
    for left in folder.parent.glob(f".{folder.name}.*.tmp"):  # of a process that was killed here; the lock is held
        shutil.rmtree(left, ignore_errors=True)
    temporary = folder.with_name(temporary_name(folder.name))
    try:
        temporary.mkdir()
        for name, content in archives.members(archive, sizes):
            if hashlib.sha256(content).hexdigest() != official[name].sha256:
                raise DataError(f"{archive}: {name} in it is not the official file\n{by_hand(wanted, folder.parent)}")
            _write(temporary / official[name].name, content)
        if folder.exists():  # not whole, but it may hold what somebody wants
            aside = folder.with_name(f"{folder.name}.{secrets.token_hex(3)}.aside")
            folder.rename(aside)
            say(f"{folder} was incomplete; ablab renamed it {aside}", 0, 0)
        temporary.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)  # first, so that the message counts its room as free
        raise failure(folder, error, sum(sizes.values())) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(path: Path, content: bytearray) -> None:
    """A file on the disk. It needs no step of its own into place: its folder takes that step."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _is_whole(folder: Path, wanted: Known, say: Progress) -> bool:
    """All official files are there, bit for bit: the command that restores a damaged one must see the damage."""
    if any(_size(folder / member.name) != member.size for member in wanted.members):
        return False
    say("checking what is there", 0, 0)
    try:
        return all(_sha256(folder / member.name) == member.sha256 for member in wanted.members)
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _known(name: str) -> Known:
    if name in OFFICIAL:
        official = OFFICIAL[name]
        raise DataError(
            f"{name} cannot be downloaded by ablab: get {', '.join(official.files)} from {official.site} and put them "
            f"into {download_folder() / official.places[0]}"
        )
    if name not in KNOWN:
        raise DataError(f'nothing called "{name}" can be fetched: {did_you_mean(name, KNOWN)}')
    return KNOWN[name]


def _tidy(folder: Path, wanted: Known) -> None:
    """Removes the download, and what a process left that was killed after the folder had its name."""
    part = folder.with_name(f"{wanted.archive}.part")
    left = folder.parent.glob(f".{part.name}.*.tmp")
    with contextlib.suppress(OSError):
        _forget(part)
        for file in left:
            file.unlink(missing_ok=True)


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_name(f"{part.name}.from").unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
