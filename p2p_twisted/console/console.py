"""What the consoles on a pipe and on a terminal have in common."""

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.console.commands import Command, LeaveNetwork
from p2p_twisted.console.conversation import Conversation
from p2p_twisted.console.downloading import Outcome
from p2p_twisted.console.line_queue import LineQueue
from p2p_twisted.console.output import IStdio, Output
from p2p_twisted.console.parsing import parse
from p2p_twisted.console.progress_view import ProgressView
from p2p_twisted.console.text import FailureLine
from p2p_twisted.download.progress import Progress
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.peer.links_interface import ILinks
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.trust.invite import INVITE_IN

CLOSE_SECONDS: Final = 1.0
_YES: Final = ("y", "yes")
_HAS_INVITE: Final = (
    "nobody was told this, as an invite is in it: in a shell, p2p peer --name NAME --join INVITE"
    " joins by that"
)


@attrs.frozen
class ConsoleConfig:
    """
    What a console needs.

    :ivar links: to files, of this peer.
    :ivar name: of the peer.
    :ivar greeting: the first lines to show.
    :ivar tell: is called after each line, with whether it succeeded.
    :ivar on_leave: is called when the peer has left the network, and that was shown.
    :ivar encoding: of input and output.
    :ivar has_color: whether a terminal may show failures in a color.
    :ivar output_lost: says why the output is lost, if there is somebody to be told; returns what a
        script exits with then.
    :ivar has_next_run: whether what is not complete goes on when the peer is started again.
    """

    clock: IReactorTime
    peer: IPeer
    links: ILinks
    name: str
    greeting: Sequence[str]
    tell: Callable[[bool], None]
    on_leave: Callable[[], None]
    encoding: str = "utf-8"
    has_color: bool = False
    output_lost: Callable[[], Exit] = lambda: Exit.UNEXPECTED
    has_next_run: bool = True


@implementer(IHalfCloseableProtocol)
class Console(Protocol):
    """
    The console of one person or script, whose lines the peer executes.

    :cvar lines_at_once: how many lines are executed at a time.
    :cvar progress_seconds: how often running downloads are shown.
    :ivar can_ask: whether a person is there to answer questions.
    :ivar closed: fires when nothing more will be read or shown.
    """

    log = Logger()

    can_ask = False
    lines_at_once: int
    progress_seconds: float

    # Both are set from connectionMade on, and not used before.
    transport: IStdio
    output: Output

    def __init__(self, config: ConsoleConfig) -> None:
        self.config = config
        self.closed: Deferred[None] = Deferred()
        view = ProgressView(config.clock, self.progress_seconds, self.show_running)
        self._questions: deque[tuple[str, Deferred[bool]]] = deque()
        ask = self.ask if self.can_ask else None
        self._conversation = Conversation(
            config.peer,
            self.say,
            view.watch,
            lambda: self.width,
            ask,
            links=config.links,
            has_next_run=config.has_next_run,
        )
        self._queue = LineQueue(self.lines_at_once, self._read_or_not)
        self._is_leaving = False
        self._has_left = False
        self._closing = Alarm(config.clock, self._over)

    @property
    def exit(self) -> Exit:
        """What a script whose lines were executed here exits with; a person's exits with 0."""
        return Exit.DONE if self.can_ask else self._conversation.exits.code

    @property
    def width(self) -> int | None:
        """How many cells a line may have; ``None`` for no limit."""
        return None

    @abstractmethod
    def say(self, lines: Iterable[str]) -> None:
        """Show lines that stay."""

    @abstractmethod
    def show_running(self, running: Sequence[Progress]) -> None:
        """Show the progress of the running downloads."""

    @abstractmethod
    def drained(self, dropped: int) -> None:
        """Continue after the output was blocked; ``dropped`` lines were lost."""

    def ask(self, question: str) -> "Deferred[bool]":
        """Ask a question; the next line answers it."""
        answer: Deferred[bool] = Deferred()
        self._questions.append((f"{question} (y or n)", answer))
        self.show_question()
        return answer

    @abstractmethod
    def show_question(self) -> None:
        """Show the first question that is not answered."""

    def answer(self, line: str) -> None:
        """Answer the first question."""
        _question, answer = self._questions.popleft()
        if self._questions:
            self.show_question()
        answer.callback(line.strip().casefold() in _YES)

    def take(self, line: str) -> None:
        """Queue a line for execution, unless it answers a question, or has an invite in it."""
        if self._questions:
            self.answer(line)
            return
        if INVITE_IN.search(line):
            # Others would be asked for it as a file's name, and could come in by it.
            self.refuse(_HAS_INVITE)
            return
        command = parse(line)
        if command is not None:
            self._queue.add(lambda: self._execute(command))

    def refuse(self, why: str) -> None:
        """Queue the reason why a line cannot be executed, to be shown in order."""
        self._queue.add(lambda: self._refuse(why))

    def leave(self) -> None:
        """Leave the network and close; when called again, close at once."""
        if self._is_leaving:
            self._gone()
        else:
            self._is_leaving = True
            background(self.log, "leaving", self._leave())

    def leave_in_turn(self) -> None:
        """Leave the network once all earlier lines have been executed."""
        self._queue.add(self._leave)

    def close(self) -> None:
        """Close once the last answer has been written, after a second at the latest."""
        if not (self._closing.is_set or self.closed.called):
            self._queue.close()
            self._closing.set(CLOSE_SECONDS)
            self.output.close()

    # What Twisted calls

    @override
    def connectionMade(self) -> None:
        self.output = Output(self.transport, self.config.encoding, self.drained)
        self.say(self.config.greeting)
        self._conversation.begin()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._over()

    @abstractmethod
    def readConnectionLost(self) -> None:
        """Handle the end of the input."""

    def writeConnectionLost(self) -> None:
        """Close the console, but not the peer: its output is lost."""
        self.config.output_lost()
        self._over()

    # How it works

    async def _execute(self, command: Command) -> None:
        outcome = await self._conversation.execute(command)
        self.config.tell(outcome is not Outcome.FAILED)
        if outcome is Outcome.GONE:
            self._gone()

    async def _refuse(self, why: str) -> None:
        self.say([FailureLine(why)])
        self._conversation.exits.add(Exit.USAGE)
        self.config.tell(False)

    async def _leave(self) -> None:
        await self._conversation.execute(LeaveNetwork())
        self._gone()

    def _gone(self) -> None:
        if not self._has_left:
            self._has_left = True
            self.close()
            if self.closed.called:
                self.config.on_leave()

    def _over(self) -> None:
        if self.closed.called:
            return
        self._closing.stop()
        self._queue.close()
        self._conversation.end()
        while self._questions:
            self.answer("")
        # Also if only the output is gone: without it, no input is read either.
        self.output.close()
        self.closed.callback(None)
        if self._has_left:
            self.config.on_leave()

    def _read_or_not(self) -> None:
        """Read on, unless too many lines wait already."""
        if self._queue.is_full:
            self.transport.pauseProducing()
        else:
            self.transport.resumeProducing()
