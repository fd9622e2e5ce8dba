"""Downloads as they may be, and what is to be said of each."""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from p2p_twisted.explain.diagnosis import Cause
from p2p_twisted.explain.facts import Facts, HolderFacts, OwnWork, QuestionFacts, Waits
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import HeldUp
from p2p_twisted.wire.names import PeerAddress

FILE: Final = "ab" * 32
BEN: Final = PeerAddress("ben", "10.77.0.24", 9_000)


def holder(name: str = "s4", **more: Any) -> HolderFacts:
    """Make a holder that delivers 10 MiB in 10 s."""
    usual = {"waits": Waits(10.0, received=10 * MIB), "received": 10 * MIB, "asked": 1}
    return HolderFacts(name, **{**usual, "is_delivering": True, "share": 1.0, **more})


def facts(state: str = "receiving", **more: Any) -> Facts:
    """Make what is known of a download that runs for 20 s."""
    usual = {
        "number": 3,
        "name": "f1",
        "file_id": FILE,
        "state": state,
        "is_ended": False,
        "began": 100.0,
        "seconds": 20.0,
        "seconds_in": {state: 20.0},
        "size": 100 * MIB,
        "received": 10 * MIB,
        "window": 10.0,
        "work": OwnWork(watched=10.0, processor=0.5, chunks=0.2),
        "holders": (holder(),) if state == "receiving" else (),
    }
    return Facts(**{**usual, **more})


def waits(**spent: float) -> HolderFacts:
    """Make a holder of whose 10 s so many went by in a way."""
    return holder(waits=Waits(10.0, received=10 * MIB, **spent))


def says(by: str, **more: Any) -> HolderFacts:
    """Make a holder that says what holds it up."""
    return holder(held=HeldUp(by, **more))


TABLE: Final[Mapping[str, tuple[Facts, Cause, str | None, str]]] = {
    "own limit": (
        facts(holders=(waits(limit=9.0),), limit=MIB),
        Cause.OWN_LIMIT,
        None,
        "this peer's own --max-down of 1.0 MiB/s limits it: for 90 % of the time holders waited for"
        " that",
    ),
    "own disk": (
        facts(holders=(waits(disk=8.0),), work=OwnWork(10.0, 0.5, chunks=0.1)),
        Cause.OWN_DISK,
        None,
        "this peer's disk limits it: for 79 % of the time holders waited until what had come was"
        " written",
    ),
    "hashing here": (
        facts(holders=(waits(disk=8.0),), work=OwnWork(10.0, 0.5, chunks=7.9)),
        Cause.OWN_PROCESSOR,
        None,
        "this peer's processor limits it: for 84 % of the time it received and hashed, or waited"
        " for a core",
    ),
    "own processor": (
        facts(work=OwnWork(10.0, processor=9.7)),
        Cause.OWN_PROCESSOR,
        None,
        "this peer's processor limits it: for 97 % of the time it received and hashed, or waited"
        " for a core",
    ),
    "holder's limit": (
        facts(holders=(says("limit", limit=2 * MIB, pushes=3),)),
        Cause.HOLDER_LIMIT,
        "s4",
        "the --max-up of 2.0 MiB/s of s4 limits it, as s4 says, and it sends to 3 at a time",
    ),
    "a limit that is exceeded is not believed": (
        facts(holders=(says("limit", limit=MIB // 2),)),
        Cause.HOLDER_OR_WAY,
        "s4",
        "s4, or the way from it, limits it: this peer waits for what comes from there, and s4 does"
        " not say why",
    ),
    "holder's disk": (
        facts(holders=(says("disk"),)),
        Cause.HOLDER_DISK,
        "s4",
        "the disk of s4 limits it, as s4 says",
    ),
    "the way": (
        facts(holders=(attrs.evolve(says("way", lost=0.013), round_trip=0.18),)),
        Cause.WAY,
        "s4",
        "the way from s4 limits it: one TCP connection gives no more at a round trip of 180 ms,"
        " 1.3 % of what s4 sends is lost",
    ),
    "a word of a later version": (
        facts(holders=(says("mood"),)),
        Cause.HOLDER_OR_WAY,
        "s4",
        "s4, or the way from it, limits it: this peer waits for what comes from there, and s4 does"
        " not say why",
    ),
    "a relay": (
        facts(holders=(holder(how="through s7"),)),
        Cause.RELAY,
        "s7",
        "the relay s7 limits it: neither s4 nor this peer reaches the other, so all of it comes"
        " through s7",
    ),
    "a relay might say anything": (
        facts(holders=(attrs.evolve(says("disk"), how="through s7"),)),
        Cause.RELAY,
        "s7",
        "the relay s7 limits it: neither s4 nor this peer reaches the other, so all of it comes"
        " through s7",
    ),
    "a relay of what is encrypted": (
        facts(holders=(attrs.evolve(says("disk"), how="through s7", is_proven=True),)),
        Cause.HOLDER_DISK,
        "s4",
        "the disk of s4 limits it, as s4 says",
    ),
    "it has proven who it is": (
        facts(holders=(attrs.evolve(says("disk"), via="s2", is_proven=True),)),
        Cause.HOLDER_DISK,
        "s4",
        "the disk of s4 limits it, as s4 says",
    ),
    "partial holders": (
        facts(holders=(waits(idle=9.0), attrs.evolve(waits(idle=9.0), holder="s5"))),
        Cause.HOLDER_PARTIAL,
        "s4",
        "s4 and one other have no more of it to offer yet: it is still being downloaded there, or"
        " shared out among several",
    ),
    "the one that delivers most": (
        facts(
            holders=(
                says("limit", limit=2 * MIB),
                holder("s5", waits=Waits(10.0, received=MIB), held=HeldUp("disk")),
            )
        ),
        Cause.HOLDER_LIMIT,
        "s4",
        "the --max-up of 2.0 MiB/s of s4 limits it, as s4 says; one other delivers less",
    ),
    "another might speak in its name": (
        facts(holders=(attrs.evolve(says("disk"), via="s2"),)),
        Cause.HOLDER_DISK,
        "s4",
        "the disk of s4 (asked by way of s2) limits it, as s4 says",
    ),
    "busy": (
        facts(
            "seeking",
            refused=(("made-up", "busy"), ("s4", "busy")),
            holders=(HolderFacts("s4", asked=1, last="busy"),),
        ),
        Cause.HOLDER_BUSY,
        "s4",
        "s4 has no place for one more upload: it says that it is busy",
    ),
    "refuses": (
        facts("waiting", refused=(("s4", "it is stopping"),)),
        Cause.HOLDER_REFUSES,
        "s4",
        "s4 (asked by way of a neighbor) does not serve it: it says 'it is stopping'",
    ),
    "a wrong clock": (
        facts("waiting", misdated=(("s4", "its clock is behind"),), refused=(("s5", "busy"),)),
        Cause.CLOCK,
        "s4",
        "no connection comes about with s4: its clock is behind",
    ),
    "another refuses in its name": (
        facts(
            "waiting",
            refused=(("s4", "busy"),),
            holders=(
                HolderFacts("s4", asked=1, last="the connection was lost"),
                HolderFacts("s4", "evil", asked=1, last="busy"),
            ),
        ),
        Cause.HOLDER_BUSY,
        "s4",
        "s4 (asked by way of evil) has no place for one more upload: it says that it is busy",
    ),
    "another tells where it is": (
        facts("waiting", unreachable=(BEN,), holders=(HolderFacts("ben", "evil", asked=1),)),
        Cause.FIREWALL,
        "ben",
        "no connection comes about with ben (10.77.0.24:9000) (asked by way of evil): neither"
        " reaches the other, as behind firewalls; let ports 9000-9009 in on one of the machines",
    ),
    "firewall": (
        facts("waiting", unreachable=(BEN,), holders=(HolderFacts("ben", asked=1),)),
        Cause.FIREWALL,
        "ben",
        "no connection comes about with ben (10.77.0.24:9000): neither reaches the other, as behind"
        " firewalls; let ports 9000-9009 in on one of the machines",
    ),
    "nobody": (
        facts("waiting", question=QuestionFacts("id", FILE, 100.0, 7, 7, seconds=0.1)),
        Cause.NOBODY,
        None,
        "nobody else has it: of 7 peers that answered, none does",
    ),
    "alone": (
        facts(
            "waiting", question=QuestionFacts("id", FILE, 100.0, alone="no neighbor", seconds=0.1)
        ),
        Cause.ALONE,
        None,
        "no other peer is asked: no neighbor",
    ),
    "silent": (
        facts(
            "seeking",
            holders=(HolderFacts("s4", asked=2, last="did not deliver in time"),),
            question=QuestionFacts("id", FILE, 100.0, 7, 7, 1, seconds=0.1),
        ),
        Cause.HOLDER_SILENT,
        "s4",
        "s4 was asked for it 2 times, and has not delivered: did not deliver in time",
    ),
    "still looking": (
        facts("seeking"),
        Cause.SEARCH,
        None,
        "holders of it are being looked for, and asked",
    ),
    "hashing": (
        facts("hashing", hashing=("s4", 40)),
        Cause.HOLDER_HASHING,
        "s4",
        "s4 is still hashing it (40 %): it has no id before, and then it begins",
    ),
    "queued": (
        facts("queued"),
        Cause.OWN_QUEUE,
        None,
        "it waits for other downloads of this peer: as many run as may at a time (--max-transfers)",
    ),
    "paused": (
        facts("paused"),
        Cause.PAUSED,
        None,
        "it is paused: resume 3 goes on with it",
    ),
    "full": (
        facts("blocked", reason="no space is left"),
        Cause.BLOCKED,
        None,
        "this peer's disk: no space is left; it goes on by itself when there is room",
    ),
    "quick": (
        facts("saved", is_ended=True, seconds=0.02, seconds_in={"receiving": 0.02}),
        Cause.NOTHING,
        None,
        "nothing held it up: it took 0.02 s",
    ),
    "where most of the time went": (
        facts(
            "saved",
            is_ended=True,
            seconds_in={"waiting": 15.0, "receiving": 5.0},
            holders=(holder("ben"),),
            unreachable=(BEN,),
        ),
        Cause.FIREWALL,
        "ben",
        "no connection comes about with ben (10.77.0.24:9000): neither reaches the other, as behind"
        " firewalls; let ports 9000-9009 in on one of the machines",
    ),
    "limited it": (
        facts(
            "saved",
            is_ended=True,
            seconds_in={"waiting": 1.0, "receiving": 19.0},
            holders=(says("limit", limit=2 * MIB),),
        ),
        Cause.HOLDER_LIMIT,
        "s4",
        "the --max-up of 2.0 MiB/s of s4 limited it, as s4 says",
    ),
}
