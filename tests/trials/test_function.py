"""Studies of Python functions, through the calls of a script."""

import random

import numpy as np
import pytest
import torch

import ablab
from ablab.errors import AblabError, InputError, StudyError
from ablab.trials.function import numbers_of


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


calls = []


def better(arguments, seed):
    """Noise that base and variant share, some that they do not, and an effect."""
    calls.append((dict(arguments), seed))
    shared, own = random.Random(seed), random.Random(f"{seed} {arguments}")
    return 10 + shared.gauss(0, 1) + own.gauss(0, 0.1) + arguments.get("more", 0)


@pytest.fixture(autouse=True)
def _no_calls():
    calls.clear()


def test_a_function_is_called_until_its_verdicts_stand_and_not_again():
    asked = {"base": {"width": 1}, "variants": {"more": {"more": 2}}, "margin": 0.5}
    result = ablab.compare_function(better, **asked)
    (verdict,) = result.verdicts
    assert (verdict.word, verdict.arguments) == ("helps", '{"more": 2, "width": 1}')
    assert verdict.effect == pytest.approx(2, abs=0.5)
    assert result.remarks == ()
    assert calls[0] == ({"width": 1}, 0) == calls[1]  # the base is called once more, to see if its seed settles it
    many = len(calls)
    assert ablab.compare_function(better, **asked).verdicts == result.verdicts
    assert len(calls) == many
    assert "more" in result.to_html()
    assert repr(result) == f"<TrialResult of better-more: more: helps; {many} trials>"


def test_a_call_shows_its_lines_where_it_is_asked_to(capsys):
    ablab.compare_function(better, {"more": {"more": 2}}, margin=0.5, seeds="3..4")
    assert capsys.readouterr().out == ""
    ablab.compare_function(better, {"less": {"more": -2}}, margin=0.5, seeds="3..4", show=True, name="other")
    said = capsys.readouterr().out
    assert "seed 10000 base" in said  # another question has seeds of its own, whose results nobody has seen
    assert said.count("less") == 3


def test_another_function_under_the_same_name_is_another_study():
    def named(change):
        return lambda arguments, seed: better(arguments, seed) + change

    ablab.compare_function(named(0), {"more": {"more": 2}}, margin=0.5)
    with pytest.raises(StudyError, match="has changed since:\n    function: "):
        ablab.compare_function(named(1), {"more": {"more": 2}}, margin=0.5)
    assert ablab.compare_function(named(1), {"more": {"more": 2}}, margin=0.5, is_new=True).verdicts[0].word == "helps"


def test_a_mapping_has_several_figures_and_one_decides():
    def both(arguments, seed):
        value = better(arguments, seed)
        return {"loss": value, "accuracy": torch.tensor(1 / value)}

    result = ablab.compare_function(both, {"more": {"more": 2}}, metric="loss", better="lower", margin=0.5)
    assert result.verdicts[0].word == "hurts"
    with pytest.raises(AblabError, match='several numbers: loss, accuracy; choose one with metric="loss"'):
        ablab.compare_function(both, {"more": {"more": 2}}, margin=0.5, name="other")


def test_what_a_first_call_raises_ends_the_study_with_its_place():
    def broken(arguments, seed):
        raise KeyError("width")

    with pytest.raises(AblabError, match="KeyError: 'width'(.|\n)*in broken"):
        ablab.compare_function(broken, {"more": {"more": 2}}, margin=0.5)


def test_a_later_call_that_raises_has_failed_and_its_pair_is_left_out():
    def sometimes(arguments, seed):
        if arguments and seed == 1:
            raise RuntimeError("diverged")
        return better(arguments, seed)

    (verdict,) = ablab.compare_function(sometimes, {"more": {"more": 2}}, margin=0.5).verdicts
    assert (verdict.failures, verdict.word) == (1, "helps")
    assert verdict.tried == verdict.pairs + 1


def test_ctrl_c_is_no_failure_and_what_was_called_is_kept():
    def interrupted(arguments, seed):
        if len(calls) == 5:
            calls.append("stop")
            raise KeyboardInterrupt
        return better(arguments, seed)

    with pytest.raises(KeyboardInterrupt):
        ablab.compare_function(interrupted, {"more": {"more": 2}}, margin=0.5)
    ablab.compare_function(interrupted, {"more": {"more": 2}}, margin=0.5)
    made = [(str(arguments), seed) for arguments, seed in (call for call in calls if call != "stop")]
    assert len(set(made)) == len(made) - 1  # the repeat


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "the margin is missing"),
        ({"margin": 1, "unti": "%"}, '"unti" is not one of the rules: did you mean "unit"?'),
        ({"margin": 1, "variants": {}}, "there is nothing to compare"),
        ({"margin": 1, "variants": {"same": {}}}, '"same" has the same arguments as the base'),
        (
            {"margin": 1, "variants": {"f": {"act": len}}},
            "the arguments of f must be numbers, texts, lists or mappings",
        ),
        ({"margin": 1, "seeds": "2"}, "two seeds never give a verdict"),
        ({"margin": 1, "files": ["nowhere"]}, "nowhere: cannot be read"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_called(words, message):
    with pytest.raises(InputError) as caught:
        ablab.compare_function(better, **{"variants": {"more": {"more": 2}}, **words})
    assert message in str(caught.value)
    assert calls == []


def test_numbers_of_any_library_are_numbers():
    found = numbers_of({"a": np.float32(0.5), "b": torch.tensor([2.0]), "c": np.int64(3), "d": True, "e": [1.0, 2.0]})
    assert found == {"a": 0.5, "b": 2.0, "c": 3.0}


def test_a_command_is_compared_from_python_as_from_a_file(tmp_path):
    (tmp_path / "train.sh").write_text('echo "0.$((50 + $1 % 3 + ${2:-0}))"')
    seen = []
    result = ablab.compare_command(
        "sh train.sh {seed} {args}",
        {"more": "20"},
        files=["train.sh"],
        unit="%",
        margin=1,
        seeds="3..6",
        workers=2,
        store="kept",
        show=lambda _plan, outcome, _decision: seen.append(outcome.trial.id),
    )
    assert result.verdicts[0].effect == pytest.approx(20)
    assert len(seen) == len(set(seen)) == len(result.outcomes)
    with pytest.raises(StudyError, match=r"no \{seed\}"):
        ablab.compare_command("sh train.sh {args}", {"more": "20"}, margin=1)


def test_percent_where_shares_are_expected_is_an_error_that_names_the_value():
    def accuracy(scale, seed):
        return scale * (0.92 + seed / 100)

    with pytest.raises(StudyError, match=r'92 is not a share from 0 to 1 \("more" with seed 0\).*: give 0.92 instead'):
        ablab.compare_function(accuracy, {"more": 100}, base=1, unit="%", margin=1, seeds="3", repeat=False)
