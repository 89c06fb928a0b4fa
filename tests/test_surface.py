"""What the package offers by name is what it says it offers."""

import re
import subprocess
import sys
from pathlib import Path

import ablab


def test_every_public_name_is_there():
    for name in ablab.__all__:
        assert getattr(ablab, name) is not None


def test_the_public_names_are_those_of_the_reference_page_and_dir_shows_no_others():
    page = (Path(__file__).parent.parent / "docs" / "python.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `ablab\.(\w+)` \| \S", page, flags=re.MULTILINE)
    assert sorted(listed) == sorted(ablab.__all__) == dir(ablab)


def test_an_unknown_name_is_an_attribute_error():
    import pytest

    with pytest.raises(AttributeError, match="load_datasets"):
        ablab.load_datasets  # noqa: B018


def test_importing_the_package_loads_no_torch():
    code = "import sys, ablab; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
