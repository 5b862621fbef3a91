"""The explorer's server: who may come in, and what it says to nonsense."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from http.client import HTTPConnection
from typing import Any

import pytest
from explorer_server import Page, Running, small
from websockets.exceptions import ConnectionClosed, InvalidStatus

pytestmark = pytest.mark.xdist_group("explorer")
_BIG = 300_000  # characters: more than a message may have


@pytest.mark.parametrize(
    "how",
    [
        {"token": "wrong"},
        {"token": ""},
        {"origin": "http://evil.example"},
        {"origin": None},
    ],
)
def test_sockets_of_strangers_are_refused(server: Running, how: dict[str, Any]) -> None:
    with pytest.raises(InvalidStatus) as refused, server.socket(**how):
        pass
    assert refused.value.response.status_code == 403


def test_a_foreign_name_for_this_machine_is_refused(server: Running) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
    }
    names = {"Host": "evil.example", "Origin": "http://evil.example"}
    answer, _ = server.get(f"/ws?token={server.token}", **upgrade, **names)
    assert answer.status == 403


def test_the_page_needs_the_token_once(server: Running) -> None:
    answer, text = server.get("/")
    assert answer.status == 403
    assert text.count(b"\n") == 1
    assert server.get("/?token=wrong")[0].status == 403
    welcome, _ = server.get(f"/?token={server.token}")
    assert (welcome.status, welcome.headers["location"]) == (303, "/")
    cookie = welcome.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    known = {"Cookie": cookie.split(";")[0]}
    answer, text = server.get("/", **known)
    assert answer.status == 200
    assert b"<title>explorer" in text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert server.get("/", **known, Host="evil.example")[0].status == 403
    assert server.get("/", **known, Origin="http://evil.example")[0].status == 403
    assert server.get("/../../etc/passwd", **known)[0].status == 404
    assert server.get("/nothing", **known)[1] == b"Not Found\n"


def test_a_browser_without_the_token_gets_a_page_of_its_own(server: Running) -> None:
    """Whose policy lets its own style and script in, and nothing else; other strangers a line."""
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer, page = server.get("/", **browser)
    assert answer.status == 403
    assert (answer.headers["cache-control"], answer.headers["content-type"]) == (
        "no-store", "text/html; charset=utf-8",
    )  # fmt: skip
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>".encode(), page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert server.token.encode() not in page
    assert server.get("/?token=wrong", **browser)[1] == page
    for path, headers in (
        ("/", {}),
        ("/", {"Accept": "*/*"}),
        ("/api/lessons", browser),
        ("/", {**browser, "Host": "evil.example"}),
        (f"/?token={server.token}", {**browser, "Origin": "http://evil.example"}),
    ):
        answer, text = server.get(path, **headers)
        assert answer.status == 403
        assert text.count(b"\n") == 1


def test_it_gets_the_same_page_on_a_connection_that_was_let_in(server: Running) -> None:
    """As a proxy would use it for another browser."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    said = []
    for path in (f"/?token={server.token}", "/"):
        connection.request("GET", path, headers={"Accept": "text/html"})
        answer = connection.getresponse()
        said.append(
            (answer.status, answer.headers.get_all("content-security-policy"), answer.read())
        )
    connection.close()
    outside, page = server.get("/", Accept="text/html")
    assert said[0][0] == 303
    assert said[1] == (403, [outside.headers["content-security-policy"]], page)


def test_a_refusal_is_not_kept_by_the_browser(server: Running) -> None:
    """Assets may be cached for ever, but not the 403 or 404 that was answered in their place."""
    for key, status in (("", 403), (f"?token={server.token}", 404)):
        answer, _ = server.get(f"/assets/none.js{key}")
        assert (answer.status, answer.headers["cache-control"]) == (status, "no-store")


MALFORMED = (
    ("", "must be JSON"),
    ("{", "must be JSON"),
    ("[1]", "JSON object"),
    ('{"type":"fly"}', "unknown message type 'fly'"),
    ('{"type":"export","request":1,"format":"json"}', "unknown message type 'export'"),
    ('{"type":"run","speed":3}', "run.speed is no field"),
    ('{"type":"step","steps":0}', "greater than or equal to 1"),
    ('{"type":"step","steps":NaN}', "NaN is no number"),
    ('{"type":"select"}', "select.seed is required"),
    ("[" * 100_000, "must be JSON"),
    ('{"type":"step","steps":1' + "0" * 5000 + "}", "must be JSON"),
    ('{"type":"step","steps":1e999}', "1e999 is too large a number"),
    ('{"type":"ping","id":"\\ud800"}', "must be of whole characters"),
    ('{"type":"configure","state":{"a\\udfff":1}}', "must be of whole characters"),
    ('{"type":"configure","state":{"a":' + "[" * 63 + "]" * 63 + "}}", "at most 64 levels"),
    ('{"type":"ping","id":9007199254740992}', "less than 9007199254740992"),
    (b"\x00\x01", "must be text"),
)


def test_malformed_messages_are_answered_in_a_line(page: Page) -> None:
    for text, says in MALFORMED:
        page.socket.send(text)
        answer, _ = page.until("error")
        assert answer["code"] == "message"
        assert says in answer["message"]
        assert "\n" not in answer["message"]
        assert page.ask("ping")["type"] == "ok"


def test_a_page_that_talks_nonsense_is_closed(page: Page) -> None:
    closed = _closing(page, ["nonsense"] * 60)
    assert closed.rcvd is not None
    assert closed.rcvd.code == 4409


def test_an_oversized_message_closes_the_page(server: Running, page: Page) -> None:
    closed = _closing(page, [json.dumps({"type": "ping", "id": "x" * _BIG})])
    assert closed.rcvd is not None
    assert closed.rcvd.code == 1009
    with server.socket() as socket:
        assert Page(socket).hello["protocol"] == 2


REFUSED = (
    ({"seeds": 1001}, "limit", "too many seeds: 1001 asked for, 1000 at most"),
    ({"seeds": 0}, "invalid", "State.seeds"),
    ({"training": {"steps": 10**8}}, "limit", "too many steps"),
    ({"training": {"batch_size": 10**7}}, "limit", "samples in a batch"),
    ({"changes": [[3, {"depth": 2}]]}, "invalid", "unknown number 'depth'"),
    ({"changes": [[3, {"steps": 10**8}]]}, "limit", "too many steps"),
    ({"changes": [[3, {"l1": 1}], [3, {"l1": 2}]]}, "invalid", "steps rising"),
    ({"training": {"colour": 1}}, "invalid", 'no field "colour"'),
    ({"training": {"engine": "exact", "optimizer": "sgd"}}, "invalid", "exact engine"),
)


def test_states_are_refused_in_a_line(page: Page) -> None:
    for change, code, says in REFUSED:
        answer = page.ask("configure", state=small(**change))
        assert (answer["type"], answer["code"]) == ("error", code)
        assert says in answer["message"]
        assert "\n" not in answer["message"]
    _impossible(page)


def _impossible(page: Page) -> None:
    state = small()
    state["problem"]["distribution"]["n_features"] = 10**12
    assert page.ask("configure", state=state)["code"] == "limit"
    state = small()
    state["problem"]["distribution"] = {
        "kind": "correlated",
        "n_sets": 10**9,
        "set_size": 10**9,
        "feature_probability": 0.1,
    }
    assert page.ask("configure", state=state)["code"] == "limit"
    state = small()
    state["problem"]["distribution"]["n_features"] = 3 * 10**10
    state["problem"]["target"] = {"kind": "pairs"}
    assert page.ask("configure", state=state)["code"] == "limit"
    state = small()
    state["problem"]["model"] = {"kind": "relu_hidden", "n_hidden": 3}
    state["training"] = {"engine": "exact"}
    assert page.ask("configure", state=state)["code"] == "engine"
    assert page.ask("phase", points=41)["code"] == "limit"
    assert page.ask("run")["code"] == "state"


def _closing(page: Page, texts: list[str]) -> ConnectionClosed:
    """How the page is closed after these texts."""
    try:
        for text in texts:
            page.socket.send(text)
        while True:
            page.next()
    except ConnectionClosed as closed:
        return closed
