"""Push to others, answer what others push, and say what comes of it."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import attrs
from twisted.internet.defer import CancelledError, Deferred

from p2p_twisted.console import commands
from p2p_twisted.console.commands import Numbers
from p2p_twisted.console.download_lines import download_line
from p2p_twisted.console.downloading import Outcome, Say
from p2p_twisted.console.exits import Exits
from p2p_twisted.console.push_lines import (
    ASKED,
    absent_lines,
    asked_line,
    board_lines,
    going_on,
    push_lines,
    pushed_line,
)
from p2p_twisted.console.shown_offers import shown_board, shown_push
from p2p_twisted.console.text import FailureLine, human_size, shown_name, visible
from p2p_twisted.download.progress import Progress
from p2p_twisted.offers.numbered_offers import (
    accept_offer,
    all_offers,
    numbered_offer,
    offer_to_answer,
    own_offer,
)
from p2p_twisted.offers.offers_interface import HashingWatch, KnownOffer, Waited
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.peer_errors import PeerError
from p2p_twisted.runtime.exit_status import Exit


class Pushing:
    """
    Executes the commands on pushes, and tells a person of what others push.

    :param say: shows lines.
    :param width: tells how many cells a line may have; ``None`` for no limit.
    :param exits: is told how commands have failed.
    :param is_told: returns whether what becomes of a download is told elsewhere.
    """

    def __init__(
        self,
        peer: IPeer,
        say: Say,
        width: Callable[[], int | None],
        exits: Exits,
        is_told: Callable[[int], bool],
    ) -> None:
        self._peer = peer
        self._say = say
        self._width = width
        self._exits = exits
        self._is_told = is_told
        # By id: how this peer was with it when that was last told; and whether it was being got.
        self._told: dict[str, str | None] = {}
        self._begun: set[str] = set()
        self._ends: list[Callable[[], None]] = []
        self._asks = False
        self._waits: list[Deferred[Any]] = []

    def follow(self, is_person: bool) -> None:
        """
        Tell what others push, and what becomes of it, until :meth:`end`.

        :param is_person: whether somebody is here who can be asked.
        """
        self._told = {each.offer.id: each.state for each in self._peer.offers.received()}
        self._asks = is_person
        if is_person:
            self._ends.append(self._peer.offers.attend())
            asked = (each for each in self._peer.offers.received() if each.state == ASKED)
            self._say(asked_line(shown_push(each)) for each in asked if not each.is_over)
        self._ends.append(self._peer.offers.watch(self._tell))

    def end(self) -> None:
        """Tell nothing more: the person has gone."""
        while self._ends:
            self._ends.pop()()
        self.stop_waiting()

    async def push(self, command: commands.PushFiles) -> Outcome:
        """Push what this peer shares: each thing by itself."""
        outcome = Outcome.OK
        numbers = list[int]()
        for place, name in enumerate(command.names):
            pushing = self._peer.offers.push(
                name, command.to, command.seconds, command.into, self._hashing(name)
            )
            self._waits.append(pushing)
            try:
                known = await pushing
            except CancelledError:
                names = ", ".join(map(shown_name, command.names[place:]))
                self._say([f"given up, and not pushed: {names}"])
                return outcome
            except PeerError as error:
                outcome = self._failed(error)
            else:
                self._say([pushed_line(shown_push(known), f"pushes {known.number}")])
                numbers.append(known.number)
            finally:
                self._waits.remove(pushing)
        if numbers:
            await self._say_absent(command.to)
        if command.wait is None or not numbers:
            return outcome
        return max(outcome, await self._wait(numbers, command.wait), key=_is_failed)

    def stop_waiting(self) -> bool:
        """Wait for no push any longer, nor for what is to be one; return whether any was."""
        waits = tuple(self._waits)
        for wait in waits:
            wait.cancel()
        return bool(waits)

    async def _say_absent(self, to: Sequence[str]) -> None:
        """Say which of those are not here that something is pushed to by their names."""
        if all(each.startswith("@") for each in to):
            return
        try:
            topology = await self._peer.topology()
        except PeerError:
            # It is pushed, and how it goes says the rest.
            return
        there = (*(record.peer for record in topology.peers), *topology.silent)
        self._say(absent_lines(to, there))

    async def _wait(self, numbers: Sequence[int], seconds: float) -> Outcome:
        """Wait for pushes, all at a time, and show how each has gone."""
        waits: dict[int, Deferred[Waited]] = {}

        async def begin(number: int) -> None:
            known = numbered_offer(self._peer.offers, number)
            waits[number] = self._peer.offers.wait(known.offer.id, seconds)

        outcome = await self._each(begin, tuple(numbers))
        self._waits += waits.values()
        try:
            for number, wait in waits.items():
                outcome = max(outcome, await self._waited(number, wait), key=_is_failed)
        except CancelledError:
            these = " ".join(map(str, numbers))
            self._say([going_on(numbers, f"pushes {these}")])
        finally:
            for wait in waits.values():
                self._waits.remove(wait)
                # Of several that are canceled, one alone has been told above.
                wait.addErrback(lambda _canceled: None)
        return outcome

    async def _waited(self, number: int, wait: "Deferred[Waited]") -> Outcome:
        known = numbered_offer(self._peer.offers, number)
        try:
            waited = await wait
        except PeerError as error:
            return self._failed(error)
        known = attrs.evolve(known, is_over=waited.is_over)
        self._say(board_lines(shown_board(known, waited.board), self._width()))
        if waited.board.have_all:
            return Outcome.OK
        self._exits.add(Exit.UNFINISHED if waited.is_late else Exit.SOME_FAILED)
        return Outcome.FAILED

    def _hashing(self, name: str) -> HashingWatch:
        """Make what says once that something is looked for, and that it is still being hashed."""
        lines = {
            True: f"looking for {shown_name(name)} in what this peer shares",
            False: f"hashing {shown_name(name)}: it is pushed once that is done",
        }

        def watch(percent: int | None) -> None:
            if line := lines.pop(percent is None, None):
                self._say([line])

        return watch

    async def list_pushes(self, command: commands.ListPushes) -> Outcome:
        """List pushes, or show how some of them go."""
        if command.numbers is None:
            pushes = map(shown_push, all_offers(self._peer.offers))
            self._say(push_lines(pushes, self._width()))
            return Outcome.OK
        if command.wait is not None:
            return await self._wait(command.numbers, command.wait)

        async def look(number: int) -> None:
            known = numbered_offer(self._peer.offers, number)
            board = await self._peer.offers.look(known.offer.id)
            self._say(board_lines(shown_board(known, board), self._width()))

        return await self._each(look, command.numbers)

    async def end_pushes(self, command: commands.EndPushes) -> Outcome:
        """End pushes of this peer."""

        async def end(number: int) -> None:
            known = own_offer(self._peer.offers, number)
            await self._peer.offers.withdraw(known.offer.id)
            self._say([f"push {number} of {shown_push(known).title} has ended"])

        return await self._each(end, command.numbers)

    async def answer(self, command: commands.AnswerPushes) -> Outcome:
        """Get what others push, or refuse it."""

        async def answer(number: int) -> None:
            known = offer_to_answer(self._peer.offers, number)
            title = shown_push(known).title
            if not command.accept:
                self._peer.offers.answer(known.offer.id, False)
                self._say([f"refused {title}"])
                return
            self._begun.add(known.offer.id)
            is_here = await accept_offer(self._peer.offers, number)
            self._say([f"{title} is here already" if is_here else f"getting {title}"])

        return await self._each(answer, command.numbers)

    async def _each(self, act: Callable[[int], Awaitable[None]], numbers: Numbers) -> Outcome:
        """Act on each push by its number; what cannot be done is shown, and the rest is done."""
        outcome = Outcome.OK
        for number in numbers:
            try:
                await act(number)
            except PeerError as error:
                outcome = self._failed(error)
        return outcome

    def _failed(self, error: PeerError) -> Outcome:
        self._say([FailureLine(str(error))])
        self._exits.add(error.exit)
        return Outcome.FAILED

    def _tell(self, known: KnownOffer) -> None:
        """Tell of another state; of an offer of this peer's own, the one who made it knows."""
        id_ = known.offer.id
        before = self._told.get(id_)
        if known.state is not None and (known.state != before or known.is_over):
            self._say(self._news(known))
        self._told[id_] = known.state
        if known.is_over:
            del self._told[id_]
            self._begun.discard(id_)

    def _news(self, known: KnownOffer) -> Iterator[str]:
        push = shown_push(known)
        if known.is_over:
            if known.state == ASKED:
                yield f"{push.sender} pushes {push.title} no more"
            return
        progress = self._download_of(known)
        # A person's own may go on where the push has failed.
        is_one = progress is not None and (progress.is_ended or known.state != "failed")
        if progress is not None and is_one and self._is_told(progress.number):
            return
        match known.state:
            case "asked" if self._asks:
                yield asked_line(push)
            case "fetching" if known.offer.id not in self._begun:
                self._begun.add(known.offer.id)
                yield f"getting {push.title} ({human_size(push.size)}), which {push.sender} pushes"
            case "saved" if progress is not None:
                yield download_line(progress)
            case "saved":
                yield f"{push.title}, which {push.sender} pushes, is here"
            case "no space" | "failed":
                why = visible(known.reason) or known.state
                if known.state == "no space":
                    why = f"{why}; it comes by itself once there is space"
                yield FailureLine(f"{push.title}, which {push.sender} pushes, is not here: {why}")

    def _download_of(self, known: KnownOffer) -> Progress | None:
        transfers = self._peer.transfers() if known.download is not None else ()
        return next((each for each in transfers if each.number == known.download), None)


def _is_failed(outcome: Outcome) -> bool:
    return outcome is Outcome.FAILED
