"""What the page of a recording is told, as frozen values."""

from typing import Annotated, Literal

import attrs
from msgspec import Meta

from p2p_twisted.api.event_views import EventView
from p2p_twisted.api.request_fields import Query
from p2p_twisted.api.views import Count, View


@attrs.frozen(kw_only=True)
class ReplayView(View):
    """
    A recording at a glance.

    :ivar of: what has recorded it.
    :ivar begins: in seconds since 1970; of a simulation, since its start.
    :ivar ends: likewise.
    :ivar damaged: how many lines are left out, as they are none of a recording.
    """

    kind: Literal["replay"] = "replay"
    of: Literal["peer", "registry", "simulation"]
    name: str
    network: str
    recorded_by: str
    begins: float
    ends: float
    events: Count
    damaged: Count


@attrs.frozen(kw_only=True)
class PieceEndView(EventView):
    """
    The last line of each piece.

    :ivar at: the time up to which all was told.
    :ivar next: what to ask for with ``offset`` to have the next piece, if there is one.
    """

    kind: Literal["piece_end"] = "piece_end"
    next: Count | None


@attrs.frozen(kw_only=True)
class PieceQuery(Query):
    """
    From where on to tell what was recorded.

    :ivar at: how things stood then, and what happened after that; in seconds since 1970.
    :ivar offset: from here on, as the piece before it says.
    """

    at: Annotated[float, Meta(ge=0)] | None = None
    offset: Annotated[int, Meta(ge=0, le=2**62)] | None = None
