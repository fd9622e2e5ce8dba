"""Offers of somebody who means ill: nothing lands, bounds hold, and honest pushes go on."""

from collections.abc import Iterable
from typing import Any

import attrs
import pytest
from attrs import frozen
from twisted.internet.defer import succeed
from twisted.internet.task import LoopingCall

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.offers.limits import (
    OFFERS_ASKED,
    OFFERS_FETCHED,
    OFFERS_KEPT,
    OFFERS_SOUGHT_BURST,
    OFFERS_SOUGHT_PER_SECOND,
)
from p2p_twisted.offers.offer_book import KeptOffer
from p2p_twisted.offers.offer_turns import OfferTurns
from p2p_twisted.overlay.limits import GOSSIP_BURST, GOSSIP_PER_SECOND
from p2p_twisted.peer.interface import unwatched
from p2p_twisted.peer.sights import QuestionSeen
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.wire.limits import KIB, TIB
from tests.offers.offers_case import ANYONE, ASK, DAY, HOUR, OffersTestCase
from tests.peer.cases import SONG

A_MINUTE = 10_000


@frozen
class LookedAt:
    """Shows when what waits is looked at."""

    turns: OfferTurns
    looked: list[object]

    def in_order(self, waiting: Iterable[KeptOffer], now: float) -> list[KeptOffer]:
        self.looked.append(now)
        return self.turns.in_order(waiting, now)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.turns, name)


class HostileOffersTests(OffersTestCase):
    """A network in which ``mallory`` broadcasts whatever it likes."""

    def abused(
        self, accept: AcceptRule = ANYONE, files: dict[str, bytes] | None = None
    ) -> VirtualDaemons:
        daemons = self.network(3, accept)
        daemons.start("mallory", files)
        daemons.run(20)
        return daemons

    def flood(self, daemons: VirtualDaemons, seconds: float, in_names: bool = False) -> None:
        """Have mallory offer 10,000 things a minute, perhaps each in another name."""
        numbers = iter(range(10 * A_MINUTE))

        def offer() -> None:
            number = next(numbers)
            sender = f"x{number}" if in_names else "mallory"
            self.offer(daemons, file_id=f"{number:064x}", sender=sender)

        loop = LoopingCall(offer)
        loop.clock = daemons.network.processes["mallory"]
        loop.start(60 / A_MINUTE)
        daemons.run(seconds)
        loop.stop()

    def nothing_landed(self, daemons: VirtualDaemons) -> None:
        for name in ("s1", "s2", "s3", "s4"):
            self.assertEqual(self.downloads(daemons, name), [])

    def test_a_tebibyte(self) -> None:
        """What does not fit is not even looked for."""
        daemons = self.abused()
        for name in ("s2", "s3", "s4"):
            taking = daemons.peers[name].offers._taking
            taking._parts = attrs.evolve(taking._parts, space=lambda: succeed(TIB - 1))
        self.offer(daemons, size=TIB)
        daemons.run(60)
        if self.kind is VirtualDaemons:
            self.assertEqual(self.states(daemons)["s2"], ["no space"])
            self.assertEqual(daemons.peers["s2"].transfers(), ())
        self.nothing_landed(daemons)

    def test_a_larger_one_than_it_says(self) -> None:
        """Neither a file nor a folder may be more than was promised."""
        daemons = self.abused(files={"large/a": SONG, "large/b": SONG[1:], "film": SONG[2:]})
        listed = daemons.result(daemons.peers["mallory"].listing()).hits
        ids = {hit.name: hit.file for hit in listed}
        self.offer(daemons, file_id=ids["large"], is_folder=True, size=1_000)
        self.offer(daemons, file_id=ids["film"], size=1_000)
        daemons.run(60)
        if self.kind is VirtualDaemons:
            folder, _film = daemons.peers["s2"].offers.received()
            self.assertEqual((folder.state, folder.reason), ("waiting", "nobody has it now"))
        self.nothing_landed(daemons)

    def test_of_what_a_person_fetches(self) -> None:
        """Whatever an offer says of that, or becomes of it, the person's download goes on."""
        daemons = self.network(2)
        daemons.start("mallory", {"film": SONG[1:]}).limit(Rates(up=64 * KIB))
        daemons.run(20)
        wanted = daemons.peers["s2"].get("film", unwatched)
        daemons.run(10)
        [film] = daemons.peers["s2"].transfers()
        assert film.file_id is not None
        self.offer(daemons, file_id=film.file_id, size=1_000)
        daemons.run(30)
        if self.kind is VirtualDaemons:
            [known] = daemons.peers["s2"].offers.received()
            self.assertEqual(known.state, "failed")
            self.assertIn("larger than its offer says", known.reason)
            [told] = (each for each in self.look(daemons, "s2", known).rows if each.peer == "s2")
            self.assertEqual((told.state, told.rate), ("failed", 0.0))
            daemons.peers["s2"].offers.answer(known.offer.id, accept=False)
        daemons.run(1)
        [film] = daemons.peers["s2"].transfers()
        self.assertFalse(film.is_ended)
        self.assertFalse(wanted.called)

    def test_for_somewhere_else(self) -> None:
        """No offer lands outside of the downloads, or hidden among them."""
        daemons = self.abused(files={"x": SONG})
        [hit] = daemons.result(daemons.peers["mallory"].listing()).hits
        for wrong in (
            {"name": "../x"},
            {"name": ".bashrc"},
            {"into": "/etc"},
            {"into": "a/../../.."},
            {"into": ".ssh"},
            {"into": "a/b/" * 100 + "c"},
        ):
            self.offer(daemons, file_id=hit.file, size=hit.size, **wrong)
        daemons.run(30)
        self.assertEqual(self.states(daemons)["s2"], [])
        self.nothing_landed(daemons)

    def test_old_and_early(self) -> None:
        """One that has ended, or that is of tomorrow, or of a year, does nothing."""
        daemons = self.abused()
        now = int(daemons.wall())
        for issued, until in [
            (now - DAY, now),
            (now + DAY, now + 2 * DAY),
            (now, now + 365 * DAY),
            (now, now - DAY),
        ]:
            self.offer(daemons, issued=issued, until=until)
        daemons.run(10)
        self.assertEqual(self.states(daemons)["s2"], [])

    def test_of_what_nobody_has(self) -> None:
        """It takes no place, in however many names; what somebody has is there within seconds."""
        daemons = self.abused()
        for number in range(60):
            self.offer(daemons, file_id=f"{number:064x}", sender=f"x{number}")
        daemons.run(60)
        self.push(daemons)
        daemons.run(15)
        for name in ("s2", "s3", "s4"):
            self.assertEqual(daemons.download(name, "slides.pdf"), SONG)
            self.assertEqual(len(daemons.peers[name].transfers()), 1)

    @pytest.mark.slow
    def test_looked_for_rarely(self) -> None:
        """What nobody has costs the others ever fewer searches."""
        daemons = self.abused()
        asked: list[object] = []

        def saw(sight: object) -> None:
            if isinstance(sight, QuestionSeen) and sight.is_own and sight.text == "b" * 64:
                asked.append(sight)

        daemons.peers["s2"].watch_sights(saw)
        self.offer(daemons, file_id="b" * 64)
        daemons.run(HOUR)
        self.assertLess(len(asked), 15)
        if self.kind is VirtualDaemons:
            self.assertGreater(len(asked), 3)

    def test_slow(self) -> None:
        """Whoever delivers without end leaves room for what others push."""
        daemons = self.network(2)
        films = {f"film {number}": SONG[number:] for number in range(OFFERS_FETCHED + 2)}
        mallory = daemons.start("mallory", films)
        mallory.limit(Rates(up=64 * KIB))
        daemons.run(20)
        for name in films:
            daemons.result(mallory.offers.push(name, ["@all"], HOUR))
        daemons.run(60)
        running = [each for each in daemons.peers["s2"].transfers() if not each.is_ended]
        self.assertEqual(len(running), 3)
        self.push(daemons)
        daemons.run(30)
        for name in ("s2", "s3"):
            self.assertEqual(daemons.download(name, "slides.pdf"), SONG)

    def test_without_end(self) -> None:
        """10,000 a minute: each peer keeps so many, and what is honest gets through meanwhile."""
        daemons = self.abused()
        self.flood(daemons, 6)
        self.push(daemons)
        self.flood(daemons, 6)
        daemons.run(30)
        for name in ("s2", "s3", "s4"):
            self.assertEqual(daemons.download(name, "slides.pdf"), SONG)
            peer = daemons.peers[name]
            self.assertLessEqual(len(peer.offers._book.all()), OFFERS_KEPT)
            self.assertLessEqual(len(peer.offers.received()), OFFERS_KEPT)
            unfinished = [each for each in peer.transfers() if not each.is_ended]
            self.assertLessEqual(len(unfinished), OFFERS_FETCHED)
            self.assertEqual(self.downloads(daemons, name), ["slides.pdf"])

    @pytest.mark.slow
    def test_in_ever_new_names(self) -> None:
        """What is honest is there at once, and others are asked for so many of the rest."""
        daemons = self.abused()
        asked: list[object] = []

        def saw(sight: object) -> None:
            if isinstance(sight, QuestionSeen) and sight.is_own:
                asked.append(sight)

        daemons.peers["s2"].watch_sights(saw)
        self.flood(daemons, 20, in_names=True)
        known = self.push(daemons)
        self.flood(daemons, 20, in_names=True)
        for name in ("s2", "s3", "s4"):
            self.assertEqual(daemons.download(name, "slides.pdf"), SONG)
        # Among members mallory itself takes what an admin pushes.
        receivers = 3 if self.kind is VirtualDaemons else 4
        self.assertEqual(self.look(daemons, "s1", known).counts["saved"], receivers)
        self.assertLess(len(asked), OFFERS_SOUGHT_BURST + 60 * OFFERS_SOUGHT_PER_SECOND)
        if self.kind is VirtualDaemons:
            # The honest one may be there before the burst is used up.
            self.assertGreater(len(asked), OFFERS_SOUGHT_BURST // 2)

    def test_forgotten_for_others(self) -> None:
        """What makes room for others while it waits has nothing else looked at."""
        daemons = self.abused()
        self.flood(daemons, 20, in_names=True)
        taking, looked = daemons.peers["s2"].offers._taking, list[object]()
        turns: Any = LookedAt(taking._turns, looked)
        taking._turns = turns
        known = [taking._book.get(each.offer.id) for each in daemons.peers["s2"].offers.received()]
        for kept in known:
            if kept is not None and not kept.is_pinned:
                taking.ended(kept)
        self.assertEqual(looked, [])
        taking.consider()
        self.assertEqual(len(looked), 1)

    def test_to_persons(self) -> None:
        """A person is asked about so many at a time, and about what is honest as well."""
        daemons = self.abused(ASK)
        self.flood(daemons, 12)
        self.push(daemons)
        daemons.run(10)
        known = daemons.peers["s2"].offers.received()
        asked = [each.offer.sender for each in known if each.state == "asked"]
        self.assertLessEqual(len(asked), OFFERS_ASKED)
        self.assertIn("s1", asked)
        self.assertLess(len(known), GOSSIP_BURST + 12 * GOSSIP_PER_SECOND + 10)
