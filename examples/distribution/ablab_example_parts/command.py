"""A command: the run of a store that trained longest."""

import click

from ablab.store import Store, place


@click.command()
@click.option("--store", metavar="DIR", help="Where runs are kept.")
def command(store: str | None) -> None:
    """Show the run that trained longest."""
    runs = Store(place(store), create=False).runs()
    longest = max(runs, key=lambda run: run.cost.seconds, default=None)
    click.echo(f"{longest.id}: {longest.cost.seconds:.1f} s" if longest else "there are no runs")
