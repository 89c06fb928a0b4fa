"""Guard: what every request must show before the dashboard sees it, and what every answer carries.

The server listens on this machine alone, but so does every page in this machine's browser speak from it. A page of
another site may send requests here, under a name of its own that it lets point here (DNS rebinding) or from another
port. So the Host must be ours, a request that says where it comes from must come from us, and each must have the token
that only the terminal was told: in the address at first, from then on in a cookie that no script can read and that
the browser sends from no other site.
"""

import hmac
import html
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMES = ("127.0.0.1", "localhost", "[::1]")  # of this machine; a name that anyone can give it is not among them
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer a form would not say where it comes from
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# The page goes on by itself: after a redirect, a browser that came from a link elsewhere would not send the cookie.
ENTRY = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={0}">'
    '<link rel="icon" href="data:,"><title>ablab</title><a href="{0}">dashboard</a></html>'
)


class Guard:
    """Lets a request through, or answers it: 400 for another Host, 403 for another origin or without the token."""

    def __init__(self, inner: ASGIApp, *, token: str, port: int) -> None:
        self.inner = inner
        self.token = token
        self.cookie = f"ablab-{port}"  # cookies do not know ports: a second dashboard needs another name
        self.hosts = {f"{name}:{port}" for name in NAMES} | (set(NAMES) if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # there are no web sockets here
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self.refusal(scope["method"], Headers(scope=scope)) or self.entry(scope)
        await (answer or self.inner)(scope, receive, sealed)

    def refusal(self, method: str, headers: Headers) -> Response | None:
        """Why a request is refused whatever its sender."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return PlainTextResponse("this dashboard answers only at 127.0.0.1 and localhost\n", 400)
        origins = headers.getlist("origin")
        if any(origin.lower() not in {f"http://{host}" for host in self.hosts} for origin in origins):
            return PlainTextResponse("this request comes from another site\n", 403)
        if method not in ("GET", "HEAD") and not origins:
            return PlainTextResponse("a request that changes something must state its origin\n", 403)
        # Links from elsewhere may lead here, and then the cookie is missing; other sites may not fetch or embed.
        if (
            headers.get("sec-fetch-site") in ("cross-site", "same-site")
            and headers.get("sec-fetch-mode", "") != "navigate"
        ):
            return PlainTextResponse("this request comes from another site\n", 403)
        return None

    def entry(self, scope: Scope) -> Response | None:
        """The answer to a request without the token, and to one with the token in its address; None lets it in."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for key, value in query if key == "token"]
        if given:
            if not all(self._is_token(value) for value in given):
                return _unknown()
            if scope["method"] not in ("GET", "HEAD"):
                return None
            rest = urlencode([(key, value) for key, value in query if key != "token"])
            # a path of two slashes would lead to another machine
            path = "/" + scope["path"].lstrip("/\\")
            answer = HTMLResponse(ENTRY.format(html.escape(path + (f"?{rest}" if rest else ""))))
            answer.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
            return answer
        cookies: Mapping[str, str] = cookie_parser(Headers(scope=scope).get("cookie", ""))
        return None if self._is_token(cookies.get(self.cookie, "")) else _unknown()

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode("utf-8", "surrogatepass"), self.token.encode())


def _unknown() -> Response:
    return PlainTextResponse("open the address that ablab serve printed: it ends in a token\n", 403)
