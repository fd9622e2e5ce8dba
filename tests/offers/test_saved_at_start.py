"""What was pushed, and is saved just before a restart or just after it, is so once."""

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.download.progress import Saved
from tests.offers.offers_case import ANYONE, OffersTestCase
from tests.peer.cases import SONG


class SavedAtStartTests(OffersTestCase):
    def test_before_its_turn(self) -> None:
        """What is saved before its push has its turn is not got again, unless that is accepted."""
        daemons = self.begun_push()
        daemons.result(daemons.stop("s2"))
        daemons.peers["s1"].limit(Rates())
        saved = daemons.folder / "s2" / "Downloads" / "slides.pdf"
        saved.write_bytes(SONG)
        peer = daemons.start("s2", accept=ANYONE)
        told = list[tuple[str | None, int | None]]()
        peer.offers.watch(lambda known: told.append((known.state, known.download)))
        daemons.run(30)
        [progress] = peer.transfers()
        self.assertIsInstance(progress.state, Saved)
        self.assertEqual(told, [("saved", progress.number)])
        saved.unlink()
        peer.offers.answer(self.heard(peer).offer.id, accept=True)
        daemons.run(30)
        self.assertEqual(len(peer.transfers()), 2)
        self.assertEqual(daemons.download("s2", "slides.pdf"), SONG)

    def test_before_a_crash(self) -> None:
        """What was saved, and told, a second before a crash is not got and told again."""
        daemons = self.network(1)
        self.push(daemons)
        peer = daemons.peers["s2"]
        clock = daemons.network.clock
        self.assertTrue(clock.run_until(lambda: self.states(daemons)["s2"] == ["saved"], 30))
        daemons.run(1)
        daemons.crash("s2")
        peer = daemons.start("s2", accept=ANYONE)
        daemons.run(30)
        self.assertEqual((self.heard(peer).state, peer.transfers()), ("saved", ()))
