"""The text of a study, from recipes in values or in the words of a command line."""

import pytest

from ablab.errors import StudyError
from ablab.recipe import Recipe
from ablab.study import Study
from ablab.study.question.files import write_searched, write_study
from ablab.study.question.write import base_keys, study_toml

BASE = Recipe.of({"model": "mlp", "epochs": 3})


def test_what_is_written_reads_as_the_study_of_these_changes():
    study = Study.from_toml(study_toml(BASE, ["norm=batch", "lr=0.01  epochs=6"], seeds="4..8", margin=0.3))
    assert study.base == BASE
    assert {one.name: one.recipe for one in study.variants} == {
        "norm=batch": BASE.with_("norm=batch"),
        "lr=0.01 epochs=6": BASE.with_("lr=0.01 epochs=6"),
    }
    assert (study.rule.seeds, study.rule.margin) == ((4, 8), 0.3)


def test_one_change_twice_is_an_error_however_it_is_spaced():
    with pytest.raises(StudyError, match="lr=0.01 epochs=6"):
        study_toml(BASE, ["lr=0.01 epochs=6", "lr=0.01   epochs=6"])


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("mlp data=digits epochs=3", {"model": "mlp", "data": "digits", "epochs": 3}),
        ("data=digits epochs=3", {"data": "digits", "epochs": 3}),
        ("mlp", {"model": "mlp"}),
        ("", {}),
    ],
)
def test_a_base_in_words_may_name_a_model_first(words, keys):
    assert base_keys(words) == keys


def test_a_file_is_written_once_and_another_study_never_replaces_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_study(None, BASE, ["norm=batch"])
    assert (path.parent.name, path.suffix) == ("studies", ".toml")
    assert write_study(path, BASE, ["norm=batch"]) == path
    with pytest.raises(StudyError, match="--study FILE"):
        write_study(path, BASE, ["lr=0.01"])
    with pytest.raises(StudyError, match="--out FILE"):
        write_searched(path, study_toml(BASE, ["lr=0.01"]))
    assert path.read_text(encoding="utf-8") == study_toml(BASE, ["norm=batch"])
