"""Show what a study will cost and how small an effect it can detect, before any training"""

import click

from ablab.cli.shared import StudyWords, answered, explain_option, json_option, reuse_option, say_code_of, study_words
from ablab.cli.trials import refuse, study_of_command
from ablab.cli.trials import show_plan as show_trials

GROUP = "Ask"
EXAMPLES = (
    "ablab plan quickstart",
    "ablab plan mine.toml --scale full",
)


@click.command(help=__doc__)
@study_words()
@click.option("--skip-unreadable", is_flag=True, help="Skip images that cannot be read.")
@reuse_option
@explain_option
@json_option
def command(study: StudyWords, skip_unreadable: bool, reuses: bool, as_json: bool) -> None:
    if asked := study_of_command(study):
        refuse(asked, {"--skip-unreadable": skip_unreadable, "--data-root": study.data_root})
        show_trials(asked, study, as_json, reuses=reuses)
        return
    show_plan(study, as_json, skip_unreadable=skip_unreadable, reuses=reuses)


def show_plan(study: StudyWords, as_json: bool, *, skip_unreadable: bool = False, reuses: bool = False) -> None:
    """Print the plan of a study and what can be foreseen of it."""
    import dataclasses
    import functools

    from ablab.prepare import foresee_study
    from ablab.report.explained import of_plan
    from ablab.report.terminal.plan import foreseen
    from ablab.store import place

    kept = study.open_store(create=True) if (place(study.store) / "store.sqlite").exists() else None
    parts = study.parts()
    say_code_of(parts)
    for part in parts:
        plan, foresight = foresee_study(
            part, kept, root=study.data_root, skip_unreadable=skip_unreadable, reuses=reuses
        )
        facts = {
            "plan": plan.hash,
            "root": plan.study.rule.root,
            "note": plan.note,
            "question": plan.study.question,
            "runs": [len(plan.wanted), len(plan.most)],
            **dataclasses.asdict(foresight),
        }
        explain = functools.partial(of_plan, plan, foresight)
        answered(as_json, facts, foreseen(plan, foresight), "", study.command("run"), explain)
