"""What is to be done about a line, decided without a connection."""

import pytest

from p2p_twisted.wire import limits
from p2p_twisted.wire.errors import Malformed
from p2p_twisted.wire.line_gate import Drop, First, Greeted, Hint, LineGate, Reject
from p2p_twisted.wire.messages import Done, Error, Ping
from tests.wire.talking import HELLO, HELLO_LINE


def test_first_message() -> None:
    """Pings are no message: the first one is the first other."""
    gate = LineGate(is_greeted=True)
    assert gate.take(b'PING {"n":1}') == Ping(1)
    assert gate.take(b"DONE") == First(Done())
    assert gate.take(b"DONE") == Done()


@pytest.mark.parametrize("line", [b"DONE", b"XYZ", b"DONE {", b"\xff", b"220 mail ESMTP"])
def test_stranger(line: bytes) -> None:
    """A dialed listener that does not greet is dropped."""
    assert LineGate(is_greeted=False).take(line) == Drop()


def test_greeting() -> None:
    """The greeting of a dialed listener is told apart from a message, once."""
    gate = LineGate(is_greeted=False)
    assert gate.take(HELLO_LINE) == Greeted(HELLO)
    assert gate.is_greeted
    assert gate.take(HELLO_LINE) == HELLO


def test_unknown_verbs() -> None:
    """The session's hint is the answer, or the verb is named; the third one ends it."""
    gate = LineGate(is_greeted=True)
    assert gate.take(b"XYZ", "say DONE") == Hint(Error("say DONE", "flag"))
    assert gate.take(b"XYZ") == Hint(Error("unknown verb 'XYZ'", "flag"))
    assert gate.take(b"XYZ") == Reject(Error("unknown verb 'XYZ'", "flag"))


@pytest.mark.parametrize("line", [b"", b" \r", b'PING {"n":1}', b'PONG {"n":1}'])
def test_nothing_said(line: bytes) -> None:
    """Lines that say nothing are borne up to a bound; after the first message, any number is."""
    for is_late in (False, True):
        gate = LineGate(is_greeted=True)
        taken = [gate.take(line) for _ in range(limits.LINES_BEFORE_FIRST_MESSAGE - is_late)]
        assert not any(isinstance(each, Reject) for each in taken)
        if is_late:
            assert gate.take(b"DONE") == First(Done())
        assert isinstance(gate.take(line), Reject) is not is_late


def test_malformed() -> None:
    """A line that is wrong is rejected with the fault; a browser's is dropped at once."""
    gate = LineGate(is_greeted=True)
    rejected = gate.take(b"DONE {")
    assert isinstance(rejected, Reject)
    assert isinstance(rejected.error, Malformed)
    assert gate.take(b"GET / HTTP/1.1") == Drop()
    gate.take(b"DONE")
    assert isinstance(gate.take(b"GET / HTTP/1.1"), Hint)
