"""The section [execute] of a study file: it chooses where runs are carried out and nothing else."""

import pytest

from ablab.conduct import run_studies, run_study
from ablab.errors import AblabError, InputError, StudyError
from ablab.store import Store
from ablab.study import Study, plan
from small_study import small_study

TEXT = small_study(model="mlp")
NOBODY = '[execute]\nexecutor = "ray(127.0.0.1:1)"\n'  # port 1 is for root alone, and nobody uses it


def nothing(_plan):
    return lambda *_: None


def test_the_plan_of_a_study_is_the_same_wherever_it_is_carried_out():
    here, there = Study.from_toml(TEXT), Study.from_toml(TEXT + NOBODY)
    assert there.executor == "ray(127.0.0.1:1)"
    assert plan(here, "fingerprint").hash == plan(there, "fingerprint").hash


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ('[execute]\nexecutor = "rai(host:1)"', 'study.toml:12: no executor is called "rai"'),
        ('[execute]\nexecutor = "workers(0)"', "study.toml:12: executor = workers.0.: number = 0 must be"),
        ("[execute]\nexecutor = 3", 'study.toml:12: write executor as text, such as "workers'),
        ('[execute]\nworkers = "2"', 'study.toml:12: .execute. has no key "workers"'),
        ("[execute]", "study.toml:11: write executor as text"),
        ('[executor]\nexecutor = "here"', 'unknown section .executor.\n.*\n.*\ndid you mean "execute"'),
    ],
)
def test_what_is_no_executor_is_refused_with_its_line(section, message):
    with pytest.raises(StudyError, match=message):
        Study.from_toml(f"{TEXT}{section}\n")


@pytest.mark.slow
def test_the_file_says_where_unless_the_command_does(tmp_path):
    study = Study.from_toml(TEXT + NOBODY)
    with pytest.raises(AblabError, match=r"127.0.0.1:1: no Ray cluster answers there"):
        run_study(study, Store(tmp_path), show=nothing)
    assert len(run_study(study, Store(tmp_path), show=nothing, executor="here").runs) == 6


def test_studies_that_name_different_executors_do_not_share_one(tmp_path):
    texts = {"one": TEXT + NOBODY, "two": TEXT.replace("epochs = 1", "epochs = 2") + '[execute]\nexecutor = "here"\n'}
    studies = [Study.from_toml(text, f"{name}.toml") for name, text in texts.items()]
    with pytest.raises(InputError, match="one.toml and two.toml name different executors"):
        list(run_studies(studies, Store(tmp_path), show=nothing))
