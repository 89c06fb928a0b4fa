"""The audit of the pinned packages says what a database answers, and never calls silence good news."""

import http.server
import json
import threading

import pytest

import supply


@pytest.fixture
def database():
    """A database that knows one thing against the first package that it is asked about."""
    asked = []

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            asked.extend(queries)
            results = [{"vulns": [{"id": "OSV-1"}]} if not number else {} for number in range(len(queries))]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"results": results}).encode() if self.path == "/" else b"<html>")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_every_pinned_package_is_asked_about_with_its_version_and_a_finding_is_told(database, capsys):
    address, asked = database
    packages = supply.pins(supply.PINS.read_text())
    assert supply.main([], address + "/") == 1
    assert [(one["package"]["name"], one["version"]) for one in asked] == packages
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith(packages[0][0])
    assert first.endswith("OSV-1")
    assert last == f"{len(packages)} packages, 1 with known vulnerabilities"


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "ADDRESS/login"])
def test_a_database_that_gives_no_answer_is_no_good_news(database, capsys, address):
    assert supply.main([], address.replace("ADDRESS", database[0])) == 2
    said = capsys.readouterr()
    assert "cannot be asked" in said.err
    assert "nothing known" not in said.out


def test_licences_are_listed_without_a_network(capsys):
    assert supply.main(["--offline"], "http://127.0.0.1:1/") == 0
    lines = capsys.readouterr().out.splitlines()
    (numpy,) = [line for line in lines if line.startswith("numpy ")]
    assert "BSD" in numpy
    assert numpy.endswith("not asked")
