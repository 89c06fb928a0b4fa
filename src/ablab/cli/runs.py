"""Look at the runs in the store, or remove one"""

import click

from ablab.cli.shared import json_option, say, store_option


@click.group(help=__doc__, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_runs)


@command.command("ls", help="List the runs, the newest last.")
@store_option
@json_option
def list_runs(store: str | None = None, as_json: bool = False) -> None:
    from ablab.report.tables import runs_table
    from ablab.store import Store, place

    runs = Store(place(store), create=False).runs()
    say(as_json, [summary(run) for run in runs], runs_table(runs), f"ablab runs show {runs[-1].id}" if runs else None)


@command.command("show", help="Show one run: its recipe, its curve, its test measurement.")
@click.argument("run")
@store_option
@json_option
def show_run(run: str, store: str | None, as_json: bool) -> None:
    import json

    from ablab.report.tables import run_details
    from ablab.store import Store, place

    found = Store(place(store), create=False).run(run)
    say(as_json, json.loads(found.to_json()), run_details(found), "ablab runs ls")


@command.command("rm", help="Remove one run; a study that needs it trains it again.")
@click.argument("run")
@store_option
@json_option
def remove_run(run: str, store: str | None, as_json: bool) -> None:
    from ablab.store import Store, place

    kept = Store(place(store), create=False)
    found = kept.run(run)
    kept.remove(found)
    say(as_json, {"removed": found.id}, f"removed run {found.id}", "ablab runs ls")


def summary(run: "Run") -> dict[str, object]:  # type: ignore[name-defined]  # noqa: F821
    """One line of the list, as JSON."""
    return {
        "id": run.id,
        "model": run.wanted.recipe.model,
        "data": run.wanted.recipe.data,
        "changes": run.wanted.recipe.changes(),
        "seed": run.wanted.seed,
        "status": run.status,
        "test_accuracy": run.test.accuracy if run.test else None,
        "selected_epoch": run.selected_epoch,
        "seconds": run.cost.seconds,
    }
