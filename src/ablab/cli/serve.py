"""Watch studies and runs in the browser, on a dashboard that only this computer can reach"""

import click

from ablab.cli.shared import data_root_option, json_option, say, store_option

GROUP = "Look"
EXAMPLES = ("ablab serve --open",)


@click.command(help=__doc__)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Listen on this port; 0 takes any free port  [default: 8421, else any free port]",
)
@click.option("--open", "open_it", is_flag=True, help="Open the dashboard in the browser.")
@data_root_option
@store_option
@json_option
def command(port: int | None, open_it: bool, data_root: str | None, store: str | None, as_json: bool) -> None:
    from ablab.errors import InputError
    from ablab.store import Store, place
    from ablab.store.trials import locked

    try:
        from ablab.serve.app import serve
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in ("starlette", "uvicorn"):
            raise
        raise InputError(f'the dashboard needs {library}: pip install "ablab-experiments[serve]"') from None
    folder = place(store)
    kept = Store(folder, create=False)
    studies = len(kept.studies()) + len(locked(kept))
    del kept  # the dashboard holds nothing open while it waits

    def ready(address: str, port: int) -> None:
        text = (
            f"dashboard: {address}\n"
            f"store: {folder}, {studies} stud{'y' if studies == 1 else 'ies'}\n"
            "Reachable only from this computer, with the token in this address. Press Ctrl-C to stop."
        )
        value = {"url": address, "port": port, "store": str(folder), "studies": studies}
        say(as_json, value, text)
        click.get_text_stream("stdout").flush()
        if open_it:
            click.launch(address)

    serve(folder, port=port, ready=ready, data_root=data_root)
