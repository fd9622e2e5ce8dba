"""
The lines of a recording: NDJSON, each an event as ``/v1/events`` tells it, or of two more kinds.

The first line says whose recording it is; a snapshot of several lines follows it, and comes again
and again, so that whoever reads can begin there.
"""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, Final, Literal

import attrs
import msgspec
from msgspec import Meta

from p2p_twisted.api.event_views import PEER_EVENTS, REGISTRY_EVENTS, EventView
from p2p_twisted.api.registry_views import MemberView
from p2p_twisted.api.transfer_views import DownloadView, UploadView
from p2p_twisted.api.views import Count, TopologyPeerView

FORMAT: Final = 1
"""Of these lines: a reader passes over kinds and fields that it does not know."""

_LATEST: Final = 253_402_300_800.0
"""The end of the year 9999."""


class DamagedRecording(ValueError):
    """A line is none of a recording."""


@attrs.frozen(kw_only=True)
class RecordingView(EventView):
    """
    Here a recording begins, or goes on after its writer was started again.

    :ivar of: what has written it.
    :ivar name: of the peer; of a registry, that of its network.
    :ivar anonymous: whether names and addresses are others than they were.
    """

    kind: Literal["recording"] = "recording"
    format: Count = FORMAT
    of: Literal["peer", "registry", "simulation"]
    name: str
    network: str
    version: str
    anonymous: bool = False


@attrs.frozen(kw_only=True)
class SnapshotView(EventView):
    """
    A part of how things stood.

    :ivar part: which, of ``parts``, from 0 on.
    :ivar peers: with their neighbors, also of those that are silent.
    :ivar silent: all peers that did not answer.
    :ivar registered: whether the registry knew the peer; absent where that is not known.
    :ivar members: of a registry.
    """

    kind: Literal["snapshot"] = "snapshot"
    part: Count
    parts: Annotated[int, Meta(ge=1)]
    peers: tuple[TopologyPeerView, ...] = ()
    silent: tuple[str, ...] = ()
    registered: bool | None = None
    downloads: tuple[DownloadView, ...] = ()
    uploads: tuple[UploadView, ...] = ()
    members: tuple[MemberView, ...] = ()


KINDS: Final[Mapping[str, type[EventView]]] = {
    str(attrs.fields_dict(each)["kind"].default): each
    for each in (RecordingView, SnapshotView, *PEER_EVENTS, *REGISTRY_EVENTS)
}
"""All that a line can be."""


@attrs.frozen
class _Kind:
    kind: str = ""


def decode_line(line: bytes | str) -> EventView | None:
    """
    Read a line.

    :returns: ``None`` for a kind that later versions write.
    :raises DamagedRecording: when it is none.
    """
    try:
        made = KINDS.get(msgspec.json.decode(line, type=_Kind).kind)
        event = None if made is None else msgspec.json.decode(line, type=made)
    except (msgspec.DecodeError, UnicodeError):
        event = _with_any_text(line)
    except RecursionError:
        raise DamagedRecording from None
    if event is not None and not 0 <= event.at <= _LATEST:
        raise DamagedRecording
    return event


def event_of(told: Any) -> EventView | None:
    """
    Make an event of what JSON says: see :func:`decode_line`.

    :raises DamagedRecording: when it is none.
    """
    try:
        made = KINDS.get(msgspec.convert(told, _Kind).kind)
        return None if made is None else msgspec.convert(told, made)
    except msgspec.ValidationError:
        raise DamagedRecording from None


def _with_any_text(line: bytes | str) -> EventView | None:
    """Read what may have paths whose bytes are no UTF-8: see ``View.encoded``."""
    try:
        return event_of(json.loads(line, parse_float=_finite, parse_constant=_finite))
    except (ValueError, RecursionError):
        raise DamagedRecording from None


def _finite(text: str) -> float:
    if not isfinite(number := float(text)):
        raise DamagedRecording
    return number
