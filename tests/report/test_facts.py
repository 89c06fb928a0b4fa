"""The facts about a run are those that were recorded, the same wherever they are shown."""

import dataclasses

from ablab.recipe import Recipe
from ablab.report.facts import facts_of
from ablab.report.notebook import html_of
from ablab.report.terminal.run import run_details
from sample_runs import sample_run


def test_the_facts_of_a_run_are_what_was_recorded():
    facts = dict(facts_of(sample_run(7, 0.4321, Recipe(select="test"), note="something to know")))
    assert "seed 7" in facts["recipe"]
    assert facts["status"] == "finished"
    assert facts["test"].startswith("43.21 % of 200 images, loss ")
    assert "biased: chosen on the test images (n = 1 run)" in facts["test"]
    assert "82,030 parameters" in facts["cost"]
    assert facts["note"] == "something to know"


def test_one_thread_is_not_many():
    run = sample_run()
    for threads, words in ((1, "1 thread,"), (2, "2 threads,")):
        machine = dataclasses.replace(run.machine, threads=threads)
        assert words in dict(facts_of(dataclasses.replace(run, machine=machine)))["machine"]


def test_terminal_and_notebook_show_the_same_facts():
    run = sample_run(3, 0.4321)
    for _, text in facts_of(run):
        assert text in run_details(run)
        assert text in html_of(run)
