"""A small class: two students who have trained the same study, and what cheats make of their files."""

import json
from pathlib import Path

from ablab.conduct import run_study
from ablab.execute import Loader
from ablab.grading.grade import Rerun, grade
from ablab.grading.hand_in import hand_ins
from ablab.store import Store, exchange
from ablab.store.exchange import export
from ablab.study import Study

TEXT = """question = "Does batch norm help?"
data = "phantom(train=120, test=40)"
epochs = 1
batch = 40
threads = 1
[variants]
"batch norm" = "norm=batch"
[decide]
margin = 5.0
seeds = 3
"""
ASSIGNMENT = Study.from_toml(TEXT, "assignment.toml")


def quiet(*_):
    """Follow nothing."""


def carried_out(folder: Path, study: Study = ASSIGNMENT, **options) -> Store:
    """A store of its own with a study in it."""
    store = Store(folder)
    run_study(study, store, show=lambda _plan: _Nobody(), executor="here", **options)
    return store


class _Nobody:
    def __call__(self, *_):
        pass

    def decided(self, *_):
        pass


def handed_in(store: Store, path: Path, study: Study = ASSIGNMENT) -> Path:
    """What `ablab runs export --study` writes."""
    export(store, store.ids(), path, [kept for kept in store.studies() if kept.name == study.name])
    return path


def rewritten(path: Path, change) -> Path:
    """The file with every line's content changed, or left out where that gives None, and all digests made to fit."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    with path.open("wb") as file:
        write = exchange._Writer(file)
        for line in lines[:-1]:
            if (content := change(line["kind"], line["content"])) is not None:
                write(line["kind"], content)
        write.end()
    return path


def graded(folder: Path, assigned=(ASSIGNMENT,), many=0, **options):
    """The grades of a folder by name."""
    grades = grade(hand_ins(folder), assigned, Rerun(many, Loader(), quiet), **options)
    return {one.name: one for one in grades}


def said(one, check) -> str:
    return "; ".join(finding.text for finding in one.findings if finding.check == check and finding.mark != "ok")
