"""How things stand after each line."""

from random import Random

import attrs

from p2p_twisted.api import view_of
from p2p_twisted.api.event_views import DownloadEventView, EventView, RegisteredView
from p2p_twisted.download.limits import ENDED_DOWNLOADS
from p2p_twisted.recording.limits import RECORDED_PEERS, RECORDED_TRANSFERS, SNAPSHOT_ROWS
from p2p_twisted.recording.recorded_views import SnapshotView
from tests.console.fake_peer import running, saved
from tests.recording.builders import HEADER, events, member, peers, state_of


def test_silent_peers() -> None:
    """One that is silent keeps what it has told last; one that is not even named is gone."""
    begun = peers(1.0, "s1 s2 s3", s1="s2 s3", s2="s1", s3="s1")
    state = state_of(begun, peers(2.0, went="s2 s3", silent="s2", s1="s2"))
    assert state.links == {"s1": ("s2",), "s2": ("s1",)}
    assert state.silent == ("s2",)
    state.take(peers(3.0, silent=""))
    assert state.links == {"s1": ("s2",)}


def test_silent_one_comes_back() -> None:
    """One that answers again is there."""
    state = state_of(
        peers(1.0, "s1 s2", s1="s2", s2="s1"),
        peers(2.0, went="s2", silent="s2"),
        peers(3.0, came="s2", s2="s1"),
    )
    assert (state.links, state.silent) == ({"s1": ("s2",), "s2": ("s1",)}, ())


def test_registry() -> None:
    """Who is in, without those that were forgotten."""
    assert list(state_of(*events()).members) == ["s5"]


def test_snapshot_says_all() -> None:
    """Whoever begins with a snapshot anywhere knows what others know."""
    rng = Random(1)
    happened = [HEADER, *(rng.choice(events()) for _ in range(200))]
    for cut in range(0, 200, 7):
        first = state_of(*happened[:cut])
        again = state_of(*first.snapshot(1.0))
        assert again == first
        for event in happened[cut:]:
            first.take(event)
            again.take(event)
        assert again == first


def test_new_run() -> None:
    """Nothing of an earlier run counts once its writer was started again."""
    assert state_of(*events(), HEADER) == state_of()


def test_many() -> None:
    """A large network is told in parts, so that no line is long."""
    names = [f"s{i}" for i in range(2 * SNAPSHOT_ROWS + 1)]
    state = state_of(peers(1.0, " ".join(names), **dict.fromkeys(names, "s0 s1 s2")))
    parts = state.snapshot(2.0)
    assert [each.part for each in parts] == [0, 1, 2]
    assert {each.parts for each in parts} == {3}
    assert state_of(*parts) == state


def test_bounded() -> None:
    """However much is told, so much is kept and no more."""
    running_ones = [
        DownloadEventView(at=1.0, download=view_of.download(running(number)))
        for number in range(RECORDED_TRANSFERS + 5)
    ]
    ended = [
        DownloadEventView(at=1.0, download=view_of.download(saved(number)))
        for number in range(10_000, 10_000 + ENDED_DOWNLOADS + 5)
    ]
    many = [f"s{i}" for i in range(RECORDED_PEERS + 5)]
    crowd: list[EventView] = [RegisteredView(at=1.0, member=member(name)) for name in many]
    state = state_of(
        peers(1.0, **dict.fromkeys(many, "")), peers(2.0, silent=" ".join(many)), *crowd
    )
    assert {len(state.links), len(state.silent), len(state.members)} == {RECORDED_PEERS}
    assert len(state_of(*running_ones).downloads) == RECORDED_TRANSFERS
    assert list(state_of(*ended).downloads) == [
        each.download.number for each in ended[-ENDED_DOWNLOADS:]
    ]


def test_torn_snapshot() -> None:
    """One whose end is missing is replaced by the next."""
    whole = state_of(*events()).snapshot(5.0)
    torn = attrs.evolve(whole[0], peers=(), silent=("s9",))
    assert isinstance(torn, SnapshotView)
    assert state_of(torn, *whole) == state_of(*whole)
