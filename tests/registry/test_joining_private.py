"""Where somebody with an invite looks for the registry that made it."""

from contextlib import redirect_stderr
from io import StringIO
from random import Random
from typing import Any
from unittest import mock

import pytest

from p2p_twisted.registry import joining_private
from p2p_twisted.registry.joining_private import CannotJoin, _AnotherIsThere, join
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.trust.credentials import new_key
from p2p_twisted.trust.invite import Invite

Place = tuple[str, int]
OLD, NEW, FORGER = ("10.9.0.1", 9_011), ("10.9.0.7", 9_011), ("10.9.0.66", 9_011)
ROOT_HASH = bytes(range(16))
KEY = new_key()


class Coming:
    """
    Tries to come in.

    :ivar there: what is where; nothing is anywhere else.
    :ivar heard: the registries that say they are of that network.
    :ivar tried: where it has tried.
    """

    def __init__(self) -> None:
        self.there: dict[Place, Exception | str] = {NEW: "joined"}
        self.heard: list[Place] = [NEW]
        self.tried: list[Place] = []
        self.searches: list[bytes] = []

    def join(self, *places: str) -> Any:
        invite = Invite.make(ROOT_HASH, places, Random(1))
        with mock.patch.object(joining_private, "_join_at", self._join_at):
            return join(invite, "anna", KEY, search=self._search)

    def _join_at(self, host: str, port: int, *_how: object) -> Exception | str:
        self.tried.append((host, port))
        found = self.there.get((host, port), ConnectionRefusedError())
        if isinstance(found, Exception):
            raise found
        return found

    def _search(self, root_hash: bytes) -> list[Place]:
        self.searches.append(root_hash)
        return self.heard


def test_where_it_says() -> None:
    """Where the registry is where the invite says, nobody else is asked."""
    coming = Coming()
    assert coming.join("10.9.0.1", "10.9.0.7") == "joined"
    assert (coming.tried, coming.searches) == ([OLD, NEW], [])


@pytest.mark.parametrize("found", [None, OSError(), _AnotherIsThere("of another network")])
def test_another_address(found: Exception | None) -> None:
    """One that has moved is found by the hash in the invite, and that is said."""
    coming, said = Coming(), StringIO()
    if found is not None:
        coming.there[OLD] = found
    coming.there[FORGER] = _AnotherIsThere("of another network")
    coming.heard = [FORGER, OLD, NEW]
    with redirect_stderr(said):
        assert coming.join("10.9.0.1") == "joined"
    assert coming.tried == [OLD, FORGER, NEW]
    assert coming.searches == [ROOT_HASH]
    expected = "found a registry of the invite's network at 10.9.0.66:9011,10.9.0.7:9011\n"
    assert said.getvalue() == expected


def test_nowhere() -> None:
    """Where none is heard, it is said what was wrong at the addresses of the invite."""
    coming = Coming()
    coming.heard = [OLD]
    with pytest.raises(CannotJoin, match="nothing listens there") as raised:
        coming.join("10.9.0.1")
    assert raised.value.exit == Exit.NO_NETWORK
    coming.there[OLD] = _AnotherIsThere("of another network")
    with pytest.raises(CannotJoin, match="of another network"):
        coming.join("10.9.0.1", "10.9.0.2")


def test_refused() -> None:
    """Who is refused by the registry asks no other."""
    coming = Coming()
    coming.there[OLD] = CannotJoin("it was used up")
    with pytest.raises(CannotJoin, match="used up"):
        coming.join("10.9.0.1", "10.9.0.7")
    assert (coming.tried, coming.searches) == ([OLD], [])


def test_on_loopback() -> None:
    """A registry of this machine alone is not looked for elsewhere."""
    coming = Coming()
    with pytest.raises(CannotJoin):
        coming.join("127.0.0.1")
    assert coming.searches == []
