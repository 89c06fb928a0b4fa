"""An archive that was made to harm, and that bears the right digest, leaves whole official files or nothing at all."""

import gzip
import os
import resource

import pytest

from ablab.data.fetch import fetch
from ablab.data.sources import cifar
from ablab.errors import DataError
from damage import MOST_KILOBYTES
from fault_suite.hostile.archives import DATA, FILES, FOLDER, PACKED, PASSED_OVER, REFUSED, put

pytestmark = pytest.mark.faults


def there(folder):
    """Everything below a folder, with what would change if it were touched; folders are touched by the lock."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_ino, path.is_file() and path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.suffix != ".lock"
    }


@pytest.fixture
def root(tmp_path):
    """A data root in a folder, so that what leads out of it is seen."""
    root = tmp_path / "above" / "root"
    root.mkdir(parents=True)
    yield root
    assert not os.path.lexists("/tmp/ablab-outside")


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["gzip", "plain"])
@pytest.mark.parametrize("what", PASSED_OVER)
def test_what_else_is_in_an_archive_is_passed_over(tmp_path, root, what, pack):
    path, known = put(root, pack(PASSED_OVER[what]()))
    before = there(tmp_path)
    assert cifar.read_known(path, known, "fine").train.fingerprint == DATA.train.fingerprint
    assert there(tmp_path) == before
    folder = fetch(known, root)
    assert {f"{FOLDER}/{file.name}": file.read_bytes() for file in folder.iterdir()} == FILES
    new = set(there(tmp_path)) - set(before)
    assert new == {str(folder.relative_to(tmp_path)), *(str(file.relative_to(tmp_path)) for file in folder.iterdir())}
    assert all(file.stat().st_mode & 0o7000 == 0 and not file.is_symlink() for file in folder.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("what", [*REFUSED, *PACKED])
def test_a_lying_archive_is_refused_and_leaves_nothing(tmp_path, root, what):
    path, known = put(root, PACKED[what]() if what in PACKED else gzip.compress(REFUSED[what]()))
    before = there(tmp_path)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cifar.recognise(path)
    with pytest.raises(DataError) as read:
        cifar.read_known(path, known, "fine")
    with pytest.raises(DataError) as fetched:
        fetch(known, root)
    for caught in (read, fetched):
        assert str(caught.value).startswith(f"{path}: ")
        assert all(line.isprintable() for line in str(caught.value).splitlines())
    assert there(tmp_path) == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used < MOST_KILOBYTES
