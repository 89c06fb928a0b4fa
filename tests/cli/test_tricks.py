"""Eleven ways to a better verdict, each played through the command line: the verdict says what was known."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import AblabError
from ablab.store import Store
from small_study import small_study

pytestmark = pytest.mark.long
WORDS = ("simple-nn", "data=phantom(train=200, test=50)", "epochs=1", "batch=50")
TEXT = small_study('"batch norm" = "norm=batch"', '"wide" = "width=2"', model="simple-nn")


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ablab(*words, code=0):
    result = CliRunner().invoke(command, [str(word) for word in words])
    if isinstance(result.exception, AblabError):
        assert code == 2
        return str(result.exception)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def run(name, text, *options, store=".ablab"):
    """Carry out a study; its verdicts by the name of the variant."""
    Path(f"{name}.toml").write_text(text, encoding="utf-8")
    out = ablab("run", f"{name}.toml", "--executor", "here", "--store", store, "--json", *options)
    (found,) = [value for value in map(json.loads, out.splitlines()) if "verdicts" in value and "report" in value]
    return {verdict["variant"]: verdict for verdict in found["verdicts"]}


def seen(verdicts):
    return {name: verdict["known"] and verdict["known"]["seen"] for name, verdict in verdicts.items()}


def screen(name, store=".ablab"):
    return ablab("report", f"{name}.toml", "--store", store)


def assert_says_so(name, runs, store=".ablab"):
    """The terminal has the sentence, and no word stands alone."""
    text = screen(name, store)
    assert f"Known before: {runs}" in " ".join(text.split())
    assert "(known before)" in text


def test_an_honest_study_has_the_bare_word_and_goes_on_having_it(lab):
    assert seen(run("study", TEXT)) == {"batch norm": None, "wide": None}
    assert seen(run("study", TEXT)) == {"batch norm": None, "wide": None}
    assert "Known before" not in screen("study")


def test_to_drop_a_variant_under_the_same_name_is_refused_and_as_a_new_study_it_is_known(lab):
    run("study", TEXT)
    fewer = TEXT.replace('"wide" = "width=2"\n', "")
    (lab / "study.toml").write_text(fewer)
    refused = ablab("run", "study.toml", "--executor", "here", code=2)
    assert 'the variant "wide" (width=2) was removed or has changed' in refused
    assert seen(run("study", fewer, "--new", "--reuse")) == {"batch norm": 6}
    assert_says_so("study", "6 of 6 runs")


def test_one_file_for_each_number_of_seeds_is_known_from_the_second_on(lab):
    run("three", TEXT)
    assert seen(run("four", TEXT.replace("seeds = 3", "seeds = 4"), "--reuse")) == {"batch norm": 6, "wide": 6}
    assert_says_so("four", "6 of 8 runs")


def test_to_extend_a_study_on_the_same_runs_is_known(lab):
    run("study", TEXT)
    verdicts = run("longer", TEXT.replace("seeds = 3", 'seeds = "3..4"'), "--reuse")
    assert set(seen(verdicts).values()) == {6}
    assert_says_so("longer", "6 of")


@pytest.mark.parametrize(
    ("old", "new"), [("margin = 1.0", "margin = 9.0"), ("seeds = 3", "confidence = 0.8\nseeds = 3")]
)
def test_a_margin_or_a_confidence_that_is_chosen_after_looking_is_known(lab, old, new):
    run("study", TEXT)
    assert set(seen(run("other", TEXT.replace(old, new), "--reuse")).values()) == {6}
    assert_says_so("other", "6 of 6 runs")


def test_a_file_that_was_edited_is_refused_with_what_changed(lab):
    run("study", TEXT)
    (lab / "study.toml").write_text(TEXT.replace("margin = 1.0", "margin = 9.0"))
    assert "margin: 1.0 before, now 9.0" in ablab("run", "study.toml", "--executor", "here", code=2)


def test_a_new_name_alone_changes_nothing_and_with_an_edit_the_runs_are_known(lab):
    run("study", TEXT)
    assert set(seen(run("renamed", TEXT)).values()) == {None}
    assert set(seen(run("again", TEXT.replace("margin = 1.0", "margin = 2.0"), "--reuse")).values()) == {6}


def test_runs_of_ablab_train_are_known_in_the_terminal_too(lab):
    for seed in (0, 1):
        ablab("train", *WORDS, "--seed", seed)
    assert seen(run("study", TEXT, "--reuse")) == {"batch norm": 2, "wide": 2}
    assert_says_so("study", "2 of 6 runs had results when this plan was locked (2 trained with ablab train)")


def test_runs_that_were_sent_to_another_store_remember_who_has_judged_them(lab):
    run("study", TEXT)
    ablab("runs", "export", "--study", "study.toml", "--to", "runs.ablab")
    ablab("runs", "import", "runs.ablab", "--store", "fresh")
    (plan,) = {kept.plan for kept in Store(lab / "fresh").studies()}
    other = TEXT.replace("margin = 1.0", "margin = 2.0")
    assert set(seen(run("other", other, "--reuse", store="fresh")).values()) == {6}
    assert_says_so("other", f"6 of 6 runs had results when this plan was locked (judged by plan {plan})", "fresh")
    assert set(seen(run("study", TEXT, store="fresh")).values()) == {None}


def test_a_bad_run_that_is_removed_leaves_a_trace_and_is_known_to_a_later_plan(lab):
    run("study", TEXT)
    bad = Store(lab / ".ablab").runs()[0]
    ablab("runs", "rm", bad.id, "--why", "too good")
    (grave,) = json.loads(ablab("runs", "ls", "--removed", "--json"))
    assert (grave["run"], grave["why"], grave["accuracy"]) == (bad.id, "too good", bad.test.accuracy)
    assert set(seen(run("study", TEXT)).values()) == {None}  # the same seed again, for the plan that was locked before
    ablab("runs", "rm", *[one.id for one in Store(lab / ".ablab").runs()])
    assert set(seen(run("other", TEXT.replace("margin = 1.0", "margin = 2.0"), "--reuse")).values()) == {6}
    assert_says_so("other", "6 of 6 runs had results when this plan was locked (6 removed and trained again)")


def test_to_explore_and_then_to_run_uses_other_seeds_and_knows_nothing(lab):
    (lab / "study.toml").write_text(TEXT)
    ablab("explore", "study.toml", "--executor", "here")
    assert set(seen(run("study", TEXT)).values()) == {None}


def test_studies_that_are_run_together_are_locked_before_the_runs_and_may_share_them(lab):
    """What decides is when a plan was locked and when a run ended, not who had it trained."""
    (lab / "study.toml").write_text(TEXT)
    (lab / "other.toml").write_text(TEXT.replace("margin = 1.0", "margin = 2.0"))
    lines = ablab("run", "study.toml", "other.toml", "--executor", "here", "--json").splitlines()
    results = [result for result in map(json.loads, lines) if "verdicts" in result]
    assert len(results) == 2
    for result in results:
        assert {verdict["known"] for verdict in result["verdicts"]} == {None}
    assert len(Store(lab / ".ablab").ids()) == 9  # what one of them alone takes
    late = TEXT.replace("margin = 1.0", "margin = 3.0")
    assert set(seen(run("late", late, "--reuse")).values()) == {6}


def test_with_another_root_the_same_question_has_fresh_runs_and_the_bare_word(lab):
    run("study", TEXT)
    verdicts = run("fresh", TEXT.replace("margin = 1.0", "margin = 2.0\nroot = 1"))
    assert set(seen(verdicts).values()) == {None}
    assert all(seed >= 10_000 for verdict in verdicts.values() for seed in verdict["seeds"])


@pytest.mark.parametrize(
    "change",
    [("margin = 1.0", "margin = 2.0"), ("seeds = 3", "seeds = 4"), ('"wide" = "width=2"\n', "")],
    ids=["margin", "seeds", "variant"],
)
def test_a_new_question_about_runs_that_were_seen_takes_fresh_ones_and_says_what_that_costs(lab, change):
    run("study", TEXT)
    other = TEXT.replace(*change)
    (lab / "other.toml").write_text(other)
    planned = json.loads(ablab("plan", "other.toml", "--json"))
    assert planned["root"] == 1
    assert "fresh seeds (root 1): " in planned["note"]
    assert "to train them again takes about" in planned["note"]
    assert "--reuse uses them" in ablab("run", "other.toml", "--executor", "here")
    verdicts = run("other", other)  # goes on with the seeds that it was begun with
    assert set(seen(verdicts).values()) == {None}
    assert all(seed >= 10_000 for verdict in verdicts.values() for seed in verdict["seeds"])
    assert "known before" not in screen("other")


def test_a_file_that_is_copied_and_edited_is_another_plan_whatever_its_name(lab):
    run("study", TEXT)
    (lab / "sub").mkdir()
    verdicts = run("sub/study", TEXT.replace("margin = 1.0", "margin = 9.0"), "--reuse", "--new")
    assert set(seen(verdicts).values()) == {6}
    assert "Known before: 6" in " ".join(screen("sub/study").split())


def test_a_run_that_was_trained_alone_is_not_the_first_of_a_study(lab):
    ablab("train", *WORDS, "--seed", 0)
    verdicts = run("study", TEXT)
    assert set(seen(verdicts).values()) == {None}
    assert all(seed >= 10_000 for verdict in verdicts.values() for seed in verdict["seeds"])


def test_a_replication_asks_again_with_fresh_runs_and_both_answers_stand_side_by_side(lab):
    (lab / "study.toml").write_text(TEXT)
    assert "nothing to replicate yet" in ablab("run", "study.toml", "--replicate", code=2)
    first = run("study", TEXT)
    out = ablab("run", "study.toml", "--replicate", "--executor", "here")
    assert "a replication of plan" in out
    assert "Asked again" in out
    rows = ablab("table", "study.toml", "--what", "again", "--format", "csv").splitlines()[1:]
    assert [row.split(",")[:2] for row in rows if row[0] in "bw"] == [
        [name, asked] for name in first for asked in ("first", "root 1")
    ]
    assert run("study", TEXT) == first  # the first answer is what it was
    ablab("run", "study.toml", "--replicate", "--executor", "here")
    assert {kept.root for kept in Store(lab / ".ablab").studies()} == {0, 1, 2}


def test_answers_are_pooled_where_the_plan_said_so_before_the_first_one(lab):
    text = TEXT + "pool = 1\n"
    run("study", text)
    ablab("run", "study.toml", "--replicate", "--executor", "here")
    assert "The plan provided for pooling 1 replication" in " ".join(screen("study").split())
    rows = ablab("table", "study.toml", "--what", "again", "--format", "csv").splitlines()[1:]
    asked = [row.split(",") for row in rows if row[0] in "bw"]
    assert [row[1] for row in asked] == ["first", "root 1", "pooled"] * 2
    out = ablab("report", "study.toml", "--json")
    (found,) = [value for value in map(json.loads, out.splitlines()) if "pooled" in value]
    assert [(one["pairs"], one["answers"]) for one in found["pooled"]] == [(6, 2), (6, 2)]


def test_answers_are_not_pooled_because_somebody_asks_for_it_afterwards(lab):
    run("study", TEXT)
    ablab("run", "study.toml", "--replicate", "--executor", "here")
    assert "They are not pooled" in " ".join(screen("study").split())
    (lab / "study.toml").write_text(TEXT + "pool = 1\n")
    assert "pool: 0 before, now 1" in ablab("run", "study.toml", "--executor", "here", code=2)
    ablab("run", "study.toml", "--executor", "here", "--new")
    assert {kept.root for kept in Store(lab / ".ablab").studies()} == {0, 1, 2}  # fresh runs, and no replication
    assert "Asked again" not in screen("study")
