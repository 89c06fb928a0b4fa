"""The digest of a function changes with what it does, and with nothing else."""

import functools
import os
import subprocess
import sys

import pytest

from ablab.trials.code import code_digest

SOURCE = """
RATE = 0.1
seen = []

def helper(x):
    return x * RATE

class Model:
    def score(self, x):
        return x + 1

def train(arguments, seed, epochs=3):
    # a comment
    seen.append(seed)
    def inner(y):
        return y in {"a", "b"}
    return helper(seed) + Model().score(epochs) + inner("a")
"""


def digest(source, name="train"):
    space = {"__name__": "a_module"}
    exec(source, space)
    return code_digest(space[name])


@pytest.mark.parametrize(
    "change",
    [
        ("x * RATE", "x / RATE"),  # a function that it calls
        ("RATE = 0.1", "RATE = 0.2"),  # a constant
        ("return x + 1", "return x + 2"),  # a class
        ("epochs=3", "epochs=4"),
        ('{"a", "b"}', '{"a", "c"}'),
        ("helper(seed) +", "helper(seed) -"),
    ],
)
def test_it_changes_with_what_the_function_does(change):
    assert digest(SOURCE.replace(*change)) != digest(SOURCE)


@pytest.mark.parametrize(
    "change", [("# a comment", "# another"), ("seen = []", "seen = [1, 2]"), ("\nclass", "\n\n\nclass")]
)
def test_it_stays_with_comments_places_and_what_is_no_constant(change):
    assert digest(SOURCE.replace(*change)) == digest(SOURCE)


def test_it_is_the_same_in_another_process_whatever_the_order_of_sets():
    code = f"from ablab.trials.code import code_digest\nspace = {{'__name__': 'a_module'}}\nexec({SOURCE!r}, space)\n"
    code += "print(code_digest(space['train']))"
    said = set()
    for seed in ("1", "2"):
        around = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=around)
        said.add(done.stdout.strip())
    assert said == {digest(SOURCE)}


def test_values_around_a_function_and_bound_arguments_count():
    def made(rate):
        return lambda arguments, seed: seed * rate

    assert code_digest(made(1)) != code_digest(made(2))
    assert code_digest(made(1)) == code_digest(made(1))
    first = made(1)
    assert code_digest(functools.partial(first, 1)) != code_digest(functools.partial(first, 2))


def test_a_function_that_calls_itself_and_objects_that_are_called_have_digests():
    assert digest("def train(a, seed):\n    return train(a, seed - 1)") != digest("def train(a, seed):\n    return 1")

    class Call:
        def __call__(self, arguments, seed):
            return seed

    class Other:
        def __call__(self, arguments, seed):
            return seed + 1

    assert code_digest(Call()) != code_digest(Other())
    assert code_digest(len) == code_digest(len)
