"""The dashboard: pages about the store and about running work, for the person at this machine.

It reads the store and can ask a study to stop; there is nothing else that it can do. A page that is open asks for
itself again every second and is answered with 304 until something has changed.
"""

import functools
import logging
import secrets
import socket
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
import uvicorn
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ablab.errors import AblabError, InputError
from ablab.nouns import duration
from ablab.prepare import pictures_of
from ablab.report.draw import svg
from ablab.report.page import body, page, sheet
from ablab.report.page.trials import trials_page
from ablab.report.section import sections
from ablab.report.wording import visible
from ablab.result import Result
from ablab.serve.compare_page import compare_page
from ablab.serve.entry import entry
from ablab.serve.guard import Guard
from ablab.serve.limits import WAITING, LimitedProtocol, Once
from ablab.serve.overview import overview, study_line
from ablab.serve.run_page import run_page
from ablab.serve.runs_list import Query
from ablab.serve.snapshot import Shelf, Snapshot, Unreadable
from ablab.serve.study_page import study_page
from ablab.track.progress import request_stop
from ablab.trials.result import TrialResult

STATIC = Path(__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
# A report is a page of its own: its own policy says which style and script are its own, and this one keeps it apart
# from the dashboard, so that nothing in it could act here.
REPORT_POLICY = (
    "sandbox allow-scripts allow-downloads allow-popups; default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
USUAL_PORT = 8421


def application(folder: Path, *, token: str, port: int, data_root: str | None = None) -> ASGIApp:
    """The dashboard of the store in a folder, for requests that have the token and come to this port."""
    pages = Pages(folder, data_root)
    app = Starlette(
        routes=[
            Route("/", pages.overview),
            Route("/study/{hash}", pages.study),
            Route("/study/{hash}/report", pages.report),
            Route("/study/{hash}/stop", pages.stop, methods=["POST"]),
            Route("/run/{id}", pages.run),
            Route("/compare", pages.compare),
            Route("/static/{name}", static),
        ],
        exception_handlers={AblabError: pages.fault, HTTPException: pages.fault, Exception: pages.fault},
    )
    return Guard(app, token=token, port=port)


class Pages:
    """One function a page; each looks at the store for itself."""

    def __init__(self, folder: Path, data_root: str | None = None) -> None:
        self.folder = folder
        self.data_root = data_root
        self.shelf = Shelf(folder)
        self.bodies: dict[str, tuple[Result | TrialResult, Markup]] = {}  # by plan
        self.start = secrets.token_hex(4)  # another server may have other templates
        self.templates = jinja2.Environment(
            loader=jinja2.PackageLoader("ablab.serve"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=visible,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.globals.update(lasting=duration, sample=svg.sample, urlencode=urlencode)

    def overview(self, request: Request) -> Response:
        seen, query = self.shelf.look(), Query.of(request.query_params)
        return self.answer(request, seen, "overview.html", lambda: overview(seen, query))

    def study(self, request: Request) -> Response:
        seen = self.shelf.look()
        it = _study(seen, request.path_params["hash"])
        if isinstance(it, TrialResult):
            values = {"it": it, "line": study_line(seen, it), "sections": self.sections(it)}
            return self.answer(request, seen, "program.html", lambda: values)
        return self.answer(request, seen, "study.html", lambda: {**study_page(seen, it), "sections": self.sections(it)})

    def sections(self, it: Result | TrialResult) -> Markup:
        """The report's sections but for those that the live parts above them show; made anew when a run has come."""
        known = self.bodies.get(it.plan.hash)
        if known is None or known[0] is not it:
            known = it, body(sections(it, "dashboard"))
            self.bodies[it.plan.hash] = known
        return known[1]

    def run(self, request: Request) -> Response:
        seen = self.shelf.look()
        one = entry(seen, request.path_params["id"])
        if one is None:
            raise HTTPException(404, "This store has no such run, finished or running.")
        return self.answer(request, seen, "run.html", lambda: run_page(seen, one))

    def compare(self, request: Request) -> Response:
        if chosen := request.query_params.getlist("run"):  # from the boxes of the list
            return RedirectResponse("/compare?" + urlencode({"runs": ",".join(chosen)}, safe=","), 303)
        ids = [id_ for id_ in request.query_params.get("runs", "").split(",") if id_]
        seen = self.shelf.look()
        return self.answer(request, seen, "compare.html", lambda: compare_page(seen, ids))

    def report(self, request: Request) -> Response:
        it = _study(self.shelf.look(), request.path_params["hash"])
        text = trials_page(it) if isinstance(it, TrialResult) else page(it, pictures_of(it.plan, self.data_root))
        return HTMLResponse(text, headers={"Content-Security-Policy": REPORT_POLICY})

    def stop(self, request: Request) -> Response:
        hash_ = request.path_params["hash"]
        try:
            request_stop(self.folder, hash_)
        except InputError as error:
            raise HTTPException(409, str(error)) from None
        seen = self.shelf.look().store
        has_page = isinstance(seen.study(hash_) or seen.program(hash_), Result | TrialResult)
        return RedirectResponse(f"/study/{hash_}" if has_page else "/", 303)

    def answer(
        self, request: Request, seen: Snapshot, template: str, values: Callable[[], Mapping[str, Any]]
    ) -> Response:
        """The page, or 304 where the browser has it already."""
        mark = f'"{self.start}{seen.mark}"'
        if request.headers.get("if-none-match") == mark:
            return Response(status_code=304, headers={"ETag": mark})
        running = len(seen.live_runs)
        text = self.templates.get_template(template).render(**values(), store=str(self.folder), running_now=running)
        return HTMLResponse(text, headers={"ETag": mark})

    def fault(self, request: Request, error: Exception) -> Response:  # noqa: ARG002 (the caller's signature)
        """What went wrong, as a page."""
        if isinstance(error, HTTPException):
            code, text = error.status_code, error.detail
        elif isinstance(error, AblabError):
            code, text = 400 if isinstance(error, InputError) else 500, str(error)
        else:
            code, text = 500, "The dashboard has an error. See the terminal that runs ablab serve for details."
        template = self.templates.get_template("fault.html")
        return HTMLResponse(template.render(code=code, text=text, store=str(self.folder), running_now=0), code)


def static(request: Request) -> Response:
    """A file that the pages use; the folder is the list."""
    found = _static().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404, "There is no such file.")
    content, kind = found
    return Response(content, media_type=kind)


def serve(folder: Path, *, port: int | None, ready: Callable[[str, int], None], data_root: str | None = None) -> None:
    """Serve until Ctrl-C. `ready` is told the address and the port as soon as the server listens."""
    sockets = listening(port)
    taken, token = sockets[0].getsockname()[1], secrets.token_urlsafe(24)
    config = uvicorn.Config(
        application(folder, token=token, port=taken, data_root=data_root),
        http=LimitedProtocol,
        backlog=WAITING,
        log_level="warning",
        access_log=False,  # addresses have the token in them
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    logging.getLogger("uvicorn.error").addFilter(Once())
    # Ctrl-C may come between the making of a coroutine and its start, of which Python would tell after our last word.
    warnings.filterwarnings("ignore", "coroutine 'Server.serve' was never awaited")
    try:
        ready(f"http://127.0.0.1:{taken}/?token={token}", taken)
        uvicorn.Server(config).run(sockets=sockets)
    finally:
        for one in sockets:
            one.close()


def listening(port: int | None) -> list[socket.socket]:
    """Sockets of this machine alone, IPv4 and, where there is one, IPv6; without a port the usual one or any."""
    for wanted in (USUAL_PORT, 0) if port is None else (port,):
        first = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            first.bind(("127.0.0.1", wanted))
            first.listen(128)
        except OSError as error:
            first.close()
            reason = error.strerror or str(error)
            continue
        return [first, *_also_ipv6(first.getsockname()[1])]
    raise InputError(f"port {port} on this machine cannot be used ({reason}); for any free port: ablab serve --port 0")


def _also_ipv6(port: int) -> list[socket.socket]:
    """The same port under ::1, so that nobody else answers to localhost there."""
    with suppress(OSError):
        second = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        try:
            second.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            second.bind(("::1", port))
            second.listen(128)
        except OSError:
            second.close()
            raise
        return [second]
    return []


def _study(seen: Snapshot, hash_: str) -> Result | TrialResult:
    found = seen.store.study(hash_) or seen.store.program(hash_)
    if isinstance(found, Unreadable):
        raise HTTPException(404, f"The study {found.name} cannot be read by this version of ablab: {found.fault}")
    if found is None:
        raise HTTPException(404, "There is no such study in this store.")
    return found


@functools.cache
def _static() -> dict[str, tuple[bytes, str]]:
    own = {path.name: (path.read_bytes(), KINDS[path.suffix]) for path in STATIC.iterdir() if path.suffix in KINDS}
    return {**own, "page.css": (sheet().encode(), KINDS[".css"])}
