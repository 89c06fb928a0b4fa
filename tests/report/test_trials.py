"""The report and the terminal's lines of a study of a program say what there is, and obey nothing in it."""

import dataclasses

from ablab.report.notebook import html_of
from ablab.report.page.trials import trials_page
from ablab.report.section import sections
from ablab.report.sections.trial_effects import verdict_table
from ablab.report.statement import statement, written
from ablab.report.terminal.trials import line_of, plan_text, result_text
from ablab.trials.decide import decide
from ablab.trials.plan import plan
from ablab.trials.question import Arm
from ablab.trials.result import TrialResult
from sample_trials import outcomes, study

BASE = [10.0, 12.0, 11.0, 13.0]
BETTER = [15.0, 17.2, 16.1, 18.3]


def result(asked, figures, **more):
    planned = plan(asked)
    found = outcomes(asked, figures, **more)
    return TrialResult(planned, found, decide(planned, found))


def test_the_table_of_verdicts_has_the_figures_of_both_sides():
    table = verdict_table(result(study(), {"": BASE, "--b": BETTER}))
    base, variant = ([cell.text for cell in row] for row in table.rows)
    assert base[:2] == ["base", ""]
    assert variant[:2] == ["b", "--b"]
    assert variant[4].startswith("+5.1")
    assert variant[-1] == "helps"


def test_the_page_has_verdicts_trials_and_what_was_called():
    page = trials_page(result(study(), {"": BASE, "--b": [*BETTER[:3], None]}))
    for text in ("python train.py --seed {seed} {args}", "b helps", "failed", "locked"):
        assert text in page
    names = [section.name for section in sections(result(study(), {"": BASE, "--b": BETTER}), "page")]
    assert names == ["verdicts", "effects", "to_write", "trials", "called", "words"]


def test_what_a_failed_trial_has_printed_is_shown_and_escaped():
    bad = "<script>alert(1)</script>\x1b[31m"
    made = result(study(), {"": BASE, "--b": [None, *BETTER[1:]]}, errors=bad, note="exit code 3")
    page = trials_page(made)
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "\x1b" not in page
    assert "\x1b" not in result_text(made)


def test_hostile_names_and_arguments_are_text():
    name = "<img src=x onerror=alert(1)>"
    asked = dataclasses.replace(study(), variants=(Arm(name, "--b '<b>'"),), question="<h1>why</h1>")
    made = result(asked, {"": BASE, "--b '<b>'": BETTER})
    for page in (trials_page(made), html_of(made)):
        assert "<img" not in page
        assert "<h1>why" not in page


def test_a_plan_says_what_it_takes_and_a_line_what_a_trial_came_to():
    asked = study(has_repeat=True)
    planned, found = plan(asked), outcomes(asked, {"": BASE[:1]})
    said = plan_text(planned, found, None)
    assert "7 to 21 trials (1 done already)" in said
    assert "there is no time limit" in said
    assert "still to do: about 6.0 s to 20 s" in said
    (outcome,) = found.values()
    line = line_of(planned, outcome, decide(planned, found))
    assert (
        " ".join(line.split()) == "seed 0 base 10.0000 1.0 s 0 of 1 decided; at most 6 more trials before the next look"
    )


def test_the_line_of_a_failed_trial_ends_with_the_last_error_that_its_program_printed():
    asked = study()
    errors = "usage: py [--seed SEED]\npy: error: no such \x1b[31moption --b\n\n"
    planned, found = plan(asked), outcomes(asked, {"--b": [None]}, errors=errors, note="exit code 2")
    (outcome,) = found.values()
    line = line_of(planned, outcome, decide(planned, found))
    assert "exit code 2: py: error: no such" in line
    assert "\x1b" not in line


def test_what_to_write_has_the_figures_of_both_sides_and_the_call():
    made = result(
        study(("b", "c"), unit="%"), {"": [0.1, 0.12, 0.11], "--b": [0.15, 0.172, 0.161], "--c": [0.1, 0.12, None]}
    )
    texts = [statement(made, verdict) for verdict in made.verdicts]
    assert texts[0].startswith(
        "With b (--b), the program python train.py --seed {seed} {args} reached a mean figure of 16.10 % (SD 1.10), "
        "against 11.00 % (SD 1.00) without it (n = 3 pairs of calls that share a seed). "
        "The mean difference was +5.10 percentage points (95 % confidence interval "
    )
    assert (
        "adjusted for looks at 3 to 10 pairs and for 2 comparisons; the margin was set in the plan (ablab " in texts[0]
    )
    assert f"rule 1, plan {made.plan.hash})." in texts[0]
    assert (
        "Of 3 calls each, 1 of the variant and 0 of the base failed. The comparison leaves out their pairs." in texts[1]
    )
    assert written(made, "latex").count(r"\cite{ablab}") == 2
    assert f"plan {made.plan.hash}" in written(made, "latex")


def test_what_to_write_counts_nothing_in_units_that_nobody_named():
    made = result(study(), {"": BASE, "--b": BETTER})
    assert "The mean difference was +5.1000 (95 % confidence interval" in statement(made, made.verdicts[0])
