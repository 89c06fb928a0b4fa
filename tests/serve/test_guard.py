"""The dashboard answers to this machine, to its own pages and to whoever has the token; to nobody else, and nothing."""

import re
import socket

import psutil
import pytest

PATHS = ["/", "/study/x", "/study/x/report", "/run/x", "/compare?runs=a", "/static/dashboard.js", "/nothing"]


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_every_path_is_closed(dashboard, path):
    for cookie in ("", f"ablab-{dashboard.port}=wrong", f"ablab-{dashboard.port}=", f"other={dashboard.token}"):
        answer = dashboard.ask(path, Cookie=cookie)
        assert answer.status == 403
        assert "quickstart" not in answer.text


@pytest.mark.parametrize("token", ["", "wrong", "%00", "%F0%9F%A7%AA", "%ff", "a" * 5000])
def test_a_wrong_token_in_the_address_is_refused_even_with_the_cookie(dashboard, token):
    assert dashboard.ask(f"/?token={token}", Cookie="").status == 403
    assert dashboard.ask(f"/?token={token}").status == 403
    assert dashboard.ask(f"/?token={dashboard.token}&token={token}").status == 403


@pytest.mark.slow
def test_the_token_in_the_address_becomes_a_cookie_that_no_script_reads_and_no_other_site_sends(dashboard):
    answer = dashboard.ask(f"/compare?runs=a%2Cb&token={dashboard.token}", Cookie="")
    assert answer.status == 200
    cookie = answer.getheader("Set-Cookie")
    assert cookie.startswith(f"ablab-{dashboard.port}={dashboard.token};")
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert dashboard.token not in answer.text
    assert 'content="0; url=/compare?runs=a%2Cb"' in answer.text
    assert dashboard.ask("/").getheader("Set-Cookie") is None


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", '/"><script>x</script>'])
def test_the_way_in_leads_to_no_other_machine_and_holds_no_markup(dashboard, path):
    answer = dashboard.ask(f"{path.replace(chr(34), '%22').replace('<', '%3C')}?token={dashboard.token}", Cookie="")
    assert "url=//" not in answer.text
    assert "url=/\\" not in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_names_of_this_machine_are_answered(dashboard, name):
    assert dashboard.ask("/", Host=f"{name}:{dashboard.port}").status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}.evil.example",
        "127.0.0.1.evil.example:{port}",
        "0.0.0.0:{port}",
        "localhost.:{port}",
        "user@127.0.0.1:{port}",
        "::1:{port}",
        "127.1:{port}",
        "",
    ],
)
def test_any_other_host_is_refused(dashboard, host):
    assert dashboard.ask("/", Host=host.format(port=dashboard.port)).status in (400, 403)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:1", "null", "https://127.0.0.1:{port}", ""]
)
def test_a_change_that_is_asked_for_from_elsewhere_is_refused(dashboard, filled, origin):
    path = f"/study/{filled[1].hash}/stop"
    assert dashboard.ask(path, "POST", Origin=origin.format(port=dashboard.port)).status == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_a_change_that_our_own_page_asks_for_is_heard(dashboard, filled, name):
    own = f"http://{name}:{dashboard.port}"
    answer = dashboard.ask(f"/study/{filled[1].hash}/stop", "POST", Origin=own)
    assert answer.status == 409  # heard, but the study is not running
    assert "nothing to stop" in answer.text


def test_other_sites_can_neither_fetch_nor_embed_but_may_link(dashboard):
    for site in ("cross-site", "same-site"):
        assert dashboard.ask("/", Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors").status == 403
        assert dashboard.ask("/", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate").status == 200
    assert dashboard.ask("/", Origin="http://evil.example").status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_but_stopping_can_be_asked_for(dashboard, filled, method):
    own = {"Origin": dashboard.base}
    run = filled[2][0].id
    for path in ("/", f"/run/{run}", f"/study/{filled[1].hash}", "/static/dashboard.js"):
        assert dashboard.ask(path, method, **own).status == 405
    assert dashboard.ask(f"/study/{filled[1].hash}/stop").status == 405


@pytest.mark.parametrize("path", ["/", "/static/dashboard.css", "/nothing", "/?token=wrong"])
def test_every_answer_carries_the_policy(dashboard, path):
    answer = dashboard.ask(path)
    policy = answer.getheader("Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("X-Frame-Options") == "DENY"
    assert answer.getheader("Cache-Control") == "no-store"
    assert answer.getheader("Referrer-Policy") == "same-origin"
    assert answer.getheader("Server") is None
    assert answer.getheader("Access-Control-Allow-Origin") is None


@pytest.mark.slow
def test_the_report_is_kept_apart_from_the_dashboard(dashboard, filled):
    answer = dashboard.ask(f"/study/{filled[1].hash}/report")
    policy = answer.getheader("Content-Security-Policy")
    assert policy.startswith("sandbox ")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e%2fapp.py", "/static/..%5capp.py", "/static/"])
def test_only_the_files_of_the_pages_are_served(dashboard, path):
    assert dashboard.ask(path).status == 404


def test_it_listens_on_this_machine_alone(dashboard):
    listening = [
        connection.laddr.ip
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == dashboard.port
    ]
    assert "127.0.0.1" in listening
    assert set(listening) <= {"127.0.0.1", "::1"}


def test_it_answers_under_ipv6_where_there_is_ipv6(dashboard):
    try:
        socket.create_connection(("::1", dashboard.port), timeout=5).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert dashboard.ask("/", address="::1", Host=f"[::1]:{dashboard.port}").status == 200


def test_every_start_has_a_token_of_its_own_that_cannot_be_guessed(dashboard):
    assert re.fullmatch(r"[\w-]{32,}", dashboard.token)
