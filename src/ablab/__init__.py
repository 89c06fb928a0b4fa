"""ablab: controlled experiments on image classifiers. The public names, loaded when they are first used."""

import sys

from ablab.version import VERSION as __version__

# That of `typing` would be imported, with all that it imports, before the command line can answer to Ctrl-C.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ablab.api import compare as compare
    from ablab.api import compare_command as compare_command
    from ablab.api import compare_function as compare_function
    from ablab.api import evaluate as evaluate
    from ablab.api import export_run as export_run
    from ablab.api import predict_pictures as predict_pictures
    from ablab.api import search as search
    from ablab.api import train_one as train_one
    from ablab.arithmetic import inspect as inspect
    from ablab.auditing import audit as audit
    from ablab.auditing.claims import Claim as Claim
    from ablab.data import from_arrays as from_arrays
    from ablab.data import from_items as from_items
    from ablab.data import load_dataset as load_dataset
    from ablab.data.dataset import Dataset as Dataset
    from ablab.models import build as build
    from ablab.recipe import Recipe as Recipe
    from ablab.records import Run as Run
    from ablab.result import Result as Result
    from ablab.store import Store as Store
    from ablab.study import Study as Study
    from ablab.study import Verdict as Verdict
    from ablab.trials.result import TrialResult as TrialResult

_HOME = {
    "Claim": "ablab.auditing.claims",
    "Dataset": "ablab.data.dataset",
    "Recipe": "ablab.recipe",
    "Result": "ablab.result",
    "Run": "ablab.records",
    "Store": "ablab.store",
    "Study": "ablab.study",
    "TrialResult": "ablab.trials.result",
    "Verdict": "ablab.study",
    "audit": "ablab.auditing",
    "build": "ablab.models",
    "compare": "ablab.api",
    "compare_command": "ablab.api",
    "compare_function": "ablab.api",
    "evaluate": "ablab.api",
    "export_run": "ablab.api",
    "from_arrays": "ablab.data",
    "from_items": "ablab.data",
    "inspect": "ablab.arithmetic",
    "load_dataset": "ablab.data",
    "predict_pictures": "ablab.api",
    "search": "ablab.api",
    "train_one": "ablab.api",
}
__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> "Any":
    import importlib

    if name not in _HOME:
        raise AttributeError(f"ablab has no public name {name!r}")
    importlib.import_module("ablab.api")  # gives the classes below their verbs: Study.run, Run.plot
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__


def load_ipython_extension(shell: "Any") -> None:
    """Tell a shell of IPython how objects of ablab are shown. In a notebook, `import ablab` has done so."""
    from ablab.catalogue import catalogue  # the classes by their names, so that none of them is loaded for it

    html = shell.display_formatter.formatters["text/html"]
    for name, form in catalogue("report.notebook", "form").items():
        html.for_type_by_name(form.facts["of"], name, _as_html)


def _as_html(value: "Any") -> str:
    import importlib

    return str(importlib.import_module("ablab.report.notebook").html_of(value))


if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()) is not None:
    load_ipython_extension(_shell)
