"""axe-core in a page of the browser: what is against WCAG 2.2 AA. `make axe` gets it; the repository lacks it."""

import os
from pathlib import Path
from typing import Any

import pytest

USUAL = Path(__file__).parent.parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Any) -> list[str]:
    """A line for each element that breaks a rule; the test is skipped where axe-core is not there."""
    path = Path(os.environ.get("ABLAB_AXE", USUAL))
    if not path.is_file():
        pytest.skip("axe-core is not here: make axe")
    page.evaluate(path.read_text(encoding="utf-8"))
    report = page.evaluate("rules => axe.run({ runOnly: rules })", RULES)
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in report["violations"]
        for node in rule["nodes"][:3]
    ]
