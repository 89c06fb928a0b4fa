"""Things are found by name in a folder, and their options are known without running them."""

import sys
import tomllib
from pathlib import Path

import pytest

from ablab.catalogue import bind, catalogue, find, marked
from ablab.errors import InputError, ModelError
from ablab.grammar import call

ROOT = Path(__file__).parents[1]

SOURCE = '''
@mark("model", "small", blocks=3)
@mark("model", "large", summary="A large one.", defaults={"norm": "none"}, blocks=9)
def network(io, *, blocks, norm="batch", width=1.0):
    """A network.

    More about it.
    """
'''


def test_a_function_is_offered_under_every_name_that_marks_it():
    large, small = sorted(marked(SOURCE, "a.module"), key=lambda entry: entry.name)
    assert (large.name, large.facts) == ("large", {"blocks": 9})
    assert small.options == {"norm": "batch", "width": 1.0}
    assert small.summary == "A network."


def test_a_marker_fixes_some_settings_of_its_name_and_starts_others_off():
    large, small = sorted(marked(SOURCE, "a.module"), key=lambda entry: entry.name)
    assert large.summary == "A large one."
    assert large.options == {"norm": "none", "width": 1.0}
    assert large.settings({"width": 2.0}) == {"blocks": 9, "norm": "none", "width": 2.0}
    assert large.settings({"norm": "group"})["norm"] == "group"
    assert small.settings({}) == {"blocks": 3}


def test_a_function_that_asks_for_its_name_is_given_it():
    (entry,) = marked('@mark("model", "one")\ndef network(io, *, name, norm="batch"): ...', "a.module")
    assert entry.settings({}) == {"name": "one"}
    assert entry.options == {"norm": "batch"}


def test_the_folder_is_the_list():
    assert "simple-nn" in catalogue("models", "model")


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ModelError, match='did you mean "simple-nn"'):
        find("models", "model", "simple_nn", ModelError)


def test_an_entry_gives_the_function_itself():
    function = find("models", "model", "simple-nn").load()
    assert function.__module__ in sys.modules
    assert function.__doc__


CLASS = '''
@mark("executor", "cluster", needs=("nothing_of_this_name",))
class Cluster:
    """Carries out runs elsewhere."""

    def __init__(self, job, *, number=4): ...

@mark("executor", "bare")
class Bare:
    """Is made of nothing."""
'''


def test_a_class_is_offered_as_a_function_is_with_what_makes_it():
    cluster, bare = marked(CLASS, "a.module")
    assert (cluster.name, cluster.function, cluster.summary) == ("cluster", "Cluster", "Carries out runs elsewhere.")
    assert (cluster.parameters, cluster.options) == (("job",), {"number": 4})
    assert (bare.parameters, bare.options, bare.needs) == ((), {}, ())


def test_a_package_that_is_missing_is_named_before_anything_is_imported():
    cluster, _ = marked(CLASS, "a.module.that.does.not.exist")
    with pytest.raises(InputError, match='executor "cluster" needs nothing_of_this_name: install it with: pip install'):
        cluster.load()


BOUND = """
@mark("step", "turn")
def turn(
    images, *, degrees: Annotated[float, "(0, 180]"], mode: Literal["zero", "reflect"] = "zero", again: bool = False
):
    ...
"""


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("turn(30)", {"degrees": 30}),
        ("turn(degrees=30)", {"degrees": 30}),
        ("turn(30, reflect, true)", {"degrees": 30, "mode": "reflect", "again": True}),
        ("turn(30, again=true)", {"degrees": 30, "again": True}),
    ],
)
def test_arguments_are_bound_by_their_order_or_by_their_name(text, arguments):
    (entry,) = marked(BOUND, "a.module")
    assert bind(call(text), entry) == (arguments, ())


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("turn", [("degrees is missing: write turn(degrees=...)", "turn")]),
        ("turn(200)", [("degrees = 200 must be above 0 and at most 180", "200")]),
        ("turn(degrees=none)", [("degrees = none must be a number", "degrees")]),
        ("turn(9, reflct)", [('mode = "reflct" is not one of its values: did you mean "reflect"?', "reflct")]),
        ("turn(9, degrees=8)", [("degrees is given twice", "degrees")]),
        (
            "turn(9, mod=zero, again=1)",
            [
                ('no option is called "mod": did you mean "mode"?', "mod"),
                ("again = 1 must be true or false", "again"),
            ],
        ),
        ("turn(1, zero, true, 4)", [("turn takes at most 3 arguments (degrees, mode, again); 4 given", "turn")]),
    ],
)
def test_whatever_cannot_be_bound_is_a_fault_with_its_word(text, faults):
    (entry,) = marked(BOUND, "a.module")
    assert [(str(fault), fault.near) for fault in bind(call(text), entry)[1]] == faults


@pytest.mark.parametrize(("folder", "kind"), [("execute", "executor"), ("track", "tracker"), ("export", "format")])
def test_what_needs_packages_names_the_extra_that_has_them(folder, kind):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needy = {name: entry.extra for name, entry in catalogue(folder, kind).items() if entry.needs}
    assert needy
    assert set(needy.values()) <= set(project["optional-dependencies"])
