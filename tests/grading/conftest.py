"""Two students of a small class, trained once."""

import pytest

from grading_class import carried_out, handed_in


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The stores of two students."""
    return [carried_out(tmp_path_factory.mktemp(name) / "store") for name in ("ada", "bob")]


@pytest.fixture
def ada(trained, tmp_path):
    """A folder with one honest hand-in."""
    return handed_in(trained[0], tmp_path / "ada.ablab")
