"""Show what a study will cost and what effect it can see, before anything is spent"""

from pathlib import Path

import click

from ablab.cli.shared import data_root_option, json_option, say, scale_option, store_option


@click.command(help=__doc__)
@click.argument("study", type=click.Path(path_type=Path))
@scale_option
@click.option("--skip-unreadable", is_flag=True, help="Go on without pictures that cannot be read.")
@data_root_option
@store_option
@json_option
def command(
    study: Path, scale: str, skip_unreadable: bool, data_root: str | None, store: str | None, as_json: bool
) -> None:
    show_plan(study, data_root, store, as_json, scale=scale, skip_unreadable=skip_unreadable)


def show_plan(
    study: Path,
    data_root: str | None,
    store: str | None,
    as_json: bool,
    *,
    scale: str = "default",
    skip_unreadable: bool = False,
) -> None:
    """Print the plan of a study and what can be foreseen of it."""
    import dataclasses

    from ablab.conduct import foresee_study, read_studies
    from ablab.report.foreseen import foreseen
    from ablab.store import Store, place

    folder = place(store)
    kept = Store(folder) if (folder / "store.sqlite").exists() else None
    at_scale = "" if scale == "default" else f" --scale {scale}"
    for part in read_studies(study, scale):
        plan, foresight = foresee_study(part, kept, root=data_root, skip_unreadable=skip_unreadable)
        facts = {
            "plan": plan.hash,
            "question": plan.study.question,
            "runs": [len(plan.wanted), len(plan.most)],
            **dataclasses.asdict(foresight),
        }
        say(as_json, facts, foreseen(plan, foresight), f"ablab run {study}{at_scale}")
