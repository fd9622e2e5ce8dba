"""Copy what one store has into another one."""

from pathlib import Path
from typing import Any
from unittest import mock

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.registry_copy import copied, copy_registry
from p2p_twisted.registry.roster import Put
from p2p_twisted.registry.store import Conflict, MemoryStore
from p2p_twisted.runtime.exit_status import Exit
from tests.registry.builders import crowd, registration


class Small(MemoryStore):
    """Keeps three changes at a time."""

    most_changes = 3


class CopyTests(SynchronousTestCase):
    """Ten registrations, and a store that takes three at a time."""

    def setUp(self) -> None:
        self.source, self.target = MemoryStore(), Small()
        self.successResultOf(self.source.apply([Put(held) for held in crowd(10)]))

    def copying(self) -> "Deferred[tuple[int, int]]":
        """Copy."""
        return Deferred.fromCoroutine(copied(self.source, self.target))

    def kept(self) -> dict[str, int]:
        """List the ports of all in the target, by name."""
        held: Any = self.successResultOf(self.target.load())
        return {each.name: each.address.port for each in held}

    def test_all(self) -> None:
        """All are copied, once; names that are there stay as they are."""
        self.successResultOf(self.target.apply([Put(registration("s1", 9500))]))
        self.assertEqual(self.successResultOf(self.copying()), (9, 1))
        expected = {held.name: held.address.port for held in crowd(10)} | {"s1": 9500}
        self.assertEqual(self.kept(), expected)
        self.assertEqual(self.successResultOf(self.copying()), (0, 10))

    def test_closed(self) -> None:
        """Whom nobody can dial is known in the copy, too."""
        self.successResultOf(self.source.apply([Put(registration("s1", 9001, is_closed=True))]))
        self.successResultOf(self.copying())
        held: Any = self.successResultOf(self.target.load())
        self.assertEqual({each.name for each in held if each.is_closed}, {"s1"})

    def test_conflict(self) -> None:
        """A place that is another peer's stays so."""
        self.successResultOf(self.target.apply([Put(registration("other", 9009))]))
        self.failureResultOf(self.copying(), Conflict)
        self.assertEqual(self.kept()["other"], 9009)

    def test_refused(self) -> None:
        """What cannot be copied is said, and nothing is made."""
        missing = Path(self.mktemp()).absolute()
        for words, said in (
            (("--from=memory:", "--to=etcd://a"), "--from takes sqlite:FILE or etcd://HOST:PORT"),
            (("--from=etcd://a", "--to=x"), "--to takes sqlite:FILE or etcd://HOST:PORT, not 'x'"),
            (("--from=etcd://a", "--to=etcd://a:2379"), "--from and --to are one store"),
            ((f"--from=sqlite:{missing}", "--to=etcd://a"), f"there is no {missing}"),
            (("--from=etcd://a", "--to=etcd://b", f"--etcd-login={missing}"), str(missing)),
            (("--from=etcd://a", "--to=etcd://b", "--network=my lab"), "--network takes"),
            (("--from=etcd://a", "--to=etcd://b", f"--keys={missing}"), "has no keys of a private"),
        ):
            with mock.patch("sys.stderr.write") as write:
                self.assertEqual(copy_registry(words), Exit.USAGE)
            self.assertIn(said, write.call_args.args[0])
        self.assertFalse(missing.exists())
