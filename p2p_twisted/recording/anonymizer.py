"""Tell of a network without telling whose it is: other names, and everywhere the same ones."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
from attrs import define, field

from p2p_twisted.api.event_views import (
    AnswerView,
    EventView,
    ForgottenView,
    PeersView,
    QuestionView,
    WarningView,
)
from p2p_twisted.api.offer_views import OfferView
from p2p_twisted.api.registry_views import MemberView
from p2p_twisted.api.transfer_views import DownloadView, HashingView, HolderView, UploadView
from p2p_twisted.api.views import AddressView, TopologyPeerView
from p2p_twisted.offers.offer import EVERYBODY
from p2p_twisted.recording.common_words import COMMON_WORDS
from p2p_twisted.recording.recorded_views import RecordingView, SnapshotView

_LEFT_OUT: Final = "…"
_AROUND: Final = ".,;:!?()[]<>'\"“”‘’"
_DIGITS: Final = 8
_QUESTIONS: Final = ("topo", "name", "text", "id", "ls")
_WORDS_OF_A_NAME: Final = 50
"""Longer ones are left out word by word, like all that is unknown."""

_PEER, _GROUP, _HOST, _FILE, _ID, _NETWORK, _SENTENCE, _SAME = (
    "peer", "group", "host", "file", "id", "network", "sentence", "same",
)  # fmt: skip
_AUDIENCE: Final = "audience"

_FIELDS: Final[Mapping[tuple[type, str], str]] = {
    (RecordingView, "of"): _SAME,
    (RecordingView, "version"): _SAME,
    (RecordingView, "network"): _NETWORK,
    (SnapshotView, "silent"): _PEER,
    (AddressView, "name"): _PEER,
    (AddressView, "host"): _HOST,
    (TopologyPeerView, "name"): _PEER,
    (TopologyPeerView, "neighbors"): _PEER,
    (PeersView, "came"): _PEER,
    (PeersView, "went"): _PEER,
    (PeersView, "silent"): _PEER,
    (QuestionView, "id"): _ID,
    (QuestionView, "peer"): _PEER,
    (AnswerView, "id"): _ID,
    (DownloadView, "name"): _FILE,
    (DownloadView, "id"): _ID,
    (DownloadView, "state"): _SAME,
    (DownloadView, "path"): _FILE,
    (DownloadView, "missing"): _FILE,
    (DownloadView, "older"): _FILE,
    (DownloadView, "reason"): _SENTENCE,
    (HolderView, "peer"): _PEER,
    (HolderView, "how"): _SENTENCE,
    (HashingView, "peer"): _PEER,
    (UploadView, "name"): _FILE,
    (UploadView, "peer"): _PEER,
    (UploadView, "id"): _ID,
    (UploadView, "how"): _SENTENCE,
    (OfferView, "id"): _ID,
    (OfferView, "file"): _ID,
    (OfferView, "name"): _FILE,
    (OfferView, "sender"): _PEER,
    (OfferView, "to"): _AUDIENCE,
    (OfferView, "into"): _FILE,
    (OfferView, "state"): _SAME,
    (OfferView, "reason"): _SENTENCE,
    (WarningView, "text"): _SENTENCE,
    (MemberView, "name"): _PEER,
    (MemberView, "host"): _HOST,
    (ForgottenView, "name"): _PEER,
    (ForgottenView, "why"): _SENTENCE,
}
"""What each text is; one that is not here is left out."""


@define
class Anonymizer:
    """
    Replaces names, addresses, names of files, and ids; times, sizes and ports stay.

    Of sentences, such as those of the log, it keeps common words and what it has replaced
    elsewhere, in its new form, and nothing else.
    """

    _names: dict[tuple[str, str], str] = field(factory=dict, init=False)
    _counts: dict[str, int] = field(factory=dict, init=False)
    # What each name is called in sentences.
    _known: dict[str, str] = field(factory=dict, init=False)

    def replaced(self, event: EventView) -> EventView:
        """Return an event in which all that is somebody's is called otherwise."""
        made: Any = self._view(event)
        if isinstance(event, RecordingView):
            what = _PEER if event.of == "peer" else _NETWORK
            made = attrs.evolve(made, name=self._text(what, event.name), anonymous=True)
        if isinstance(event, QuestionView):
            what = _ID if event.what == "id" else _FILE
            text = event.text and self._text(what, event.text)
            asked = event.what if event.what in _QUESTIONS else _LEFT_OUT
            made = attrs.evolve(made, text=text, what=asked)
        replaced: EventView = made
        return replaced

    def _view(self, view: Any) -> Any:
        of = type(view)
        changes: dict[str, Any] = {}
        for name in attrs.fields_dict(of):
            value = getattr(view, name)
            what = _SAME if name == "kind" else _FIELDS.get((of, name), "")
            changes[name] = self._value(what, value)
        return attrs.evolve(view, **changes)

    def _value(self, what: str, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(what, value)
        if isinstance(value, tuple):
            return tuple(self._value(what, each) for each in value)
        return self._view(value) if attrs.has(type(value)) else value

    def _text(self, what: str, text: str) -> str:
        kinds: dict[str, Callable[[str], str]] = {
            _SAME: lambda same: same,
            _NETWORK: lambda _text: _NETWORK,
            _SENTENCE: self._sentence,
            _AUDIENCE: self._audience,
            _ID: lambda id_: self._called(_ID, id_, lambda n: _id(n, len(id_))) if id_ else "",
        }
        if what in kinds:
            return kinds[what](text)
        return self._called(what, text, lambda n: f"{what}-{n}") if what else _LEFT_OUT

    def _audience(self, text: str) -> str:
        if text == EVERYBODY:
            return text
        is_group = text.startswith("@")
        return f"@{self._text(_GROUP, text)}" if is_group else self._text(_PEER, text)

    def _called(self, what: str, text: str, named: Callable[[int], str]) -> str:
        if (name := self._names.get((what, text))) is None:
            self._counts[what] = number = self._counts.get(what, 0) + 1
            name = self._names[what, text] = named(number)
            self._known.setdefault(" ".join(text.split()), name)
        return name

    def _sentence(self, text: str) -> str:
        words, at = text.split(), 0
        told: list[str] = []
        while at < len(words):
            length, word = self._known_at(words, at) or (1, _common(words[at]))
            at += length
            if not (word == _LEFT_OUT and told[-1:] == [_LEFT_OUT]):
                told.append(word)
        return " ".join(told)

    def _known_at(self, words: list[str], at: int) -> tuple[int, str] | None:
        """Return how many words from a place on are a name, and what it is called."""
        for length in range(min(_WORDS_OF_A_NAME, len(words) - at), 0, -1):
            name = " ".join(words[at : at + length])
            for tried in (name, name.strip(_AROUND)):
                if (called := self._known.get(tried)) is not None:
                    before, _, after = name.partition(tried)
                    return length, f"{before}{called}{after}"
        return None


def _common(word: str) -> str:
    return word if word.strip(_AROUND).lower() in COMMON_WORDS else _LEFT_OUT


def _id(number: int, length: int) -> str:
    return f"{number:0{_DIGITS}x}".ljust(length, "0")
