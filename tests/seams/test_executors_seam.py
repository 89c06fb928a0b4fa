"""An executor is one new file: the command line then runs a study with it."""

import json

import pytest

EXECUTOR = '''"""The executor that says on the error stream what it carries out."""

import sys

from ablab.catalogue import mark
from ablab.execute.checkpoints import carry_out


@mark("executor", "mine")
class Mine:
    """One run after the other, always the most urgent one."""

    slots = 1

    def __init__(self, job, *, greeting="hello"):
        self.job, self.greeting = job, greeting

    def __enter__(self):
        return self

    def __exit__(self, *_):
        print("bye", file=sys.stderr)

    def __call__(self, wanted, observe):
        while specs := wanted():
            spec = specs[0]
            print(self.greeting, spec.seed, file=sys.stderr)
            yield carry_out(spec, self.job.load(spec.recipe), observe, self.job.checkpoints)
'''


@pytest.mark.slow
def test_an_executor_is_one_new_file(package_copy):
    package_copy.drop("execute/mine.py", EXECUTOR)
    package_copy.write_study("norm.toml")
    done = package_copy.run("run", "norm.toml", "--executor", "mine(hi)", "--json")
    assert done.returncode == 0, done.stderr
    said = done.stderr.split("\n")
    assert [line for line in said if line.startswith("hi")] == ["hi 0", "hi 0", "hi 1", "hi 1", "hi 2", "hi 2"]
    assert "bye" in said
    assert len(json.loads(done.stdout.splitlines()[-1])["verdicts"]) == 1
    refused = package_copy.run("run", "norm.toml", "--executor", "mime")
    assert refused.returncode == 2
    assert 'did you mean "mine"?' in refused.stderr
