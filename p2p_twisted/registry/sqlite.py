"""Store registrations in one SQLite file."""

import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from p2p_twisted.registry.roster import Change, Registration
from p2p_twisted.registry.store import (
    Conflict,
    IRegistryStore,
    SoleStore,
    StoreFault,
    StoreTaken,
    outcome,
)
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.wire.names import PeerName

_VERSION: Final = 1
_LOCKED_SECONDS: Final = 1.0

_COLUMNS: Final = ("name", "host", "port", "token", "since", "is_listening", "is_closed")
_SCHEMA: Final = f"""
BEGIN;
CREATE TABLE peer (
    name TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    token TEXT NOT NULL,
    since REAL NOT NULL,
    is_listening INTEGER NOT NULL,
    UNIQUE (host, port)
);
PRAGMA user_version = {_VERSION};
COMMIT;
"""
# Added, so that an earlier version still reads and writes the file.
_ADD_CLOSED: Final = "ALTER TABLE peer ADD COLUMN is_closed INTEGER NOT NULL DEFAULT 0"

# Of as many as there are in one statement each: between two, the thread waits for the reactor's.
_DROP: Final = "DELETE FROM peer WHERE name IN (SELECT value FROM json_each(?))"
_PUT: Final = """
INSERT INTO peer (name, host, port, token, since, is_listening, is_closed)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
    json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'),
    json_extract(value, '$[6]')
FROM json_each(?)
"""


@implementer(IRegistryStore)
class SqliteStore(SoleStore):
    """
    Keeps registrations in a file that only one registry uses at a time.

    Neither a crash of the process nor a power cut loses anything that was stored.

    :param offload: calls in one thread, in the order of the calls to it.
    """

    # However fast the disk is, to store a few takes nearly as much of the processor as many.
    gather_seconds = 0.02

    def __init__(self, path: Path, offload: Offload) -> None:
        self._path = path
        self._offload = offload
        self._database: sqlite3.Connection
        # What was read when it was opened, until it is asked for or changed.
        self._opened: tuple[Registration, ...] | None = None

    def open(self) -> None:
        """Open or make the file: see :class:`IRegistryStore`."""
        try:
            # It holds the peers' secrets; SQLite gives its side files the same mode.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._database = sqlite3.connect(
                self._path, timeout=_LOCKED_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise self._fault(error) from error

    def load(self) -> "Deferred[tuple[Registration, ...]]":
        """Load everything: see :class:`IRegistryStore`."""
        return self._offload(self._load)

    def apply(self, changes: Sequence[Change]) -> "Deferred[None]":
        """Keep all or nothing: see :class:`IRegistryStore`."""
        net = outcome(changes)
        return self._offload(self._apply, net) if net else succeed(None)

    def close(self) -> "Deferred[None]":
        """Close the file: see :class:`IRegistryStore`."""
        return self._offload(self._database.close)

    def _prepare(self) -> None:
        # The lock is held until the process ends, in whatever way.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        [(version,)] = self._database.execute("PRAGMA user_version")
        [(tables,)] = self._database.execute("SELECT count(*) FROM sqlite_master")
        if version == 0 and tables == 0:
            self._database.executescript(_SCHEMA)
        elif version != _VERSION:
            raise StoreFault(f"{self._path} is not a registry's, or of another version of it")
        [(verdict,)] = self._database.execute("PRAGMA quick_check(1)")
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        if "is_closed" not in {row[1] for row in self._database.execute("PRAGMA table_info(peer)")}:
            self._database.execute(_ADD_CLOSED)
        self._opened = self._read()

    def _load(self) -> tuple[Registration, ...]:
        opened, self._opened = self._opened, None
        return self._read() if opened is None else opened

    def _read(self) -> tuple[Registration, ...]:
        rows = self._database.execute(f"SELECT {', '.join(_COLUMNS)} FROM peer ORDER BY name")
        try:
            return tuple(Registration.kept(dict(zip(_COLUMNS, row, strict=True))) for row in rows)
        except (ValueError, sqlite3.Error) as error:
            raise self._fault(sqlite3.DatabaseError(str(error))) from error

    def _apply(self, net: Mapping[PeerName, Registration | None]) -> None:
        self._opened = None
        rows = [_row(held) for held in net.values() if held is not None]
        try:
            # Commits, or rolls back where anything is raised.
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.execute(_DROP, (json.dumps(list(net)),))
                self._database.execute(_PUT, (json.dumps(rows),))
        except sqlite3.IntegrityError as error:
            raise Conflict(str(error)) from error
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def _fault(self, error: OSError | sqlite3.Error) -> StoreFault:
        match error:
            case sqlite3.OperationalError() if "locked" in str(error):
                return StoreTaken(f"another registry uses {self._path}")
            case OSError() | sqlite3.OperationalError():
                why = getattr(error, "strerror", None) or error
                return StoreFault(f"cannot use {self._path}: {why}")
            case _:
                return StoreFault(
                    f"{self._path} is damaged, or no database ({error}): move it away,"
                    " and the peers will register again by themselves"
                )


def _row(held: Registration) -> tuple[str | float, ...]:
    at = held.address
    return at.name, at.host, at.port, held.token, held.since, held.is_listening, held.is_closed
