"""Relay: let a neighbor wait for a peer that it cannot reach, and join the two."""

from collections.abc import Callable
from functools import partial
from typing import Final

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.bandwidth.meter import Meter
from p2p_twisted.bandwidth.twofold_pace import TwofoldPace
from p2p_twisted.relay import limits
from p2p_twisted.relay.joint import Joint
from p2p_twisted.relay.relay_places import NotRelayed, RelayBusy, RelayedPair, RelayPlaces
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Error, Meet, Message, Met, Placed, Relay
from p2p_twisted.wire.names import MessageId, PeerName
from p2p_twisted.wire.pace import Pace
from p2p_twisted.wire.session import Session

_OFF: Final = "this peer relays nothing"
_STRANGER: Final = "this peer relays for its neighbors alone"


class _Leg(Session):
    """
    A connection that is to be joined with another one, or that is.

    :param left: is called when it is gone.
    """

    def __init__(self, left: Callable[[], None]) -> None:
        self._left = left
        self.gone: Deferred[None] = Deferred()

    @override
    def received(self, message: Message) -> None:
        """Refuse it: there is nobody yet to say anything to."""
        raise ProtocolError("wait for the other peer, and say nothing before")

    @override
    def lost(self, reason: Failure) -> None:
        """Free the place, and end the other connection."""
        self._left()
        self.gone.callback(None)


class Relaying:
    """
    What a peer relays. It dials nobody: both sides have dialed it.

    :param rate: returns how many bytes a second are copied at most, of all pairs together;
        ``None`` where nothing is relayed.
    :param for_all: whether it relays for all, more pairs at a time, and not for neighbors alone.
    :param is_neighbor: returns whether a peer is one, and at that host.
    :param new_token: draws what cannot be guessed.
    :param up: limits all that this peer sends: each direction of a pair has a transfer's share.
    """

    log = Logger()

    def __init__(
        self,
        reactor: IReactorTime,
        *,
        rate: Callable[[], int | None],
        is_neighbor: Callable[[PeerName, str], bool],
        new_token: Callable[[], MessageId],
        up: Limiter,
        for_all: bool = False,
    ) -> None:
        self._reactor = reactor
        self._rate = rate
        self._is_neighbor = is_neighbor
        self._new_token = new_token
        self._up = up
        self._limiter = Limiter(reactor)
        self._is_stopping = False
        self._for_all = for_all
        self._places = RelayPlaces(
            limits.PAIRS_RELAYED_FOR_ALL if for_all else limits.PAIRS_RELAYED
        )
        self._waiting: dict[MessageId, Connection] = {}
        self._joints: dict[MessageId, Joint] = {}
        self._meters: dict[MessageId, Meter] = {}
        self._legs: set[_Leg] = set()

    @property
    def pairs(self) -> tuple[tuple[PeerName, PeerName], ...]:
        """The peers that are relayed now: who receives, and who sends."""
        return self._places.pairs

    @property
    def relayed(self) -> tuple[RelayedPair, ...]:
        """The peers that are relayed now, with how much was copied."""
        now, met = self._reactor.seconds(), self._places.met
        meters = ((met[token], meter) for token, meter in self._meters.items() if token in met)
        return tuple(RelayedPair(*pair, each.total, each.rate(now)) for pair, each in meters)

    @property
    def rate(self) -> int | None:
        """How many bytes a second are copied at most; ``None`` where nothing is relayed."""
        return None if self._is_stopping else self._rate()

    def asked(self, connection: Connection, asked: Relay) -> None:
        """Let a neighbor wait on its connection for another peer, or say why not."""
        token = self._new_token()
        try:
            is_neighbor = self._check(asked.name, connection.host)
            by_name = self._for_all and (is_neighbor or connection.gate.other_end is not None)
            self._places.ask(asked, connection.host, token, by_name=by_name)
        except NotRelayed as error:
            connection.refuse(_refusal(error))
            return
        self._waiting[token] = connection
        self._attend(connection, token)
        connection.send(Placed(token))
        connection.set_deadline(limits.MEET_WITHIN_SECONDS)

    def came(self, connection: Connection, came: Meet) -> None:
        """Join a peer with the one that waits for it, or say why not."""
        try:
            self._places.meet(came)
        except NotRelayed as error:
            connection.refuse(_refusal(error))
            return
        waiting = self._waiting.pop(came.token)
        self._attend(connection, came.token)
        self.log.info("relaying {pair}", pair=" and ".join(self._places.pairs[-1]))
        waiting.send(Met())
        both, meter = (waiting, connection), Meter()
        self._meters[came.token], moved = meter, partial(self._moved, meter)
        self._joints[came.token] = Joint(self._reactor, both, self._pace, moved)

    async def stop(self) -> None:
        """End all; returns when the connections are gone."""
        self._is_stopping = True
        gone = [leg.gone for leg in self._legs]
        for connection in list(self._waiting.values()):
            connection.abort()
        for joint in list(self._joints.values()):
            joint.end()
        await DeferredList(gone)

    def _check(self, name: PeerName, host: str) -> bool:
        """
        Check that somebody may ask at all, and keep to the rate as it is now.

        :returns: whether it is a neighbor.
        """
        self._keep_to_rate()
        if self.rate is None:
            raise NotRelayed(_OFF)
        is_neighbor = self._is_neighbor(name, host)
        if not (self._for_all or is_neighbor):
            raise NotRelayed(_STRANGER)
        return is_neighbor

    def _pace(self) -> Pace:
        return TwofoldPace(self._limiter.pace(), self._up.pace())

    def _moved(self, meter: Meter, count: int) -> None:
        meter.moved(count, self._reactor.seconds())
        # It may have changed while something is relayed.
        self._keep_to_rate()

    def _keep_to_rate(self) -> None:
        rate = self._rate() or limits.RELAY_SLOWEST_BYTES_PER_SECOND
        if rate != self._limiter.rate:
            self._limiter.limit(rate)

    def _attend(self, connection: Connection, token: MessageId) -> None:
        leg = _Leg(lambda: self._left(token, leg))
        self._legs.add(leg)
        connection.hand_over(leg)

    def _left(self, token: MessageId, leg: _Leg) -> None:
        self._legs.discard(leg)
        self._waiting.pop(token, None)
        self._meters.pop(token, None)
        joint = self._joints.pop(token, None)
        if joint is not None:
            joint.lost()
        self._places.left(token)


def _refusal(error: NotRelayed) -> Error:
    return Error(str(error), "full" if isinstance(error, RelayBusy) else "refused")
