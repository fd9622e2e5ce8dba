"""Recordings that tell nothing of whose they are."""

import json
from typing import Any, Literal, get_args, get_origin, get_type_hints

import attrs
import pytest

from p2p_twisted.api import view_of
from p2p_twisted.api.event_views import (
    DownloadEventView,
    EventView,
    ForgottenView,
    OfferEventView,
    QuestionView,
    UploadEventView,
    WarningView,
)
from p2p_twisted.api.transfer_views import HolderView
from p2p_twisted.recording.anonymizer import Anonymizer
from p2p_twisted.recording.recorded_views import KINDS, RecordingView
from tests.console.fake_peer import UPLOAD, running
from tests.recording.builders import HEADER, events, peers, state_of

SECRET = "anna-s-secret.pdf"


def secret_view(made: type[Any], secret: str) -> Any:
    """Make a view each text of which is a secret, but for words of closed lists."""
    values: dict[str, Any] = {}
    hints = get_type_hints(made)
    for name in attrs.fields_dict(made):
        values[name] = secret_value(hints[name], secret)
    return made(**values)


def secret_value(hint: Any, secret: str) -> Any:
    """Make a value of a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return arguments[0]
    if origin is tuple:
        return (secret_value(arguments[0], secret),)
    if arguments:
        return secret_value(arguments[0], secret)
    if attrs.has(hint):
        return secret_view(hint, secret)
    return {str: secret, int: 1, float: 1.0, bool: True}[hint]


@pytest.mark.parametrize("made", KINDS.values())
def test_every_text(made: type[EventView]) -> None:
    """Whatever text any event has, later ones included, it does not come through."""
    view = secret_view(made, SECRET)
    if isinstance(view, RecordingView):
        view = attrs.evolve(view, version="1.0")
    told = Anonymizer().replaced(view).encoded().decode()
    assert SECRET in view.encoded().decode() or made.__name__ in ("MissedView", "RegistrationView")
    for part in (SECRET, "anna", "secret", "pdf"):
        assert part not in told


@attrs.frozen(kw_only=True)
class LaterView(EventView):
    """An event of a later version."""

    whom: str
    why: tuple[str, ...]


def test_unknown_fields() -> None:
    """A text of which nobody has said what it is does not come through."""
    later = LaterView(at=1.0, kind="later", whom=SECRET, why=(SECRET,))
    made = Anonymizer().replaced(later)
    assert made == LaterView(at=1.0, kind="later", whom="…", why=("…",))


def test_consistent() -> None:
    """One that has another name has it everywhere, also in sentences and in snapshots."""
    anonymizer = Anonymizer()
    download = view_of.download(running(1, name="my notes.txt"))
    holder = HolderView(peer="ben", received=1, rate=1.0, how="through anna")
    told = [
        peers(1.0, "anna ben", anna="ben", ben="anna"),
        DownloadEventView(at=2.0, download=attrs.evolve(download, holders=(holder,))),
        WarningView(at=3.0, text="ben: the link with anna broke while my notes.txt was sent."),
        ForgottenView(at=4.0, name="ben", why="it does not answer at 10.1.2.3:9001, says carl"),
        QuestionView(at=5.0, id="1f", what="name", text="my notes.txt", peer="anna", is_own=True),
    ]
    [first, second, warning, gone, question] = [
        json.loads(anonymizer.replaced(each).encoded()) for each in told
    ]
    assert first["came"] == ["peer-1", "peer-2"]
    assert second["download"]["name"] == "file-1"
    assert second["download"]["holders"][0]["how"] == "through peer-1"
    assert warning["text"] == "peer-2: the link with peer-1 broke while file-1 was sent."
    assert (gone["name"], gone["why"]) == ("peer-2", "it does not answer at … says …")
    assert (question["text"], question["peer"]) == ("file-1", "peer-1")
    [snapshot] = state_of(*map(anonymizer.replaced, told)).snapshot(6.0)
    assert {each.name for each in snapshot.peers} == {"peer-1", "peer-2"}


def test_header() -> None:
    """It says that it is anonymous, and neither whose it is nor of which network."""
    made = Anonymizer().replaced(attrs.evolve(HEADER, name="anna", network="our-lab"))
    assert isinstance(made, RecordingView)
    assert (made.name, made.network, made.anonymous) == ("peer-1", "network", True)


def test_same_picture() -> None:
    """The network has the same shape, and transfers the same sizes."""
    anonymizer = Anonymizer()
    made = state_of(*map(anonymizer.replaced, events()))
    assert made.links == {"peer-1": ("peer-2",), "peer-2": ("peer-1",)}
    upload = view_of.upload(*UPLOAD)
    told: Any = anonymizer.replaced(UploadEventView(at=1.0, upload=upload, is_ended=False))
    assert (told.upload.sent, told.upload.rate) == (upload.sent, upload.rate)
    assert told.upload.id != upload.id
    assert len(told.upload.id) == len(upload.id)


def test_names_like_words() -> None:
    """A name that is a common word is replaced where it is known, a whole sentence, too."""
    anonymizer = Anonymizer()
    anonymizer.replaced(peers(1.0, "disk", disk="the"))
    upload = attrs.evolve(view_of.upload(*UPLOAD), name="the disk is full")
    anonymizer.replaced(UploadEventView(at=1.0, upload=upload, is_ended=False))
    told: Any = anonymizer.replaced(WarningView(at=2.0, text="disk says the  disk is full!"))
    assert told.text == "peer-1 says file-1!"


def test_audience() -> None:
    """To whom something is pushed is told as it is told elsewhere; that all get it is no secret."""
    anonymizer = Anonymizer()
    view = secret_view(OfferEventView, SECRET)
    offer = attrs.evolve(view.offer, sender="anna", to=("ben", "@staff", "@all", "anna"))
    told: Any = anonymizer.replaced(attrs.evolve(view, offer=offer))
    assert told.offer.sender == "peer-1"
    assert told.offer.to == ("peer-2", "@group-1", "@all", "peer-1")
