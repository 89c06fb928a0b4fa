"""What the package offers by name is what it says it offers."""

import subprocess
import sys

import ablab


def test_every_public_name_is_there():
    for name in ablab.__all__:
        assert getattr(ablab, name) is not None


def test_the_public_names_are_listed():
    assert set(ablab.__all__) <= set(dir(ablab))


def test_an_unknown_name_is_an_attribute_error():
    import pytest

    with pytest.raises(AttributeError, match="load_datasets"):
        ablab.load_datasets  # noqa: B018


def test_importing_the_package_loads_no_torch():
    code = "import sys, ablab; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
