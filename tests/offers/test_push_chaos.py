"""Whatever befalls peers while things are pushed, all have them in the end; the board is true."""

import random

import pytest

from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.offers.offer import Offer
from p2p_twisted.peer_errors import PeerError
from p2p_twisted.testing.faults import Faults
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.names import PeerName
from tests.peer.cases import PeerTestCase

PEERS = 8
SENDERS = ("s1", "s2")
HOUR = 3_600.0


class PushChaosTests(PeerTestCase):
    """Two of some peers push to all others, which take it, between random faults."""

    def run_seed(self, seed: int) -> None:
        rng = random.Random(seed)
        self.files = {
            name: {f"of-{name}.bin": random.Random(f"{seed} {name}").randbytes(2 * MIB)}
            for name in SENDERS
        }
        self.network = daemons = self.on(VirtualNetwork(seed))
        names = [f"s{number}" for number in range(1, PEERS + 1)]
        faults = Faults(daemons, rng, names, self.restart, lambda _name: None)
        daemons.start_registry()
        for name in names:
            self.restart(name, True)
            daemons.run(0.1)
        daemons.run(15.0)
        faults.begin()
        pushed: dict[PeerName, Offer] = {}
        end = daemons.network.clock.now + 60.0
        while daemons.network.clock.now < end:
            daemons.run(rng.expovariate(1.0))
            faults.some()
            for sender in SENDERS:
                if sender not in pushed and sender in faults.present():
                    self.push(sender, pushed)
        faults.end()
        daemons.run(120.0)
        for sender in SENDERS:
            if sender not in pushed:
                self.push(sender, pushed)
        self.settle(names, pushed, "\n".join(faults.done))

    def restart(self, name: PeerName, is_erased: bool) -> None:
        if is_erased and name in self.network.peers:
            self.network.erase(name)
        files = self.files.get(name) if is_erased else None
        self.network.start(name, files, accept=AcceptRule(("anyone",)))

    def push(self, sender: PeerName, pushed: dict[PeerName, Offer]) -> None:
        """Push, if that can be done now: the peer may be alone, or go meanwhile."""
        [file] = self.files[sender]
        work = self.network.peers[sender].offers.push(file, ["@all"], HOUR)
        work.addCallback(lambda known: pushed.setdefault(sender, known.offer))
        work.addErrback(lambda failure: failure.trap(PeerError))

    def settle(self, names: list[PeerName], pushed: dict[PeerName, Offer], done: str) -> None:
        """Wait until all have everything, and compare it with what each sender's board says."""
        daemons = self.network
        missing: list[tuple[PeerName, str]] = []
        for _ in range(60):
            daemons.run(15.0)
            missing = [
                (name, file)
                for sender in pushed
                for file, content in self.files[sender].items()
                for name in names
                if name != sender and not self.has(name, file, content)
            ]
            if not missing and len(pushed) == len(SENDERS):
                break
        self.assertEqual(missing, [], done)
        for sender, offer in pushed.items():
            for _ in range(10):
                board = daemons.result(daemons.peers[sender].offers.look(offer.id))
                if board.is_done:
                    break
                daemons.run(board.look_again)
            self.assertTrue(board.have_all, f"{board}\n{done}")
            self.assertEqual({row.peer for row in board.rows}, set(names) - {sender}, done)

    def has(self, name: PeerName, file: str, content: bytes) -> bool:
        path = self.network.folder / name / "Downloads" / file
        return path.is_file() and path.read_bytes() == content

    @pytest.mark.slow
    def test_faults(self) -> None:
        """Pushes come through several runs of faults."""
        for seed in range(1, 6):
            self.run_seed(seed)
