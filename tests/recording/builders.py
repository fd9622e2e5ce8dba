"""Events and recordings for tests."""

from p2p_twisted.api import view_of
from p2p_twisted.api.event_views import (
    DownloadEventView,
    EventView,
    ForgottenView,
    PeersView,
    RegisteredView,
    RegistrationView,
    UploadEventView,
    WarningView,
)
from p2p_twisted.api.registry_views import MemberView
from p2p_twisted.api.views import TopologyPeerView
from p2p_twisted.recording.recorded_state import RecordedState
from p2p_twisted.recording.recorded_views import RecordingView
from p2p_twisted.recording.recorder import Recorder
from tests.console.fake_peer import UPLOAD, running, saved

HEADER = RecordingView(at=0.0, of="peer", name="s1", network="default", version="1.0")


def peers(at: float, came: str = "", went: str = "", silent: str = "", **links: str) -> PeersView:
    """Tell what has changed in the network, as in ``peers(1.0, "s2", s1="s2", s2="s1")``."""
    changed = tuple(
        TopologyPeerView(name=name, neighbors=tuple(of.split())) for name, of in links.items()
    )
    return PeersView(
        at=at,
        came=tuple(came.split()),
        went=tuple(went.split()),
        peers=len(links),
        changed=changed,
        silent=tuple(silent.split()),
    )


def member(name: str) -> MemberView:
    """Describe a registered peer."""
    return MemberView(
        name=name, host="127.0.0.1", port=9_000, since=1.0, lease=9.0, is_listening=True
    )


def events() -> list[EventView]:
    """Tell of some of everything that a snapshot has."""
    upload = view_of.upload(*UPLOAD)
    return [
        peers(1.0, "s1 s2 s3", s1="s2 s3", s2="s1", s3="s1"),
        RegistrationView(at=2.0, registered=True),
        DownloadEventView(at=3.0, download=view_of.download(running(1))),
        DownloadEventView(at=4.0, download=view_of.download(saved(2))),
        UploadEventView(at=5.0, upload=upload, is_ended=False),
        peers(6.0, went="s2 s3", silent="s2", s1="s2"),
        RegisteredView(at=7.0, member=member("s4")),
        RegisteredView(at=7.5, member=member("s5")),
        ForgottenView(at=8.0, name="s4", why="it left"),
        WarningView(at=9.0, text="the disk is full"),
    ]


def state_of(*happened: EventView) -> RecordedState:
    """Return how things stand after some events."""
    state = RecordedState()
    for event in happened:
        state.take(event)
    return state


def recorded(*happened: EventView) -> bytes:
    """Return a recording of events."""
    recorder = Recorder(HEADER)
    return recorder.begin(0.5) + b"".join(map(recorder.add, happened))
