"""A copy of the package into which a test drops one new file, and the command line of that copy."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "ablab"


@dataclass(frozen=True)
class PackageCopy:
    """The package in a folder of its own. Its files share their bytes with the other copies, so none is edited."""

    root: Path  # the folder `ablab`
    work: Path  # an empty folder, where commands are run

    def drop(self, relative_path: str, text: str) -> Path:
        """Put a new file into the package; a file that is there already is never changed."""
        path = self.root / relative_path
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
        return path

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """`ablab words…` with this copy, in the empty folder."""
        return subprocess.run(
            [sys.executable, "-m", "ablab", *words],
            cwd=self.work,
            env={**os.environ, "PYTHONPATH": str(self.root.parent), **env},
            capture_output=True,
            text=True,
            timeout=240,
        )


@pytest.fixture(scope="session")
def package_original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it stands, on the disk of the temporary folders, where files can be linked."""
    root = tmp_path_factory.mktemp("package") / "ablab"
    # Other tests may be compiling the same files: what Python is just writing has a name such as x.cpython-312.pyc.123.
    return Path(shutil.copytree(SOURCE, root, ignore=shutil.ignore_patterns("*.pyc.*")))


@pytest.fixture
def package_copy(package_original: Path, tmp_path: Path) -> Iterator[PackageCopy]:
    """A copy for one test: 300 links, no bytes."""
    root, work = tmp_path / "package" / "ablab", tmp_path / "work"
    shutil.copytree(package_original, root, copy_function=os.link)
    work.mkdir()
    yield PackageCopy(root, work)
    shutil.rmtree(root)
