"""Ask those who share with a group, each on a connection of its own, and have them push."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Final

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.download.fetching import FetchRequest, HolderDialer, Unreachable
from p2p_twisted.peer.limits import GROUP_HITS
from p2p_twisted.peer.query_answers import group_mark
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.lock import Lock
from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Ask, Hello, Hit, Message, Push, Refuse, Told, Want
from p2p_twisted.wire.names import FileId, PeerAddress, PeerName
from p2p_twisted.wire.reaching import REVERSED
from p2p_twisted.wire.session import Session

_LOOK_AGAIN_SECONDS: Final = 30.0
_VISIT_SECONDS: Final = 3.0


class GroupQuestion(Session):
    """
    A connection on which one question is asked.

    :ivar answered: fires with what was told, once all was, or the connection is gone.
    """

    def __init__(
        self, connection: Connection, ask: Ask, may_share: Callable[[Connection, Hello], bool]
    ) -> None:
        self._connection = connection
        self._ask = ask
        self._may_share = may_share
        self._hits: list[Hit] = []
        self.answered: Deferred[tuple[Hit, ...]] = Deferred()

    @override
    def greeted(self, hello: Hello) -> None:
        """Ask, if this is who was meant to be dialed."""
        if self._may_share(self._connection, hello):
            self._connection.send(self._ask)
            self._connection.set_deadline(limits.FIRST_LINE_SECONDS)
        else:
            self._connection.abort()

    @override
    def received(self, message: Message) -> None:
        """Collect what is told."""
        if not isinstance(message, Told) or message.id != self._ask.id:
            raise ProtocolError("answer ASK with TOLD")
        room = GROUP_HITS - len(self._hits)
        self._hits += message.hits[:room]
        if not message.more or len(message.hits) > room:
            self._connection.close()

    @override
    def lost(self, reason: Failure) -> None:
        """Be content with what was told."""
        self.answered.callback(tuple(self._hits))


@define(eq=False)
class _Door:
    """Where somebody listens who says that it shares with groups."""

    at: PeerAddress
    groups: set[str] = field(factory=set)


@define(eq=False, kw_only=True)
class GroupVisits:
    """
    What groups that this peer is in share with it.

    :param groups: the ones that it is in.
    :param take_push: makes the session of a push, and is told how both reach each other.
    :param refused: is told that a holder does not push.
    """

    log = Logger()

    _clock: IReactorTime
    _dialer: HolderDialer
    _groups: Collection[str]
    _take_push: Callable[[Connection, Push, str], Session]
    _refused: Callable[[Refuse], None]
    _doors: dict[PeerName, _Door] = field(factory=dict, init=False)
    _looked_at: float | None = field(default=None, init=False)
    # Whoever comes while it is looked for waits for that.
    _looking: Lock = field(factory=Lock, init=False)

    async def look(self, find: "Callable[[FileId], Deferred[tuple[Hit, ...]]]") -> None:
        """
        Find those who share with these groups; not more than twice a minute.

        :param find: asks all peers who has some content.
        """
        async with self._looking:
            now = self._clock.seconds()
            if self._looked_at is not None and now - self._looked_at < _LOOK_AGAIN_SECONDS:
                return
            groups = sorted(self._groups)
            found = await gatherResults([find(group_mark(group)) for group in groups])
            self._looked_at, self._doors = now, {}
            for group, hits in zip(groups, found, strict=True):
                for at in (hit.at for hit in hits if hit.at and hit.at.name == hit.peer):
                    self._doors.setdefault(at.name, _Door(at)).groups.add(group)

    async def ask(self, ask: Ask) -> tuple[Hit, ...]:
        """Ask all of them, or the one that is meant; fails never."""
        doors = [door for name, door in self._doors.items() if ask.peer in (None, name)]
        asking = [Deferred.fromCoroutine(self._visit(door, ask)) for door in doors]
        told = await gatherResults(asking)
        return tuple(hit for hits in told for hit in hits)

    def want(self, want: Want) -> bool:
        """Have one of them push; return whether it is known where it listens."""
        door = self._doors.get(want.route[0]) if len(want.route) == 1 else None
        if door is None:
            return False
        background(self.log, "dialing who shares with a group", self._want(door, want))
        return True

    async def _visit(self, door: _Door, ask: Ask) -> tuple[Hit, ...]:
        questions: list[GroupQuestion] = []
        at = door.at

        def begin(connection: Connection) -> GroupQuestion:
            questions.append(GroupQuestion(connection, ask, partial(self._may_share, door)))
            return questions[0]

        connection = Connection(self._clock, begin)
        late = self._clock.callLater(_VISIT_SECONDS, connection.abort)
        try:
            await self._dialer.dial(at, connection)
            hits = await questions[0].answered
        except Unreachable as error:
            self.log.debug("{peer} cannot be asked: {why}", peer=at.name, why=error)
            return ()
        finally:
            if late.active():
                late.cancel()
        return tuple(evolve(hit, route=(at.name,)) for hit in hits if hit.peer == at.name)

    def _may_share(self, door: _Door, connection: Connection, hello: Hello) -> bool:
        """Return whether who says that it shares with a group is in it, or an admin."""
        shown = connection.gate.other_end
        if not self._dialer.is_holder(door.at, hello) or shown is None:
            return False
        if shown.is_admin or not shown.groups.isdisjoint(door.groups):
            return True
        self._doors.pop(door.at.name, None)
        return False

    async def _want(self, door: _Door, want: Want) -> None:
        def ended(reason: str) -> None:
            self._refused(Refuse(want.ticket, reason[: limits.REASON_CHARACTERS]))

        def take_push(connection: Connection, push: Push) -> Session:
            return self._take_push(connection, push, REVERSED)

        def begin(connection: Connection) -> FetchRequest:
            may_push = partial(self._may_share, door, connection)
            return FetchRequest(connection, want, may_push, take_push, ended)

        try:
            await self._dialer.dial(door.at, Connection(self._clock, begin))
        except Unreachable as error:
            ended(str(error))
