"""`make audit`: the licences of the pinned packages, and the vulnerabilities that the OSV database knows of them.

    python tools/supply.py [--offline]

The exit code is 1 if one is known and 2 if the database cannot be reached.
"""

import argparse
import http.client
import importlib.metadata
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

PINS = Path(__file__).parent.parent / "constraints.txt"
OSV = "https://api.osv.dev/v1/querybatch"
AT_ONCE = 500  # queries; the service takes 1,000
LONGEST = 16 << 20  # bytes of an answer

Pin = tuple[str, str]  # name, version


def pins(text: str) -> list[Pin]:
    """The packages of a file of constraints.

    >>> pins("numpy==2.4.6  # arrays\\n\\n# none\\ntorch==2.13.0+cpu\\n")
    [('numpy', '2.4.6'), ('torch', '2.13.0')]
    """
    lines = (line.partition("#")[0].partition(";")[0].strip() for line in text.splitlines())
    named = (line.partition("==") for line in lines)
    return [(name.strip(), version.strip().partition("+")[0]) for name, equals, version in named if equals]


def licence(name: str) -> str:
    """What an installed package says of its licence; nothing of one that is not installed."""
    try:
        said = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    classifiers = [one.rpartition(" :: ")[2] for one in said.get_all("Classifier") or [] if one.startswith("License")]
    expression, free = ("".join(said.get_all(key) or []) for key in ("License-Expression", "License"))
    return expression or ", ".join(classifiers) or free.strip().partition("\n")[0][:60] or "not said"


def vulnerabilities(packages: Sequence[Pin], address: str = OSV) -> dict[Pin, tuple[str, ...]]:
    """The ids of what is known against each package; OSError or ValueError where the database gives no answer."""
    found: dict[Pin, tuple[str, ...]] = {}
    for first in range(0, len(packages), AT_ONCE):
        some = packages[first : first + AT_ONCE]
        queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in some]
        asked = urllib.request.Request(  # noqa: S310 (the address is a constant, or a test's)
            address, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
            results = json.loads(answer.read(LONGEST))["results"]
        for pin, result in zip(some, results, strict=True):
            found[pin] = tuple(one["id"] for one in result.get("vulns") or ())
    return found


def main(words: Sequence[str] | None = None, address: str = OSV) -> int:
    """Print a line for each package; gives the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--offline", action="store_true", help="list licences alone")
    offline = parser.parse_args(words).offline
    packages = pins(PINS.read_text(encoding="utf-8"))
    known: dict[Pin, tuple[str, ...]] = {}
    code = 0
    if not offline:
        try:
            known = vulnerabilities(packages, address)
            code = int(any(known.values()))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, http.client.HTTPException) as error:
            print(f"the database of vulnerabilities cannot be asked: {error}", file=sys.stderr)
            code = 2
    for pin in packages:
        name, version = pin
        against = ", ".join(known[pin]) or "nothing known" if pin in known else "not asked"
        print(f"{name:<28} {version:<16} {licence(name) or 'not installed':<40} {against}")
    counted = f"{sum(map(bool, known.values()))} with known vulnerabilities" if known else "the database was not asked"
    print(f"{len(packages)} packages, {counted}")
    return code


if __name__ == "__main__":
    sys.exit(main())
