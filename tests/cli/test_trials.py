"""ablab plan, run and report with a study of a program, as a person types them."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablab import sharing
from ablab.cli import command
from ablab.errors import AblabError, InputError, StudyError
from ablab.store import Store
from ablab.store.claims import Claims
from ablab.store.trials import locked
from ablab.trials.file import read_trials
from ablab.trials.plan import plan as trial_plan

STUDY = """question = "Does the option help?"
command = "sh train.sh {seed} {args}"
files = ["train.sh"]
[variants]
"five more" = "5"
[result]
unit = "%"
[decide]
metric = "acc"
margin = 1
"""
TRAIN = """echo "$1 $2" >> calls
echo "epoch 1 of 1"
echo "{\\"acc\\": 0.$((700 + ($1 * 7) % 5 + ${2:-0} * 10 + ($1 + ${2:-0}) % 3)), \\"loss\\": $1.5}"
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.sh").write_text(TRAIN)
    (tmp_path / "s.toml").write_text(STUDY)


def invoke(*words):
    result = CliRunner().invoke(command, [*words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def last(said):
    """What the last line says: those before it are of single trials."""
    return json.loads(said.splitlines()[-1])


def calls():
    return Path("calls").read_text().splitlines()


def test_a_study_of_a_command_is_planned_run_and_reported():
    plan = invoke("plan", "s.toml")
    assert "3..10 seeds each: 7 to 21 trials (0 done already)" in plan
    assert "higher is better, margin 1 pp" in plan
    assert plan.endswith("next: ablab run s.toml\n")
    assert not Path("calls").exists()
    shown = invoke("run", "s.toml")
    assert "five more helps: +5." in shown
    assert "report: reports/s.html" in shown
    assert len(calls()) == len(set(calls())) + 1 == shown.count("\nseed ")  # one is called twice, to see if it repeats
    page = Path("reports/s.html").read_text()
    assert "Does the option help?" in page
    assert "sh train.sh {seed} {args}" in page
    assert "five more" in invoke("report", "s.toml")


def test_a_study_that_has_its_verdicts_calls_nothing_again():
    first = last(invoke("run", "s.toml", "--json"))
    many = len(calls())
    again = last(invoke("run", "s.toml", "--json", "--workers", "3"))
    assert again == first
    assert len(calls()) == many
    assert first["verdicts"][0]["word"] == "helps"


def test_the_order_in_which_trials_end_changes_no_verdict():
    one = last(invoke("run", "s.toml", "--json", "--store", "one"))
    four = last(invoke("run", "s.toml", "--json", "--store", "four", "--workers", "4"))
    times = {"time_ratio": 0, "sentence": ""}
    assert [{**v, **times} for v in one["verdicts"]] == [{**v, **times} for v in four["verdicts"]]


def test_a_study_that_is_changed_after_its_first_trial_is_refused_and_a_new_one_has_fresh_seeds():
    invoke("run", "s.toml")
    Path("s.toml").write_text(STUDY.replace("margin = 1", "margin = 2"))
    with pytest.raises(StudyError, match=r"has changed since:\n    margin: 1.0 before, now 2.0\n"):
        invoke("run", "s.toml")
    shown = invoke("run", "s.toml", "--new")
    assert "fresh seeds (root 1)" in shown
    assert "seed 10000" in shown
    assert "known before" not in shown
    Path("s.toml").write_text(STUDY.replace("margin = 1", "margin = 3"))
    reused = last(invoke("run", "s.toml", "--new", "--reuse", "--json"))
    assert reused["verdicts"][0]["known"] > 0
    assert "had results" not in reused["verdicts"][0]["sentence"].partition("trials had results")[0]
    Path("s.toml").write_text(STUDY)
    Path("train.sh").write_text(TRAIN + "# changed\n")
    with pytest.raises(StudyError, match="files: train.sh changed"):
        invoke("run", "s.toml")


def test_a_first_trial_without_a_figure_ends_the_study_and_nothing_is_kept():
    Path("train.sh").write_text("echo training; echo 'no such option' >&2; exit 2")
    with pytest.raises(AblabError, match=r"exit code 2. Nothing was kept(.|\n)*no such option"):
        invoke("run", "s.toml")
    Path("train.sh").write_text(TRAIN)
    assert "five more helps" in invoke("run", "s.toml")  # so a command that was mended starts afresh


def test_figures_in_percent_where_shares_are_expected_end_the_study_and_nothing_is_kept():
    Path("train.sh").write_text(TRAIN.replace("0.$((", "70.$(("))
    with pytest.raises(
        StudyError, match=r"70.7 is not a share from 0 to 1 \(the base with seed 0\).*: give 0.707 instead"
    ):
        invoke("run", "s.toml")
    Path("train.sh").write_text(TRAIN.replace("0.$((", "${2:+9}0.$(("))  # 90.8 with the option
    with pytest.raises(StudyError, match=r'90\.\d+ is not a share from 0 to 1 \("five more" with seed \d\)'):
        invoke("run", "s.toml")
    Path("s.toml").write_text(STUDY.replace('unit = "%"\n', ""))
    assert "five more helps" in invoke("run", "s.toml", "--new", "--reuse")
    Path("s.toml").write_text(STUDY)
    with pytest.raises(StudyError, match="is not a share"):  # trials that another study kept are checked, too
        invoke("run", "s.toml", "--new", "--reuse")


def test_a_variant_whose_trials_all_fail_costs_no_seeds_beyond_the_first():
    Path("train.sh").write_text(f'[ "$2" = 5 ] && exit 2\n{TRAIN}')
    shown = invoke("run", "s.toml")
    assert "Trials that failed: 3 of 3 of five more, 0 of 3 of the base" in shown
    assert "since every trial failed (the last one: exit code 2); ablab runs no further seeds of it" in shown
    assert len(calls()) == 4  # the base with 3 seeds, and once more with the first


def test_the_example_in_a_new_study_is_noticed_until_it_is_edited():
    invoke("init", "mine", "--command", "sh train.sh {seed} {args}")
    assert 'note: "an option" still has the arguments of the example, --option value' in invoke("plan", "mine.toml")
    Path("mine.toml").write_text(Path("mine.toml").read_text().replace("--option value", "5"))
    assert "still has" not in invoke("plan", "mine.toml")


def test_the_plan_counts_the_repeated_trial_in_its_table_as_in_its_sentence():
    (row,) = [line.split() for line in invoke("plan", "s.toml").splitlines() if "<- this study" in line]
    assert row[0] == "10"
    assert "21" in row
    Path("s.toml").write_text("repeat = false\n" + STUDY)
    (row,) = [line.split() for line in invoke("plan", "s.toml").splitlines() if "<- this study" in line]
    assert "20" in row


def test_two_metrics_are_an_error_that_names_them():
    Path("s.toml").write_text(STUDY.replace('metric = "acc"\n', ""))
    with pytest.raises(AblabError, match='several numbers in its output: acc, loss; choose one with metric = "acc"'):
        invoke("run", "s.toml")


def test_a_program_that_is_not_there_is_said_before_a_plan_is_locked():
    Path("s.toml").write_text(STUDY.replace("sh train", "no-such-program train"))
    for verb in ("plan", "run"):
        with pytest.raises(InputError, match="there is no such program on the PATH"):
            invoke(verb, "s.toml")
    assert not Path(".ablab").exists() or locked(Store(".ablab")) == []


@pytest.mark.parametrize("options", [["--scale", "full"], ["--skip-unreadable"], ["--data-root", "x"]])
def test_options_that_a_study_of_a_command_does_not_have_are_refused(options):
    with pytest.raises(InputError, match="a study of a program"):
        invoke("run", "s.toml", *options)


def test_the_exit_code_tells_the_verdict():
    done = CliRunner().invoke(command, ["run", "s.toml", "--exit-code"])
    assert done.exit_code == 0
    Path("s.toml").write_text(STUDY.replace("[result]\n", '[result]\nbetter = "lower"\n'))
    assert CliRunner().invoke(command, ["run", "s.toml", "--exit-code", "--new"]).exit_code == 4


def test_a_damaged_outcome_is_noticed(tmp_path):
    from ablab.store.care import damages

    invoke("run", "s.toml")
    store = Store(".ablab")
    assert list(damages(store)) == []
    with store.writing() as connection:
        connection.execute("UPDATE trials SET record = replace(record, '0.7', '0.8')")
    assert any("trial" in damage.what for damage in damages(store))
    with pytest.raises(AblabError, match="is damaged"):
        invoke("report", "s.toml")


def test_its_tables_are_written_in_every_format():
    invoke("run", "s.toml")
    assert "five more & " in invoke("table", "s.toml", "--format", "latex")
    rows = json.loads(invoke("table", "s.toml", "--json", "--what", "trials"))["tables"][0]["rows"]
    assert {row["arm"] for row in rows} == {"base", "five more"}
    assert all(0.6 < row["acc"] < 0.8 for row in rows)
    with pytest.raises(InputError, match="has the tables verdicts, again, trials"):
        invoke("table", "s.toml", "--what", "classes")


def test_its_verdicts_are_written_as_sentences_and_its_report_as_files_for_a_paper():
    invoke("run", "s.toml")
    said = invoke("write", "s.toml")
    assert said.startswith("With five more (5), the program sh train.sh {seed} {args} reached a mean acc of 7")
    assert r"\cite{ablab}" in invoke("write", "s.toml", "--format", "latex")
    value = json.loads(invoke("write", "s.toml", "--json"))["results"][0]
    assert value["statements"] == {"five more": said.partition("\n")[0]}
    assert "What to write" in Path("reports/s.html").read_text()
    invoke("report", "s.toml", "--format", "markdown", "--out", "paper")
    assert "Does the option help?" in Path("paper/REPORT.md").read_text()
    assert Path("paper/effects.png").read_bytes().startswith(b"\x89PNG")
    invoke("report", "s.toml", "--format", "latex", "--out", "paper")
    assert "ablab run s.toml" in Path("paper/report.tex").read_text()


def test_a_study_file_is_begun_with_every_line_explained():
    spaced = invoke("init", "my own", "--command", "sh train.sh {seed} {args}")
    assert "next: ablab plan 'my own.toml'" in spaced
    said = invoke("init", "mine", "--command", "sh train.sh {seed} {args}")
    assert said.endswith("next: ablab plan mine.toml\n")
    assert "7 to 21 trials" in invoke("plan", "mine.toml")
    with pytest.raises(StudyError, match="this file already has another study"):
        invoke("init", "s.toml", "--command", "sh train.sh {seed} {args}")
    with pytest.raises(StudyError, match=r"the command has no \{seed\}"):
        invoke("init", "other", "--command", "sh train.sh {args}")


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize(
    "number", [signal.SIGKILL, *(pytest.param(one, marks=pytest.mark.long) for one in (signal.SIGINT, signal.SIGTERM))]
)
def test_a_study_that_is_stopped_half_way_goes_on_and_calls_nothing_twice(number):
    Path("train.sh").write_text(TRAIN + "sleep 0.1\n")
    words = [sys.executable, "-m", "ablab", "run", "s.toml"]
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in parent.stdout:
        if line.startswith("seed 1"):
            parent.send_signal(number)
            break
    parent.stdout.close()
    parent.wait()
    before = len(calls())
    kept = json.loads(invoke("plan", "s.toml", "--json"))["done"]
    assert before - 1 <= kept <= before  # but for the one that was on its way
    assert "five more helps" in invoke("run", "s.toml")
    whole = json.loads(invoke("report", "s.toml", "--json"))
    assert len(calls()) <= len(whole["trials"]) + 2  # the repeat, and the one that was on its way


@pytest.mark.slow
def test_two_processes_with_one_store_call_nothing_twice():
    Path("train.sh").write_text(TRAIN + "sleep 0.1\n")
    words = [sys.executable, "-m", "ablab", "run", "s.toml", "--json", "--workers", "2"]
    both = [subprocess.Popen([*words, "--out", f"{at}.html"], stdout=subprocess.PIPE, text=True) for at in (1, 2)]
    said = [last(process.communicate()[0]) for process in both]
    assert said[0]["verdicts"] == said[1]["verdicts"]
    assert len(calls()) == len(set(calls())) + 1  # the repeat


def test_a_process_that_waits_for_a_trial_of_another_keeps_its_trackers(monkeypatch):
    theirs = Claims(Store(Path(".ablab")))
    first = trial_plan(read_trials(Path("s.toml"))).first
    theirs.take([first.id])
    monkeypatch.setattr(sharing.time, "sleep", lambda _seconds: theirs.release())
    with theirs:
        said = invoke("run", "s.toml", "--track", "jsonl(events.jsonl)")
    assert "ablab waits for its result" in said
    assert "left out" not in said
    lines = [json.loads(line) for line in Path("events.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["trial"] * len(calls()) + ["decided"]


def test_a_tracker_that_has_no_new_trial_to_follow_is_said():
    assert "alone" not in invoke("run", "s.toml", "--track", "jsonl(events.jsonl)")
    said = invoke("run", "s.toml", "--track", "jsonl(more.jsonl)")
    assert 'note: tracker "jsonl(more.jsonl)" gets only the verdicts: the store already has all results' in said


def test_words_for_a_shell_are_noticed_before_the_first_trial_and_a_shell_that_is_named_reads_them():
    for_a_shell = STUDY.replace("{args}", "{args} $HOME > out").replace("[variants]", 'base = "0"\n[variants]')
    Path("s.toml").write_text(for_a_shell)
    note = "note: no shell reads this command, so $HOME and > reach the program as they are"
    assert note in invoke("plan", "s.toml")
    assert note in invoke("run", "s.toml")
    Path("t.toml").write_text(STUDY.replace("sh train.sh {seed} {args}", "sh -c 'sh train.sh {seed} {args} | tail -1'"))
    said = invoke("run", "t.toml")
    assert "note:" not in said
    assert "five more helps" in said


def test_a_remark_leaves_the_name_of_a_variant_as_it_is_written():
    Path("s.toml").write_text(STUDY.replace('"five more" = "5"', '"v" = "0"'))
    said = invoke("run", "s.toml")
    assert '"v" gave the figures of the base with every seed' in said
    assert "V gave" not in said


def test_runs_ls_points_to_trials_and_the_list_of_trials_marks_the_repeated_call():
    invoke("run", "s.toml")
    listed = invoke("runs", "ls")
    assert f"no runs\n{len(calls())} trials of commands and functions: ablab runs ls --trials\n" in listed
    assert listed.splitlines()[-1] == "next: ablab runs ls --trials"
    assert sum("0, once more" in line for line in invoke("runs", "ls", "--trials").splitlines()) == 1


def test_its_report_has_nothing_to_verify_and_its_export_nothing_to_grade_and_both_say_so():
    invoke("run", "s.toml")
    with pytest.raises(InputError, match="ablab verify trains runs of recipes again, and calls no program"):
        invoke("verify", "reports/s.html")
    Path("class").mkdir()
    invoke("runs", "export", "--study", "s.toml", "--to", "class/ada.ablab")
    assert "s is a study of a program, and ablab grade checks studies of recipes alone" in invoke("grade", "class")


def test_trials_travel_in_a_file_and_give_the_same_verdict_elsewhere():
    ours = last(invoke("run", "s.toml", "--json"))
    trial = ours["trials"][0]["id"]
    assert f"trials.ablab: {len(ours['trials']) + 1} trials, " in invoke("runs", "export", "--to", "trials.ablab")
    assert "added 0 runs and " in invoke("runs", "import", "trials.ablab", "--store", "other")
    assert json.loads(invoke("report", "s.toml", "--json", "--store", "other"))["verdicts"] == ours["verdicts"]
    many = len(calls())
    assert last(invoke("run", "s.toml", "--json", "--store", "other"))["verdicts"] == ours["verdicts"]
    assert len(calls()) == many
    again = invoke("runs", "import", "trials.ablab", "--store", "other")
    assert f"{len(ours['trials']) + 1} were here already" in again
    invoke("runs", "export", trial, "--to", "one.ablab")
    said = invoke("runs", "import", "one.ablab", "--store", "third")
    assert "one.ablab: 0 runs and 1 trial added\n" in said
    assert said.endswith("next: ablab runs ls --trials --store third\n")
    invoke("runs", "export", "--study", "s.toml", "--to", "study.ablab")
    assert Path("study.ablab").read_text().count('"kind": "trial"') == len(ours["trials"]) + 1


def test_a_trial_with_another_result_is_refused():
    invoke("run", "s.toml")
    invoke("runs", "export", "--to", "trials.ablab")
    Path("train.sh").write_text(TRAIN.replace("700", "600"))
    Path("s.toml").write_text(STUDY.replace('files = ["train.sh"]\n', ""))
    invoke("run", "s.toml", "--store", "a", "--new")
    Path("train.sh").write_text(TRAIN)
    invoke("run", "s.toml", "--store", "b")
    invoke("runs", "export", "--to", "b.ablab", "--store", "b")
    done = CliRunner().invoke(command, ["runs", "import", "b.ablab", "--store", "a"])
    assert done.exit_code == 1
    assert "is in this store already with another result, and ablab kept that one" in done.output


def test_a_file_in_which_a_trial_was_changed_is_refused():
    import hashlib

    invoke("run", "s.toml")
    invoke("runs", "export", "--to", "trials.ablab")
    lines = [json.loads(line) for line in Path("trials.ablab").read_text().splitlines()]
    everything = hashlib.sha256()
    for line in lines[:-1]:
        if line["kind"] == "trial":
            line["content"]["outcome"]["trial"]["seed"] += 1
        text = json.dumps([line["kind"], line["content"]], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        line["sha256"] = hashlib.sha256(text.encode()).hexdigest()
        everything.update(line["sha256"].encode())
    end = {"runs": 0, "sha256": everything.hexdigest()}
    text = json.dumps(["end", end], sort_keys=True, separators=(",", ":"))
    lines[-1] = {"kind": "end", "sha256": hashlib.sha256(text.encode()).hexdigest(), "content": end}
    Path("trials.ablab").write_text("\n".join(map(json.dumps, lines)) + "\n")
    done = CliRunner().invoke(command, ["runs", "import", "trials.ablab", "--store", "other"])
    assert done.exit_code == 2
    assert "its call and its seed belong to another trial; nothing from this file was imported" in done.output


def test_trials_are_listed_shown_backed_up_checked_and_removed():
    invoke("run", "s.toml")
    rows = json.loads(invoke("runs", "ls", "--trials", "--json"))
    assert {row["study"] for row in rows} == {"s"}
    assert "five more" not in invoke("runs", "ls", "--trials")  # which lists arguments, and no names
    shown = invoke("runs", "show", rows[2]["id"][:8])
    assert f"seed       {rows[2]['trial']['seed']}" in shown
    assert "epoch 1 of 1" in shown
    assert f"0 runs and {len(rows)} trials, all intact" in invoke("runs", "verify")
    assert f"copy: 0 runs and {len(rows)} trials, " in invoke("runs", "backup", "copy")
    assert json.loads(invoke("runs", "ls", "--trials", "--json", "--store", "copy")) == rows
    with Store(".ablab").writing() as connection:
        connection.execute("UPDATE trials SET status = 'failed' WHERE id = ?", (rows[2]["id"],))
    done = CliRunner().invoke(command, ["runs", "verify"])
    assert done.exit_code == 1
    assert f"trial {rows[2]['id']}: " in done.output
    assert "1 damaged" in done.output
    invoke("runs", "rm", rows[2]["id"])
    many = len(calls())
    assert "five more helps" in invoke("run", "s.toml")
    assert len(calls()) == many + 1


def test_a_trial_that_was_removed_and_is_called_again_was_known():
    first = last(invoke("run", "s.toml", "--json"))
    before = first["trials"][0]["id"]
    Path("s.toml").write_text(STUDY.replace("margin = 1", "margin = 2"))
    invoke("runs", "rm", *(trial["id"] for trial in first["trials"]), "--why", "another margin")
    assert f"{before}" in invoke("runs", "ls", "--removed")
    again = last(invoke("run", "s.toml", "--new", "--reuse", "--json"))
    assert again["verdicts"][0]["known"] == len(first["trials"])


RECIPES = """question = "Does width help?"
data = "phantom(train=200,test=60)"
model = "mlp"
epochs = 1
batch = 50
train_images = 100
[variants]
"wide" = "hidden=[32]"
[decide]
margin = 5
seeds = "3..3"
"""


def test_studies_of_several_commands_share_one_pool_and_what_both_want_is_called_once():
    Path("t.toml").write_text(STUDY.replace('"five more" = "5"', '"six more" = "6"').replace("help?", "help more?"))
    shown = invoke("run", "s.toml", "t.toml", "--workers", "2")
    assert "s: five more helps" in shown
    assert "t: six more helps" in shown
    assert "s: seed 0" in shown
    assert len(calls()) == len(set(calls())) + 1  # the repeat, which both want
    assert Path("reports/t.html").exists()


def test_a_command_that_is_not_right_yet_is_left_out_and_the_others_go_on():
    Path("bad.toml").write_text(STUDY.replace("sh train.sh {seed} {args}", "sh -c false {seed} {args}"))
    done = CliRunner().invoke(command, ["run", "bad.toml", "s.toml"])
    assert done.exit_code == 1
    assert (
        "bad.toml: left out: bad.toml: the first trial, the base with seed 0, has no figure: exit code 1" in done.output
    )
    assert "five more helps" in done.output


@pytest.mark.long
def test_a_study_of_a_command_and_one_of_recipes_share_one_pool():
    Path("r.toml").write_text(RECIPES)
    shown = invoke("run", "s.toml", "r.toml", "--workers", "2")
    assert "five more helps" in shown
    assert "wide" in shown
    assert Path("reports/s.html").exists()
    assert Path("reports/r.html").exists()
    together = last(invoke("report", "r.toml", "--json"))
    invoke("run", "r.toml", "--store", "alone", "--workers", "2", "--out", "alone.html")
    alone = last(invoke("report", "r.toml", "--json", "--store", "alone"))
    assert [run["effect"] for run in together["verdicts"]] == [run["effect"] for run in alone["verdicts"]]


def test_a_command_is_called_on_this_machine_alone():
    with pytest.raises(InputError, match="s.toml calls a program, and ablab calls programs only on this machine"):
        invoke("run", "s.toml", "--executor", "folder(x)")
    assert "five more helps" in invoke("run", "s.toml", "--executor", "workers(2)")


def test_trackers_are_told_of_trials_and_of_the_verdicts():
    invoke("run", "s.toml", "--track", "jsonl(events.jsonl)")
    lines = [json.loads(line) for line in Path("events.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["trial"] * len(calls()) + ["decided"]
    assert lines[0]["figures"]["acc"] == pytest.approx(0.7)
    assert lines[-1]["verdicts"][0]["word"] == "helps"


@pytest.mark.slow
def test_a_study_that_is_asked_to_stop_stops_and_goes_on_later():
    from ablab.track.progress import request_stop, studies

    Path("train.sh").write_text(TRAIN + "sleep 0.1\n")
    words = [sys.executable, "-m", "ablab", "run", "s.toml"]
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in parent.stdout:
        if line.startswith("seed 0"):
            (live,) = studies(Path(".ablab"))
            request_stop(Path(".ablab"), live.plan)
            break
    parent.communicate()
    assert parent.returncode == 130
    assert len(calls()) < 7
    assert "five more helps" in invoke("run", "s.toml")


def test_its_effects_are_drawn_and_what_nobody_can_see_is_refused():
    invoke("run", "s.toml")
    assert "picture: figures/s-effects.png" in invoke("show", "effects", "s.toml", "--variant", "five more")
    assert Path("figures/s-effects.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match="curves: a study of a program has no such picture"):
        invoke("show", "curves", "s.toml")
    with pytest.raises(InputError, match="five more"):
        invoke("show", "effects", "s.toml", "--variant", "six more")


@pytest.mark.parametrize("words", [["explore", "s.toml"], ["slurm", "s.toml", "--nodes", "2"]])
def test_commands_for_recipes_say_that_this_is_no_study_of_them(words):
    with pytest.raises(
        InputError, match="s.toml: this study calls a program, and this command works only for studies of recipes"
    ):
        invoke(*words)


@pytest.mark.slow
def test_a_study_of_a_command_is_carried_out_without_torch():
    script = (
        "import sys\nfrom ablab.cli import command\n"
        "command(['run', 's.toml'], standalone_mode=False)\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_a_question_is_asked_again_with_seeds_that_nobody_has_seen_and_both_answers_stand():
    with pytest.raises(StudyError, match="there is nothing to replicate yet"):
        invoke("run", "s.toml", "--replicate")
    first = last(invoke("run", "s.toml", "--json"))
    said = invoke("run", "s.toml", "--replicate")
    assert f"a replication of plan {first['plan']}, with the seeds of root 1" in said
    assert "seed 10000" in said
    assert "Asked again: 1 replication with fresh runs." in said
    assert "root 1" in invoke("table", "s.toml", "--what", "again")
    assert "test images" not in Path("reports/s.html").read_text()
    both = last(invoke("report", "s.toml", "--json"))
    assert both["verdicts"] == first["verdicts"]
    assert [(one["root"], one["verdicts"][0]["word"]) for one in both["again"]] == [(1, "helps")]
    assert "Asked again" in Path("reports/s.html").read_text()
    last(invoke("run", "s.toml", "--replicate", "--json"))
    assert [one["root"] for one in last(invoke("report", "s.toml", "--json"))["again"]] == [1, 2]
