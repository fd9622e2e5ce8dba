"""Files that are served to others while they are still being downloaded here."""

import os
import time

from p2p_twisted.download.progress import Saved
from p2p_twisted.upload.uploads import Uploads
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import (
    PROTOCOL,
    Chunk,
    Done,
    Have,
    Hello,
    Message,
    Push,
    Refuse,
    Send,
    Want,
)
from tests.download.holding import make_uploads
from tests.download.swarms import CHUNKS, CONTENT, SwarmingCase, chunk, talk
from tests.download.wires import Wires
from tests.upload.cases import Greeter, accepting


class PartialTests(SwarmingCase):
    """Somebody else who wants what is being downloaded here."""

    def setUp(self) -> None:
        self.mine, self.done, self.played = self.begun()
        self.mine.found = ()
        self.played.say(*self.push(self.mine))
        self.say_chunks(0, 1)
        self.wires: Wires = self.mine.wires
        self.other = Greeter(encode(Hello(PROTOCOL, "peer", "other", "default")))
        security = self.mine.security_of("other")
        self.wires.listeners["127.0.0.1", 9001] = lambda: accepting(self.other, security)
        dialer, partials = BoundDialer(self.wires, "", self.mine.security), self.mine.partials
        self.uploads: Uploads = make_uploads(dialer, lambda file: None, partials)
        self.refused: list[str] = []
        self.want = Want("e" * 32, CONTENT.file_id, "other", "127.0.0.1", 9001, via=("other",))

    def say_chunks(self, *indexes: int) -> None:
        for index in indexes:
            self.played.say(Chunk(index, MIB), chunk(index))
            self.mine.wires.settle()

    def serve(self) -> None:
        def refuse(reason: str, gone: bool = False, fetch: bool = False) -> None:
            self.refused.append(reason)

        self.uploads.serve(self.want, None, refuse)
        self.wires.settle()

    def heard(self) -> list[Message]:
        """Take what the other one has heard."""
        messages = talk(self.other.received)
        self.other.received = b""
        return messages

    def test_served(self) -> None:
        """Verified chunks are announced as they come, and served; others are not."""
        self.serve()
        file_id, size = CONTENT.file_id, CONTENT.size
        push = Push(self.want.ticket, file_id, size, partial=True, reorders=True, downloads=True)
        self.assertEqual(self.heard(), [push, Have(((0, 2),))])
        self.other.say(Send(((5, 1), (1, 1))))
        self.wires.settle()
        self.assertEqual(self.heard(), [Chunk(1, MIB)])
        self.say_chunks(2, 3, 4)
        self.wires.settle()
        self.assertEqual(self.heard(), [Have(((2, 1),))])
        # The next ones are named together.
        self.wires.pass_time(0.2, 0.1)
        self.assertEqual(self.heard(), [Have(((3, 2),))])

    def test_outlives_the_download(self) -> None:
        """A push goes on from the published file, for as long as nobody writes to that."""
        self.serve()
        self.say_chunks(*range(2, CHUNKS))
        self.successResultOf(self.done)
        self.assertEqual(self.mine.saved(), CONTENT.content)
        self.heard()
        self.other.say(Send(((7, 1),)))
        self.wires.settle()
        self.assertIn(chunk(7), self.other.received)
        self.other.received = b""
        path = self.mine.folder / "Downloads" / "f1.txt"
        path.write_bytes(b"mine")
        os.utime(path, (time.time(), time.time() + 5))
        self.other.say(Send(((8, 1),)))
        self.wires.settle()
        self.assertIsInstance(self.heard()[-1], Refuse)
        self.assertTrue(self.other.is_lost)

    def test_ends(self) -> None:
        """Nobody else is served once it is saved; of a canceled one nothing is left."""
        self.serve()
        self.mine.downloads.cancel(1)
        self.wires.settle()
        self.heard()
        self.other.say(Send(((1, 1),)))
        self.wires.settle()
        self.assertIsInstance(self.heard()[-1], Refuse)
        self.want = Want("d" * 32, CONTENT.file_id, "other", "127.0.0.1", 9001)
        self.serve()
        self.assertEqual(len(self.refused), 1)
        self.assertEqual(self.mine.left(), [])

    def test_found_by_id(self) -> None:
        """It is found by its id from the first verified chunk on, until it is saved."""
        partials = self.mine.partials
        hit = partials.hit(CONTENT.file_id, "me")
        assert hit is not None
        self.assertEqual((hit.peer, hit.size, hit.partial), ("me", CONTENT.size, True))
        self.assertIsNone(partials.hit("f" * 64, "me"))
        self.say_chunks(*range(2, CHUNKS))
        self.assertIsNone(partials.hit(CONTENT.file_id, "me"))

    def test_asked_in_return(self) -> None:
        """
        Who wants what is downloaded here may have some of it: it is asked, by the way back.

        But only when nobody else may be asked for everything.
        """
        partials = self.mine.partials
        partials.wanted_by(
            Want("c" * 32, CONTENT.file_id, "p1", "127.0.0.1", 9001, via=("p1", "p2"))
        )
        self.wires.pass_time(1.0)
        self.assertEqual(self.mine.wants[-1].route, ("played",))
        self.played.say(Have(((2, 1),)))
        self.wires.pass_time(1.0)
        self.assertEqual(self.mine.wants[-1].route, ("p2", "p1"))
        count = len(self.mine.wants)
        for false in (("p3", "p1"), ()):
            want = Want("b" * 32, CONTENT.file_id, "p4", "127.0.0.1", 9001, via=false)
            partials.wanted_by(want)
        partials.wanted_by(Want("a" * 32, "f" * 64, "p5", "127.0.0.1", 9001, via=("p5",)))
        self.wires.settle()
        self.assertEqual(len(self.mine.wants), count)

    def test_asked_beyond_those_found(self) -> None:
        """Where it takes long, as many more are asked that ask this peer as of those found."""
        self.played.say(Have(((2, 1),)))
        self.wires.pass_time(1.4, 0.1)
        found, asking = ([f"{kind}{number}" for number in range(9)] for kind in ("found", "asking"))
        for name in (*found, *asking):
            self.mine.holder(name).is_mute = True
        self.mine.found = tuple(
            self.mine.holders[name].hit(CONTENT, partial=True) for name in found
        )
        self.wires.pass_time(0.4, 0.1)
        for name in asking:
            want = Want("c" * 32, CONTENT.file_id, name, "127.0.0.1", 9001, via=(name,))
            self.mine.partials.wanted_by(want)
        asked = [want.route[0] for want in self.mine.wants]
        self.assertEqual(asked, ["played", *found[:3]])
        self.wires.pass_time(0.3, 0.1)
        asked = [want.route[0] for want in self.mine.wants]
        self.assertEqual(asked, ["played", *found[:3], *asking[:4]])

    def test_false_announcements(self) -> None:
        """A requester that announces nonsense is not served any more; the download goes on."""
        for haves in ([Have(((0, 99),))], [Have(((0, 1),))] * 2):
            self.want = Want(f"{len(haves):032x}", CONTENT.file_id, "other", "127.0.0.1", 9001)
            self.other = Greeter(encode(Hello(PROTOCOL, "peer", "other", "default")))
            self.serve()
            self.other.say(*haves)
            self.wires.settle()
            self.assertTrue(self.other.is_lost)
        self.say_chunks(*range(2, CHUNKS))
        self.assertIsInstance(self.successResultOf(self.done).state, Saved)

    def test_claims_to_have_all(self) -> None:
        """Who claims to have what it asks for is not sent it."""
        self.serve()
        self.heard()
        self.other.say(Have(((0, CHUNKS),)), Send(((0, 2),)))
        self.wires.settle()
        self.assertEqual(self.heard(), [])
        self.other.say(Done())
        self.wires.settle()
        self.assertTrue(self.other.is_lost)
