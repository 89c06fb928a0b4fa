"""Fixtures that every room's tests share."""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Before torch is there. Tests share the cores: threads that wait for each other give up early (cli.main says why), and
# where processes run tests side by side each has one thread. A training of 200 images takes half of the time then.
os.environ.setdefault("GOMP_SPINCOUNT", "5000")
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
# A shell starts what it puts into the background with Ctrl-C ignored, and every process that tests start would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# A busy machine takes longer for an example than Hypothesis waits by default, and no test here is about time.
with contextlib.suppress(ImportError):  # the machines of `make gpu` need not have it
    from hypothesis import HealthCheck, settings

    settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any speed")


@pytest.fixture(scope="session")
def cifar_root() -> Path:
    """The folder with the official CIFAR files; tests that need them are skipped where it is not set."""
    root = os.environ.get("ABLAB_DATA")
    if not root or not (Path(root) / "cifar-10-batches-py").is_dir():
        pytest.skip("the official CIFAR-10 files are not there: set ABLAB_DATA to the folder above cifar-10-batches-py")
    return Path(root)


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes start without the measurement of `make coverage`, for tests of what they import first or may write."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; one for all tests of a process, since Playwright can be started only once in it."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        own = Path(driver.chromium.executable_path)
        found = str(own) if own.is_file() else shutil.which("chromium") or shutil.which("google-chrome")
        if found is None:
            pytest.skip("no Chromium here: playwright install chromium")
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()
