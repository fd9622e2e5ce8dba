"""Something answers in etcd's place, or etcd does not answer what it was asked."""

import json
from typing import Any

import pytest
from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone

from p2p_twisted.registry import etcd_gateway
from p2p_twisted.registry.etcd_gateway import PassingFault, StreamReader, read_answer
from p2p_twisted.registry.etcd_requests import encoded, put, read

RANGE, TXN, LOG_IN = "/v3/kv/range", "/v3/kv/txn", "/v3/auth/authenticate"
HEADER = {"revision": "7", "member_id": "1"}
KV = {"key": encoded(b"b"), "mod_revision": "6", "value": encoded(b"x"), "lease": "0"}
ASKED: Any = {
    RANGE: {"key": encoded(b"b"), "range_end": encoded(b"c")},
    TXN: {"success": [put(encoded(b"b"), b"x")], "failure": [read(encoded(b"b"))]},
    LOG_IN: {"name": "registry"},
}


@frozen
class Answer:
    """What comes of a question."""

    body: bytes
    code: int = 200

    def deliverBody(self, protocol: Any) -> None:  # noqa: N802
        """Give all of it."""
        protocol.makeConnection(StringTransport())
        for start in range(0, len(self.body), 100):
            protocol.dataReceived(self.body[start : start + 100])
        protocol.connectionLost(Failure(ResponseDone()))


def outcome(path: str, body: bytes) -> Any:
    """Read an answer; return it, or what is wrong with it."""
    answer: Any = Answer(body)
    heard: list[Any] = []
    Deferred.fromCoroutine(read_answer(answer, path, ASKED[path])).addBoth(heard.append)
    return heard[0].value if isinstance(heard[0], Failure) else heard[0]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (RANGE, {"header": HEADER}),
        (RANGE, {"header": HEADER, "kvs": [KV], "more": True, "count": "2"}),
        (TXN, {"header": HEADER, "succeeded": True, "responses": [{"response_put": {}}]}),
        (TXN, {"header": HEADER, "responses": [{"response_range": {"kvs": [KV]}}]}),
        (TXN, {"header": HEADER, "responses": [{"response_range": {"header": HEADER}}]}),
        (LOG_IN, {"header": {}, "token": "x.1"}),
    ],
)
def test_answers(path: str, answer: Any) -> None:
    """What etcd answers is taken as it is."""
    assert outcome(path, json.dumps(answer).encode()) == answer


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (RANGE, ""),
        (RANGE, "[" * 100_000),
        (RANGE, "{}"),
        (RANGE, '{"header": {}}'),
        (RANGE, '{"header": {"revision": 7}}'),
        (RANGE, '{"header": {"revision": "-7"}}'),
        (RANGE, '{"header": {"revision": "7"}, "kvs": null}'),
        (RANGE, '{"header": {"revision": "7"}, "kvs": [{"key": "YmI="}]}'),
        (RANGE, '{"header": {"revision": "7"}, "kvs": [{"key": "?", "mod_revision": "1"}]}'),
        (RANGE, '{"header": {"revision": "7"}, "kvs": [{"key": "YQ==", "mod_revision": "1"}]}'),
        (
            RANGE,
            '{"header": {"revision": "7"}, "more": true, "kvs": [{"key": "YmI=", "mod_revision":'
            ' "1"}, {"key": "YQ==", "mod_revision": "1"}]}',
        ),
        (RANGE, '{"header": {"revision": "7"}, "more": true}'),
        (TXN, '{"succeeded": true}'),
        (TXN, '{"header": {"revision": "7"}}'),
        (TXN, '{"header": {"revision": "7"}, "responses": [[]]}'),
        (TXN, '{"header": {"revision": "7"}, "responses": [{}, {}]}'),
        (TXN, '{"header": {"revision": "7"}, "kvs": [{"key": "YmI=", "mod_revision": "1"}]}'),
        (LOG_IN, "{}"),
        (LOG_IN, '{"token": ""}'),
    ],
)
def test_rubbish(path: str, body: str) -> None:
    """What is no answer is a fault of that member, so that another one is asked."""
    assert isinstance(outcome(path, body.encode()), PassingFault)


def test_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that goes on and on is not kept."""
    monkeypatch.setattr(etcd_gateway, "_MOST_BYTES", 1_000)
    assert str(outcome(RANGE, b"x" * 2_000)) == "etcd sends too much at once"


@pytest.mark.parametrize(
    "told",
    [
        {"events": {}},
        {"events": [{}]},
        {"events": [{"kv": {"key": encoded(b"b")}}]},
        {"events": [{"kv": KV | {"value": "?"}}]},
        {"events": [{"kv": KV}, {"kv": KV | {"mod_revision": "x"}}]},
        [],
    ],
)
def test_watch(told: Any) -> None:
    """What is no event ends a watch, and nothing of its line is heard."""
    heard: list[Any] = []
    reader = StreamReader(heard.append)
    reader.makeConnection(StringTransport())
    faults: list[Any] = []
    reader.ended.addErrback(faults.append)
    for line in ({"created": True}, {"events": [{"kv": KV}]}, told, {"events": [{"kv": KV}]}):
        reader.dataReceived(json.dumps({"result": line}).encode() + b"\n")
    assert [type(each.value) for each in faults] == [PassingFault]
    assert len(heard) == 2


def test_long_fault() -> None:
    """However much something says of what is wrong, people are told the beginning."""
    body = json.dumps({"code": 3, "message": "x" * 10_000}).encode()
    assert len(str(etcd_gateway.read_fault(body, 400))) < 300
