"""A copy of the package into which a test drops one new file, and the command line of that copy."""

import http.client
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from commands import ablab
from small_study import small_study

STUDY = small_study(model="mlp")
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
        return ablab(*words, cwd=self.work, package=self.root.parent, **env)

    def write_study(self, name: str) -> None:
        """The smallest study, of six short runs, as a file in that folder."""
        (self.work / name).write_text(STUDY, encoding="utf-8")

    def dashboard(self, path: str) -> str:
        """A page of the dashboard of the store in that folder, from a server that is started for it."""
        words = [sys.executable, "-m", "ablab", "serve", "--port", "0", "--json"]
        env = {**os.environ, "PYTHONPATH": str(self.root.parent)}
        server = subprocess.Popen(words, cwd=self.work, env=env, stdout=subprocess.PIPE, text=True)
        assert server.stdout
        try:
            facts = json.loads(server.stdout.readline())
            token = urlsplit(facts["url"]).query.removeprefix("token=")
            connection = http.client.HTTPConnection("127.0.0.1", facts["port"], timeout=60)
            connection.request("GET", path, headers={"Cookie": f"ablab-{facts['port']}={token}"})
            page = connection.getresponse().read().decode()
            connection.close()
            return page
        finally:
            server.terminate()
            server.wait(timeout=30)
            server.stdout.close()

    def plan(self, study: str) -> str:
        """The hash of the plan of a study that was run."""
        return str(json.loads(self.run("report", study, "--json").stdout)["plan"])


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
