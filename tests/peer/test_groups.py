"""What is shared with a group: its members have it, and nobody else hears of it by any way."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Saved
from p2p_twisted.overlay.events import Referred
from p2p_twisted.peer_errors import NotAllowed, PeerError
from p2p_twisted.testing.introspection import driver_of
from p2p_twisted.testing.private_daemons import PrivateDaemons
from p2p_twisted.trust.identity import Identity
from p2p_twisted.upload.readers import Readers
from p2p_twisted.upload.small_sender import SharedContent
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dialing import dial
from p2p_twisted.wire.line_gate import LineGate
from p2p_twisted.wire.messages import Ask, Error, Hello, Hit, Message, Push, Told, Want
from p2p_twisted.wire.names import FileId, PeerAddress, PeerName
from p2p_twisted.wire.session import Session

_PLAN = bytes(range(256)) * 8_192
_NOTE = b"for the lab alone"
_FILES = {"plan": _PLAN, "note": _NOTE, "more/one": b"1", "more/two": _PLAN[::-1]}

_LS = Ask("1" * 32, "ls", peer="s6")


class Lab:
    """``s6`` shares with ``@lab``, which ``s7`` is in; ``s1`` to ``s5`` are members of nothing."""

    def __init__(self, daemons: PrivateDaemons, folder: Path) -> None:
        self.daemons = daemons
        for path, content in _FILES.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        daemons.groups = {"s6": ("lab",), "s7": ("lab", "other"), "s8": ("lab",), "s9": ("other",)}
        self.holder = daemons.start("s6", {"public": b"for all"}, shares=(("@lab", folder),))
        daemons.start("s7")
        daemons.run(15.0)
        self.sent: list[tuple[Message, Any]] = []

    def listing(self, asking: PeerName) -> dict[str, Hit]:
        """List what a peer is told of what ``s6`` shares."""
        found = self.daemons.result(self.daemons.peers[asking].listing("s6"))
        return {hit.name: hit for hit in found.hits}

    def secret_ids(self) -> list[FileId]:
        """List the ids of what is shared with the group alone."""
        hits = [hit for hit in self.listing("s7").values() if hit.name != "public"]
        ids = [hit.file for hit in hits if hit.file is not None]
        assert len(ids) == len(hits) == 6
        return ids

    def me(self, name: PeerName) -> PeerAddress:
        """Tell where a peer listens."""
        address = self.daemons.peers[name]._network.address
        assert address is not None
        return address

    def link(self, name: PeerName) -> None:
        """Wait until a peer is a neighbor of ``s6``."""
        driver = driver_of(self.daemons.peers[name])
        assert driver is not None
        driver.feed(Referred((self.me("s6"),)))
        self.daemons.run(30.0)
        assert "s6" in {each.name for each in driver.neighbors}

    def found(self, asking: PeerName, text: str) -> set[str]:
        """Search for a text."""
        found = self.daemons.result(self.daemons.peers[asking].find(text))
        return {hit.name for hit in found.hits}

    def said_to(self, asking: PeerName, message: Message) -> list[Message]:
        """Dial ``s6`` with somebody's certificate, and say something."""
        asker = _Asker(message)
        reactor: Any = self.daemons.peers[asking]._network._dialer
        me = self.me("s6")
        dial(reactor, me.host, me.port, Connection(reactor, asker.begin))
        self.daemons.run(8.0)
        return asker.heard


class _Asker(Session):
    """Says one thing, and notes what is said to that."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._connection: Connection
        self.heard: list[Message] = []

    def begin(self, connection: Connection) -> "_Asker":
        self._connection = connection
        return self

    def greeted(self, hello: Hello) -> None:
        self._connection.send(self._message)

    def received(self, message: Message) -> None:
        self.heard.append(message)


@pytest.fixture
def lab(p2p_network: Callable[..., PrivateDaemons], tmp_path: Path) -> Lab:
    """Return a network in which there is something for a group."""
    return Lab(p2p_network(private=True), tmp_path / "data")


def test_members(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member lists, finds and fetches it as anything else: small, large and whole folders."""
    names = {"public", "lab", "lab/plan", "lab/note", "lab/more", "lab/more/one", "lab/more/two"}
    assert set(lab.listing("s7")) == names
    assert lab.found("s7", "plan") == {"lab/plan"}
    lab.daemons.start("s8")
    lab.daemons.run(10.0)
    # The one as if it were no neighbor of its holder, the other one on a link.
    monkeypatch.setattr(driver_of(lab.daemons.peers["s7"]), "send", lambda _message: False)
    lab.link("s8")
    for member in ("s7", "s8"):
        for wanted, target in (("plan", "plan"), ("note", "note"), ("lab/more", "more/two")):
            assert isinstance(lab.daemons.get(member, wanted).state, Saved)
            assert lab.daemons.download(member, target) == _FILES[target]
    assert set(lab.listing("s6")) == names


def test_at_once(lab: Lab) -> None:
    """Whoever searches for several things at once finds them all, from the first time on."""
    peer = lab.daemons.peers["s7"]
    finding = [peer.find(text) for text in ("plan", "note", "one")]
    found = [{hit.name for hit in lab.daemons.result(each).hits} for each in finding]
    assert found == [{"lab/plan"}, {"lab/note"}, {"lab/more/one"}]


@pytest.mark.parametrize("outsider", ["s2", "s9"])
def test_others(lab: Lab, outsider: PeerName) -> None:
    """Others neither list nor find it, by name, text or id; but what is for all."""
    lab.daemons.start("s9")
    lab.daemons.run(5.0)
    ids = lab.secret_ids()
    assert set(lab.listing(outsider)) == {"public"}
    assert lab.found(outsider, "plan") == lab.found(outsider, "lab") == set()
    assert lab.found(outsider, "public") == {"public"}
    for wanted in ("plan", "lab/plan", "lab", "more"):
        with pytest.raises(PeerError):
            lab.daemons.get(outsider, wanted)
    searches = lab.daemons.peers[outsider]._searches
    for file_id in ids:
        assert lab.daemons.result(searches.find(file_id)) == ()
        assert (
            lab.daemons.result(Deferred.fromCoroutine(searches.ask("id", file_id[:16]))).hits == ()
        )


def test_wanted_by_others(lab: Lab) -> None:
    """Whoever knows its hash is not served: by links or itself, in its own or another's name."""
    ids = lab.secret_ids()
    outsider, peer = lab.me("s2"), lab.daemons.peers["s2"]
    unknown = Want("f" * 32, "0" * 64, "s2", outsider.host, outsider.port)
    [refused] = lab.said_to("s2", unknown)
    for number, file_id in enumerate(ids):
        want = evolve(unknown, ticket=f"{number:032x}", file=file_id)
        assert lab.said_to("s2", want) == [refused]
        [answer] = lab.said_to("s2", evolve(want, ticket=f"{number:031x}a", name="s7"))
        assert isinstance(answer, Error)
        assert isinstance(
            lab.said_to("s7", evolve(want, ticket=f"{number:031x}b", name="s7"))[0], Push
        )
        # On links, too, it is as little there as what never was.
        [public] = [hit for hit in lab.listing("s2").values() if hit.name == "public"]
        tickets = peer._downloads._context.peers.tickets
        asking = tickets.is_gone(evolve(public, file=file_id))
        assert lab.daemons.result(Deferred.fromCoroutine(asking))
    asked: tuple[Ask, ...] = (
        _LS,
        Ask("1" * 32, "text", "plan"),
        Ask("1" * 32, "name", "plan"),
        Ask("1" * 32, "id", ids[0]),
    )
    for ask in asked:
        assert lab.said_to("s2", ask) == [Told("1" * 32, answered=1)]
        assert lab.said_to("s7", ask) != [Told("1" * 32, answered=1)]


def test_nobody_between(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """No name, size or hash of it is ever on a connection to somebody who is not in the group."""
    told: list[tuple[str, frozenset[str]]] = []
    send = Connection.send

    def noted(self: Connection, message: Message, sheddable: bool = False) -> bool:
        if self.gate.other_end is not None:
            told.append((repr(message), self.gate.other_end.groups))
        return send(self, message, sheddable)

    secrets = [*_FILES, *lab.secret_ids()]
    monkeypatch.setattr(Connection, "send", noted)
    lab.listing("s7")
    for wanted in ("lab/plan", "lab/note", "lab/more"):
        lab.daemons.get("s7", wanted)
    lab.daemons.run(60.0)
    seen = [(text, groups) for text, groups in told if any(secret in text for secret in secrets)]
    assert seen
    # What is asked for by name is asked of all, as ever.
    leaks = [text for text, groups in seen if "lab" not in groups and not text.startswith("Ask(")]
    assert leaks == []


def test_downloading(lab: Lab) -> None:
    """Who is in a group serves nobody from downloads in progress, as that could be a group's."""
    for name, serves in (("s7", False), ("s2", True)):
        partials = lab.daemons.peers[name]._uploads._pushes._partials
        partials.add("0" * 64, _Partial())
        assert (partials.hit("0" * 64, name) is not None) == serves


class _Partial:
    """Some download."""

    def hit(self, me: PeerName) -> Hit:
        return Hit(me, "plan", 1)

    def open(self) -> Any:
        raise NotImplementedError

    def heard_of(self, peer: PeerName, route: tuple[PeerName, ...]) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("to", ["@lab", "s7", "@all"])
def test_pushed(lab: Lab, to: str) -> None:
    """All hear of an offer, whomever it is for: none is made of what a group alone may know."""
    for wanted in ("lab/note", "lab/more", lab.secret_ids()[0]):
        with pytest.raises(NotAllowed, match="is shared with @lab alone"):
            lab.daemons.result(lab.holder.offers.push(wanted, [to], 3_600.0))
    lab.daemons.result(lab.holder.offers.push("public", [to], 3_600.0))
    lab.daemons.run(5.0)
    for name in ("s2", "s7"):
        kept = lab.daemons.peers[name].offers._book.all()
        assert [each.offer.name for each in kept] == ["public"]


def test_who_may_share(lab: Lab, tmp_path: Path) -> None:
    """Members ask who is in their group, or an admin; nobody else who says it shares."""
    (tmp_path / "bait").mkdir()
    (tmp_path / "bait" / "plan").write_bytes(b"another")
    shares = (("@lab", tmp_path / "bait"),)
    lab.daemons.start("s9", shares=shares)
    lab.daemons.crash("s1")
    lab.daemons.start("s1", shares=shares)
    lab.daemons.run(40.0)
    found = lab.daemons.result(lab.daemons.peers["s7"].find("plan"))
    assert {hit.peer for hit in found.hits} == {"s1", "s6"}


def test_readers() -> None:
    """Who may read is who asks itself, and shows it; not whom somebody names."""
    everybody, lab = cast(SharedContent, object()), cast(SharedContent, object())
    link = SimpleNamespace(gate=LineGate(is_greeted=True))
    readers = Readers(everybody, lambda groups: lab if "lab" in groups else everybody)
    connection = cast(Connection, link)
    assert readers.content_for("anna", connection) is everybody
    link.gate.meet(Identity("anna", groups=["lab"]))
    assert readers.content_for("anna", connection) is lab
    assert readers.content_for("ben", connection) is everybody
    assert readers.content_for("anna", None) is everybody


def test_reshares(lab: Lab) -> None:
    """Who lets all others have its downloads gets nothing that is not for all."""
    lab.daemons.start("s8", reshares=True)
    lab.daemons.run(5.0)
    assert set(lab.listing("s8")) == {"public"}
    with pytest.raises(PeerError):
        lab.daemons.get("s8", "plan")


def test_revoked(lab: Lab) -> None:
    """Who is not in the network any more is not in its groups either."""
    lab.daemons.result(Deferred.fromCoroutine(lab.daemons.peers["s1"].admin.revoke("s7")))
    lab.daemons.run(3.0)
    assert not [each for each in lab.said_to("s7", _LS) if isinstance(each, Told)]
