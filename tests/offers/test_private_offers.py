"""What is pushed in a private network: who may, and who takes it without being asked."""

from collections.abc import Callable

from msgspec.structs import replace
from twisted.internet.defer import Deferred

from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.offers.offer import write_offer
from p2p_twisted.offers.offer_exchange import OFFER
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.introspection import driver_of
from p2p_twisted.testing.private_daemons import PrivateDaemons
from p2p_twisted.trust.signed_text import sign
from p2p_twisted.wire.messages import Gossip

MakeNetwork = Callable[..., VirtualDaemons]
DAY = 86_400


def a_network(make: MakeNetwork) -> PrivateDaemons:
    """Start s1, which is an admin, and s2 and s3, which are in the group lab; s4 is in none."""
    daemons = make(peers=0, private=True)
    assert isinstance(daemons, PrivateDaemons)
    daemons.groups = {"s2": ("lab",), "s3": ("lab",)}
    for name in ("s1", "s2", "s3", "s4"):
        daemons.start(name, {f"of {name}": name.encode()})
    daemons.run(10)
    return daemons


def push(daemons: VirtualDaemons, by: str, to: str = "@all", seconds: float = DAY) -> None:
    daemons.result(daemons.peers[by].offers.push(f"of {by}", [to], seconds))
    daemons.run(20)


def states(daemons: VirtualDaemons) -> dict[str, list[tuple[str, str | None]]]:
    """Return from whom each peer has heard of offers, and how far it is."""
    return {
        name: [(known.offer.sender, known.state) for known in peer.offers.received()]
        for name, peer in sorted(daemons.peers.items())
    }


def test_what_is_usual(p2p_network: MakeNetwork) -> None:
    """What an admin pushes is taken; others are refused where no person is there to be asked."""
    daemons = a_network(p2p_network)
    push(daemons, "s1")
    push(daemons, "s2")
    assert states(daemons)["s4"] == [("s1", "saved"), ("s2", "refused")]
    leave = daemons.peers["s4"].offers.attend()
    assert states(daemons)["s4"] == [("s1", "saved"), ("s2", "asked")]
    leave()
    push(daemons, "s3")
    assert states(daemons)["s4"] == [("s1", "saved"), ("s2", "asked"), ("s3", "refused")]


def test_groups(p2p_network: MakeNetwork) -> None:
    """What is for a group is for its members, as it is said who may push by a group."""
    daemons = a_network(p2p_network)
    daemons.start("s5", accept=AcceptRule(("@lab",)))
    daemons.run(5)
    push(daemons, "s1", "@lab")
    push(daemons, "s2", "s5")
    push(daemons, "s4", "s5")
    assert states(daemons) == {
        "s1": [],
        "s2": [("s1", "saved")],
        "s3": [("s1", "saved")],
        "s4": [],
        "s5": [("s2", "saved"), ("s4", "refused")],
    }


def test_who_was_revoked(p2p_network: MakeNetwork) -> None:
    """What it had offered does not count any more, not even for those who come later."""
    daemons = a_network(p2p_network)
    push(daemons, "s4", "s5")
    assert len(daemons.peers["s2"].offers._book.all()) == 1
    daemons.result(_revoked(daemons, "s4"))
    daemons.run(90)
    assert len(daemons.peers["s2"].offers._book.all()) == 0
    daemons.start("s5", accept=AcceptRule(("anyone",)))
    daemons.run(20)
    assert states(daemons)["s5"] == []


def test_played_back(p2p_network: MakeNetwork) -> None:
    """Nothing comes of it: when it was taken, has ended, or is in another one's name."""
    daemons = a_network(p2p_network)
    push(daemons, "s1", seconds=300)
    [kept] = daemons.peers["s4"].offers._book.all()
    credentials = daemons.private["s4"].security.credentials
    forged = sign(write_offer(replace(kept.offer, size=9)), credentials)
    own = sign(write_offer(replace(kept.offer, sender="s4", size=9)), credentials)
    for text in (kept.text, forged, own, write_offer(kept.offer).decode()):
        broadcast(daemons, "s4", text)
    daemons.run(20)
    assert states(daemons)["s2"] == [("s1", "saved"), ("s4", "refused")]
    daemons.run(300)
    broadcast(daemons, "s4", kept.text)
    daemons.run(20)
    assert states(daemons)["s2"] == []
    assert len(daemons.peers["s2"].transfers()) == 1


def broadcast(daemons: VirtualDaemons, by: str, text: str) -> None:
    driver = driver_of(daemons.peers[by])
    assert driver is not None
    driver.publish(Gossip(driver.new_id(), OFFER, by, 0, 120, text=text))


def _revoked(daemons: VirtualDaemons, name: str) -> "Deferred[None]":
    return Deferred.fromCoroutine(daemons.peers["s1"].admin.revoke(name))
