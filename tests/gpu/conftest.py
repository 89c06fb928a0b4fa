"""What these tests train on, and why they are skipped where there is no card."""

import pytest
import torch

from ablab.data.sources.phantom import phantom


def pytest_collection_modifyitems(items):
    if torch.cuda.is_available():
        return
    for item in items:
        if "/gpu/" in item.path.as_posix():
            item.add_marker(pytest.mark.skip(reason="torch sees no CUDA GPU here"))


@pytest.fixture(scope="session")
def dataset():
    return phantom(train=700, test=200)
