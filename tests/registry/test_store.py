"""The contract of every store, and what is special about SQLite's."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from unittest import mock

from p2p_twisted.registry.roster import Put
from p2p_twisted.registry.sqlite import SqliteStore
from p2p_twisted.registry.store import IRegistryStore, MemoryStore, StoreFault
from p2p_twisted.runtime.threads import inline
from tests.registry import store_contract
from tests.registry.builders import crowd, registration, token

_EARLIER_PUT = (
    "INSERT INTO peer (name, host, port, token, since, is_listening)"
    " VALUES (?, '127.0.0.1', 9000, ?, 1.0, 1)"
)


class MemoryStoreTests(store_contract.StoreContract):
    """The one that forgets."""

    def make(self) -> IRegistryStore:
        store: IRegistryStore = MemoryStore()
        store.open()
        return store


class SqliteStoreTests(store_contract.StoreContract):
    """The one in a file."""

    def make(self) -> IRegistryStore:
        return self.open(Path(self.mktemp()))

    def open(self, path: Path) -> IRegistryStore:
        """Open a store in this file."""
        store: IRegistryStore = SqliteStore(path, inline)
        store.open()
        self.addCleanup(store.close)
        return store

    def fault(self, path: Path) -> str:
        """Try to open a store in this file; returns what is wrong with it."""
        return str(self.assertRaises(StoreFault, SqliteStore(path, inline).open))

    def test_restart(self) -> None:
        """Another run finds what was kept."""
        path = Path(self.mktemp())
        store = self.open(path)
        self.successResultOf(store.apply([Put(held) for held in crowd(3)]))
        self.successResultOf(store.close())
        self.assertEqual(len(self.kept(self.open(path))), 3)

    def test_read_once(self) -> None:
        """What was read as it was opened is not read again: a registry is waited for meanwhile."""
        path = Path(self.mktemp())
        store = self.open(path)
        self.successResultOf(store.apply([Put(registration("s1"))]))
        self.successResultOf(store.close())
        again = SqliteStore(path, inline)
        again.open()
        self.addCleanup(again.close)
        statements: list[str] = []
        again._database.set_trace_callback(statements.append)
        self.assertEqual(len(self.kept(again)), 1)
        self.assertEqual(statements, [])

    def test_earlier_version(self) -> None:
        """A file of a version that did not keep who is closed is read; and read by that one."""
        path = Path(self.mktemp())
        columns = "host TEXT, port INTEGER, token TEXT, since REAL, is_listening INTEGER"
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute(f"CREATE TABLE peer (name TEXT PRIMARY KEY, {columns})")
            database.execute("PRAGMA user_version = 1")
            database.execute(_EARLIER_PUT, ("s1", token("s1")))
        store = self.open(path)
        self.assertEqual([held.is_closed for held in self.kept(store)], [False])
        self.successResultOf(store.apply([Put(registration("s2", 9001, is_closed=True))]))
        self.successResultOf(store.close())
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            self.assertEqual(list(database.execute("PRAGMA user_version")), [(1,)])
            database.execute(_EARLIER_PUT, ("s3", token("s3")))
        closed = {held.name for held in self.kept(self.open(path)) if held.is_closed}
        self.assertEqual(closed, {"s2"})

    def test_crash(self) -> None:
        """What was kept outlives a process that ends in the middle of everything."""
        path = Path(self.mktemp())
        program = (
            "import os, sys; from pathlib import Path;"
            "from p2p_twisted.registry.roster import Put;"
            "from p2p_twisted.registry.sqlite import SqliteStore;"
            "from p2p_twisted.runtime.threads import inline;"
            "from tests.registry.builders import crowd;"
            "store = SqliteStore(Path(sys.argv[1]), inline); store.open();"
            "store.apply([Put(held) for held in crowd(3)]);"
            "os.kill(os.getpid(), 9)"
        )
        ended = subprocess.run([sys.executable, "-c", program, path.absolute()], check=False)
        self.assertEqual(ended.returncode, -9)
        self.assertEqual(len(self.kept(self.open(path))), 3)

    def test_power_cut(self) -> None:
        """Each transaction is on the disk, and not only in the system's memory, when it is done."""
        store = SqliteStore(Path(self.mktemp()), inline)
        store.open()
        self.addCleanup(store.close)
        [(synchronous,)] = store._database.execute("PRAGMA synchronous")
        self.assertEqual(synchronous, 2)

    def test_secrets(self) -> None:
        """Nobody else can read the tokens."""
        path = Path(self.mktemp())
        mask = os.umask(0)
        self.addCleanup(os.umask, mask)
        store = self.open(path)
        self.successResultOf(store.apply([Put(registration("s1"))]))
        for file in path.parent.glob(f"{path.name}*"):
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)

    def test_only_one_registry(self) -> None:
        """Two registries with one file are told apart."""
        path = Path(self.mktemp())
        self.open(path)
        with mock.patch("p2p_twisted.registry.sqlite._LOCKED_SECONDS", 0.0):
            self.assertIn("another registry uses", self.fault(path))

    def test_no_database(self) -> None:
        """A file of another kind is left alone."""
        path = Path(self.mktemp())
        path.write_bytes(b"not a database" * 1_000)
        self.assertIn("damaged", self.fault(path))
        self.assertTrue(path.read_bytes().startswith(b"not a database"))

    def test_other_database(self) -> None:
        """A database of something else is left alone."""
        path = Path(self.mktemp())
        database = sqlite3.connect(path)
        database.execute("CREATE TABLE mine (x)")
        database.close()
        self.assertIn("not a registry's", self.fault(path))

    def test_damaged(self) -> None:
        """A damaged file is said to be damaged."""
        path = Path(self.mktemp())
        store = self.open(path)
        crowded = [registration(f"s{n}", 9000 + n) for n in range(500)]
        self.successResultOf(store.apply([Put(held) for held in crowded]))
        self.successResultOf(store.close())
        with path.open("r+b") as file:
            file.seek(4096 * 2)
            file.write(os.urandom(4096 * 4))
        self.assertIn("damaged", self.fault(path))

    def test_no_peer(self) -> None:
        """A file is damaged in which a peer is what no other one would accept."""
        wrong = [("name", "../s1"), ("host", "127.1"), ("port", 80), ("token", "x")]
        for column, value in wrong:
            path = Path(self.mktemp())
            store = self.open(path)
            self.successResultOf(store.apply([Put(registration("s1"))]))
            self.successResultOf(store.close())
            with closing(sqlite3.connect(path, isolation_level=None)) as database:
                database.execute(f"UPDATE peer SET {column} = ?", (value,))
            self.assertIn("damaged", self.fault(path), column)

    def test_no_folder(self) -> None:
        """A place that does not exist is named."""
        self.assertIn("/nonexistent/x.db: No such file", self.fault(Path("/nonexistent/x.db")))

    def test_full_disk(self) -> None:
        """What cannot be kept is said, and the next change is tried again."""
        path = Path(self.mktemp())
        store = SqliteStore(path, inline)
        store.open()
        self.addCleanup(store.close)
        store._database.execute("PRAGMA max_page_count = 3")
        crowded = [Put(registration(f"s{n}", 9000 + n)) for n in range(500)]
        fault = self.failureResultOf(store.apply(crowded), StoreFault)
        self.assertIn("full", str(fault.value))
        store._database.execute("PRAGMA max_page_count = 1000")
        self.successResultOf(store.apply(crowded))
