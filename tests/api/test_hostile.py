"""Requests that mean no good: each is refused, and none is a fault of the daemon."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from twisted.internet.defer import Deferred, fail

from p2p_twisted.api.route import Form
from p2p_twisted.download.progress import Progress
from p2p_twisted.overlay.effects import HitsWatch
from p2p_twisted.peer.interface import Found, Selection, Watch
from p2p_twisted.peer_errors import NotFound
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName
from tests.api.browser import Browser
from tests.console.fake_peer import FakePeer

TEXT = st.text(st.characters(codec=None, categories=None), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=10,
)
FIELDS = ("names", "numbers", "peer", "up", "down", "text", "after", "lines", "follow", "x")
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), VALUES | st.lists(TEXT, max_size=3))
TWICE = st.tuples(st.sampled_from(FIELDS), VALUES, VALUES).map(
    lambda each: (
        f'{{"{each[0]}": {json.dumps(each[1])}, "{each[0]}": {json.dumps(each[2])}}}'.encode()
    )
)
DEEP = st.integers(1, 60_000).map(lambda depth: b"[" * depth + b"]" * (depth % 7 * depth))
BODIES = (
    st.binary(max_size=200)
    | TWICE
    | DEEP
    | (OBJECTS | VALUES).map(lambda v: json.dumps(v).encode())
)
NAMES = TEXT.map(lambda text: quote(text, errors="surrogatepass")) | st.sampled_from(
    ["a", "..", "%2e%2e%2f", "%00", "%ff", "%", "%zz", "a" * 3_000, "0", "9" * 30, "-1"]
)
QUERIES = st.just("") | st.lists(
    st.tuples(st.sampled_from(FIELDS), NAMES).map("=".join), max_size=3
).map(lambda fields: "?" + "&".join(fields))
KINDS = st.sampled_from([Form.JSON, "application/json; charset=utf-16", "text/plain", ""])
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get", "X"])


class Echo(FakePeer):
    """A peer that has nothing, and says again what it was asked for, as peers do."""

    def get(
        self,
        wanted: str | Hit,
        watch: Watch,
        holder: PeerName | None = None,
        is_file: bool = False,
    ) -> "Deferred[Progress]":
        return fail(NotFound(f"{holder} has no {wanted}"))

    def select(
        self,
        words: Sequence[str | Hit],
        holder: PeerName | None = None,
        watch: Watch | None = None,
    ) -> "Deferred[Selection]":
        return fail(NotFound(f"{holder} has none of {' '.join(map(str, words))}"))

    def find(self, text: str, part: HitsWatch | None = None) -> "Deferred[Found]":
        return fail(NotFound(f"no peer has {text}"))

    def listing(self, holder: PeerName | None = None) -> "Deferred[Found]":
        return fail(NotFound(f"there is no peer {holder}"))

    def unshare(self, name: str) -> "Deferred[str]":
        return fail(NotFound(f"there is no {name}"))


@cache
def browser() -> Browser:
    return Browser(peer=Echo())


@cache
def validator(schema: str) -> Draft202012Validator:
    components = browser().document["components"]
    return Draft202012Validator({**json.loads(schema), "components": components})


@given(st.data(), METHODS, BODIES, QUERIES, KINDS)
@example(None, "POST", b'{"names": ["\\ud800"]}', "", Form.JSON)
def test_all_paths(data: Any, method: str, body: bytes, query: str, kind: str) -> None:
    """On every path, whatever the method, the fields, the body: 4xx, or what the document says."""
    asked = browser()
    paths = asked.document["paths"]
    path = "/v1/downloads" if data is None else data.draw(st.sampled_from(sorted(paths)))
    if data is not None and data.draw(st.booleans()):
        # Mostly with a method that there is.
        method = data.draw(st.sampled_from(sorted(paths[path]))).upper()
    real = path
    if "{" in path and data is not None:
        real = path.replace("{number}", data.draw(NAMES)).replace("{name}", data.draw(NAMES))
    head = f"{method} {real}{query} HTTP/1.1\r\nHost: p2p\r\nContent-Type: {kind}\r\n"
    asked.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    asked.clock.advance(1.0)
    answer = asked.answer()
    asked.close()
    assert answer.status == 200 or 400 <= answer.status < 500, answer.lines
    if method == "HEAD":
        return
    schema: Any = {"$ref": "#/components/schemas/FailureView"}
    if answer.status == 200:
        if (operation := paths[path].get(method.lower())) is None:
            return
        [content] = operation["responses"]["200"]["content"].values()
        schema = content["schema"]
    for line in answer.lines:
        validator(json.dumps(schema)).validate(line)


@given(st.binary(max_size=300))
@example(b"GET /v1/status HTTP/1.1\r\nContent-Length: -1\r\n\r\n")
@example(b"PUT /v1/shares/x HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
@example(b"PUT /v1/shares/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
@example(b"POST /v1/stop HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 70_000)
def test_no_http(raw: bytes) -> None:
    """What is no request ends its own connection at most."""
    browser().send(raw)
    browser().close()
    assert browser().ask("GET", "/v1/status").status == 200
