"""A real web server in this process that serves one file, with the faults and the speed that it is told."""

import contextlib
import http.server
import threading


class Server:
    """Serves one body; `faults` are taken one a request, then it behaves. `speed` is in bytes a second."""

    def __init__(self, body, faults=(), ranges=True, headers=None, tag='"one"', speed=None):
        self.body, self.faults, self.ranges, self.tag, self.speed = body, list(faults), ranges, tag, speed
        self.headers = headers or {}
        self.requests = []
        self.released = threading.Event()

    def answer(self, handler):
        self.requests.append(dict(handler.headers))
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, tuple) and fault[0] == "status":
            handler.send_response(fault[1])
            handler.send_header("Content-Length", "0")
            if len(fault) > 2:
                handler.send_header("Location", fault[2])
            handler.end_headers()
            return
        start, status = 0, 200
        asked = handler.headers.get("Range")
        fits = handler.headers.get("If-Range") in (None, self.tag)
        if asked and self.ranges and fits:
            start, status = int(asked.removeprefix("bytes=").removesuffix("-")), 206
        body = self.body[start:]
        handler.send_response(status)
        for key, value in {"Content-Type": "application/x-gzip", "ETag": self.tag, **self.headers}.items():
            handler.send_header(key, value)
        if "Transfer-Encoding" not in self.headers:
            handler.send_header("Content-Length", str(len(body)))
        if status == 206:
            handler.send_header("Content-Range", f"bytes {start}-{len(self.body) - 1}/{len(self.body)}")
        handler.end_headers()
        if isinstance(fault, tuple) and fault[0] == "cut":
            handler.wfile.write(body[: fault[1]])
        elif isinstance(fault, tuple) and fault[0] == "stall":
            handler.wfile.write(body[: fault[1]])
            handler.wfile.flush()
            self.released.wait(20)
        else:
            self.send(body, handler)

    def send(self, body, handler):
        piece = len(body) if self.speed is None else max(1, self.speed // 100)
        for at in range(0, len(body), piece or 1):
            handler.wfile.write(body[at : at + piece])
            if self.speed is not None and self.released.wait(0.01):
                return


@contextlib.contextmanager
def serving(server, name="tiny.tar.gz"):
    """The address of the file while the server runs."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            with contextlib.suppress(OSError):
                server.answer(self)
            self.close_connection = True

        def log_message(self, *_):
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_address[1]}/{name}"
    finally:
        server.released.set()
        listener.shutdown()
        thread.join()
        listener.server_close()
