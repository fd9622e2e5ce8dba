"""What is here already is looked for no longer than somebody waits for it."""

from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.peer.own_content import OwnContent
from p2p_twisted.peer_errors import AlreadyHere
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.messages import Hit
from tests.download.jobs import Jobs

SONG = b"song"


class OwnContentTests(SynchronousTestCase):
    """A file of the same name and size as what is asked for."""

    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "f1").write_bytes(SONG)
        self.jobs = Jobs()
        downloads: Any = None
        self.own = OwnContent((Catalog(),), str, Inbox(str(folder)), downloads, self.jobs)

    def look(self) -> "Deferred[list[AlreadyHere | None]]":
        hit = Hit("s1", "f1", len(SONG), file=content_id(SONG))
        return Deferred.fromCoroutine(self.own.look_for([(hit,)]))

    def test_here(self) -> None:
        """Its content is compared."""
        looking = self.look()
        self.assertTrue(self.jobs.run_one())
        [here] = self.successResultOf(looking)
        assert here is not None
        self.assertEqual(here.path, self.own._inbox.native_path("f1"))

    def test_not_wanted(self) -> None:
        """Who cancels it, or ends this peer, does not wait until all of it is read."""
        for end in (lambda looking: looking.cancel(), lambda _looking: self.own.stop()):
            looking = self.look()
            is_wanted = self.jobs.last_argument
            self.assertTrue(is_wanted())
            end(looking)
            self.assertFalse(is_wanted())
            self.assertNoResult(looking)
            self.jobs.run_one()
            self.failureResultOf(looking, CancelledError)

    def test_after_the_end(self) -> None:
        """Once this peer ends, nothing is read any more."""
        self.own.stop()
        self.failureResultOf(self.look(), CancelledError)
        self.assertFalse(self.jobs.run_one())
