"""Fixtures that every room's tests share."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("GOMP_SPINCOUNT", "5000")  # before torch is there: tests share the cores, as cli.main says


@pytest.fixture(scope="session")
def cifar_root() -> Path:
    """The folder with the official CIFAR files; tests that need them are skipped where it is not set."""
    root = os.environ.get("ABLAB_DATA")
    if not root or not (Path(root) / "cifar-10-batches-py").is_dir():
        pytest.skip("the official CIFAR-10 files are not there: set ABLAB_DATA to the folder above cifar-10-batches-py")
    return Path(root)
