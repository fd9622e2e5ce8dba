"""Remember hashes across restarts."""

import re
import sqlite3
from collections.abc import Callable, Collection, Container, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from twisted.logger import Logger

from p2p_twisted.library.entries import HashedFile, OnDisk, Signature
from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.wire.chunks import id_from_digests
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.names import FileId

VERSION: Final = 1
KEPT_DAYS: Final = 30
"""How long hashes of a missing file are kept; its disk may not be plugged in."""

_SIGNATURE: Final = re.compile(r"(\d+):(-?\d+):(\d+)(?::(-?\d+):([\w ]*))?", re.ASCII)
_ASKED_AT_ONCE: Final = 500
_PRUNED_AT_ONCE: Final = 10_000
# Where few are written at once, most pages of the database are written again for the next ones.
_WRITTEN_AT_ONCE: Final = 4_096
_UNWRITTEN_MOST_BYTES: Final = 64 * MIB
# A statement for each row would take half as long again.
_ROWS_AT_ONCE: Final = 100
_ROW: Final = "(?, ?, ?, ?, ?)"
_COLUMNS: Final = _ROW.count("?")
# By how ids begin: with whole ones, all that is remembered takes half as long again, or twice.
_ID_PART_DIGITS: Final = 8
_ID_PART: Final = f"substr(file, 1, {_ID_PART_DIGITS})"
_WITH_IDS: Final = f"""
    DROP INDEX IF EXISTS files_by_id;
    CREATE INDEX IF NOT EXISTS files_by_id_part ON files ({_ID_PART});
"""
_WITHOUT_IDS: Final = """
    DROP INDEX IF EXISTS files_by_id;
    DROP INDEX IF EXISTS files_by_id_part;
"""
_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS files (
        name TEXT PRIMARY KEY,
        signature TEXT NOT NULL,
        file TEXT NOT NULL,
        digests BLOB NOT NULL,
        day INTEGER NOT NULL
    )
"""


class HashCache:
    """
    Keeps the hashes of files by name, size, time of change and inode.

    It must not be used by two threads at once. Its methods raise nothing: a damaged database
    is moved aside, and if nothing can be written, hashes are forgotten at the end.

    :param folder: where its SQLite database is, or is to be made.
    :param name: of the database.
    :param wall: returns wall time in seconds.
    :param finds_ids: whether it has an index, so that :meth:`names_with` takes no time.
    """

    log = Logger()

    def __init__(
        self,
        folder: OwnFolder,
        name: str,
        wall: Callable[[], float],
        *,
        finds_ids: bool = False,
    ) -> None:
        self._folder = folder
        self._name = name
        self._wall = wall
        self._index = _WITH_IDS if finds_ids else _WITHOUT_IDS
        self._today = 0
        self._said = ""
        self._database: sqlite3.Connection | None = None
        self._unwritten: list[Any] = []
        self._unwritten_bytes = 0

    def open(self) -> None:
        """Open the database."""
        self._today = int(self._wall() // DAY_SECONDS)
        try:
            self._database = _connect(self._folder.path_of(self._name), self._index)
        except (sqlite3.Error, OSError) as error:
            self._fail(error)

    def find(
        self, files: Sequence[OnDisk], written: Container[str] = ()
    ) -> list[HashedFile | None]:
        """
        Return the hashes of each file, or ``None`` if they are unknown or it may have changed.

        :param written: paths of files that count as changed with the least change of the status.
        """
        self._write()
        found: list[HashedFile | None] = []
        try:
            for start in range(0, len(files), _ASKED_AT_ONCE):
                some = files[start : start + _ASKED_AT_ONCE]
                rows = self._rows([file.name for file in some])
                found += [_known(file, rows.get(file.name), file.path in written) for file in some]
        except sqlite3.Error as error:
            self._fail(error)
            return [None for _ in files]
        self._execute_many(
            "UPDATE files SET day = ?, signature = ?"
            " WHERE name = ? AND (day <> ? OR signature <> ?)",
            [
                (self._today, (text := _text(file.signature)), file.name, self._today, text)
                for file, content in zip(files, found, strict=True)
                if content is not None
            ],
        )
        return found

    def names_with(self, file_ids: Sequence[FileId]) -> list[str]:
        """Return the names of files that have, or had, some of that content."""
        self._write()
        names: list[str] = []
        try:
            for start in range(0, len(file_ids), _ASKED_AT_ONCE):
                names += self._names_with(file_ids[start : start + _ASKED_AT_ONCE])
        except sqlite3.Error as error:
            self._fail(error)
        return names

    def keep(self, files: Iterable[tuple[OnDisk, HashedFile]], has_more: bool = False) -> None:
        """
        Remember the hashes of some files.

        :param has_more: whether others follow soon. Then a crash may make it forget these, as long
            as there are few that are soon hashed again.
        """
        for file, content in files:
            text = _text(file.signature)
            self._unwritten += file.name, text, content.file_id, content.digests, self._today
            self._unwritten_bytes += file.signature.size
        are_many = len(self._unwritten) >= _WRITTEN_AT_ONCE * _COLUMNS
        if are_many or self._unwritten_bytes >= _UNWRITTEN_MOST_BYTES or not has_more:
            self._write()

    def forget(self, names: Iterable[str]) -> None:
        """Forget the hashes of some files."""
        self._execute_many("DELETE FROM files WHERE name = ?", [(name,) for name in names])

    def prune(self, is_there: Callable[[str], bool]) -> None:
        """
        Forget files that have not been found for 30 days and are not there; some at a time.

        :param is_there: returns whether there is a file of that name.
        """
        try:
            names = self._names_unused_since(self._today - KEPT_DAYS)
        except sqlite3.Error as error:
            self._fail(error)
            return
        there = {name for name in names if is_there(name)}
        self.forget(name for name in names if name not in there)
        self._execute_many(
            "UPDATE files SET day = ? WHERE name = ?", [(self._today, name) for name in there]
        )

    def close(self) -> None:
        """Close the database."""
        self._write()
        self._disconnect()

    def _write(self) -> None:
        values, self._unwritten, self._unwritten_bytes = self._unwritten, [], 0
        rest = len(values) % (_ROWS_AT_ONCE * _COLUMNS)
        for rows, some in ((_ROWS_AT_ONCE, values[rest:]), (1, values[:rest])):
            length = rows * _COLUMNS
            self._execute_many(
                f"REPLACE INTO files VALUES {','.join([_ROW] * rows)}",
                [some[start : start + length] for start in range(0, len(some), length)],
            )

    def _disconnect(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite3.Error):
                database.close()

    def _rows(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Return what is known of each name: signature, id and digests."""
        if self._database is None:
            return {}
        query = f"SELECT name, signature, file, digests FROM files WHERE name IN ({_marks(names)})"
        return {name: row for name, *row in self._database.execute(query, names)}

    def _names_with(self, file_ids: Sequence[FileId]) -> list[str]:
        if self._database is None:
            return []
        parts, wanted = {file_id[:_ID_PART_DIGITS] for file_id in file_ids}, set(file_ids)
        query = f"SELECT name, file FROM files WHERE {_ID_PART} IN ({_marks(parts)})"
        rows = self._database.execute(query, tuple(parts))
        return [name for name, file_id in rows if file_id in wanted]

    def _names_unused_since(self, day: int) -> list[str]:
        if self._database is None:
            return []
        query = "SELECT name FROM files WHERE day < ? ORDER BY day LIMIT ?"
        return [name for (name,) in self._database.execute(query, (day, _PRUNED_AT_ONCE))]

    def _execute_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute it for all rows, or for none."""
        if self._database is None or not rows:
            return
        try:
            with self._database:
                self._database.executemany(statement, rows)
        except sqlite3.Error as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Log an error once, and continue without what could not be read or written."""
        if str(error) != self._said:
            self._said = str(error)
            self.log.warn(
                "the cache of hashes {path} fails ({error}); some files are hashed again",
                path=str(self._folder.path / self._name),
                error=str(error),
            )
        # On other errors, such as a full disk, the database itself is fine.
        if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.OperationalError):
            self._replace()

    def _replace(self) -> None:
        """Move the damaged database aside and create a new one."""
        self._disconnect()
        try:
            for suffix in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self._folder.remove(self._name + suffix)
            self._folder.rename(self._name, f"{self._name}.damaged")
            self._database = _connect(self._folder.path_of(self._name), self._index)
        except (sqlite3.Error, OSError) as error:
            self.log.warn("no new one can be made: {error}", error=str(error))


def _known(file: OnDisk, row: Sequence[Any] | None, was_written: bool) -> HashedFile | None:
    """Return the hashes in a row, unless the file may have changed since."""
    if row is None:
        return None
    text, known, digests = row
    if not isinstance(text, str) or text != _text(file.signature):
        before = _signature(str(text))
        if was_written or before is None or before.may_differ(file.signature):
            return None
    # The disk may have damaged the row.
    if not isinstance(digests, bytes) or id_from_digests(file.signature.size, digests) != known:
        return None
    return HashedFile(known, digests)


def _marks(values: Collection[str]) -> str:
    return ",".join("?" * len(values))


def _connect(path: str, index: str) -> sqlite3.Connection:
    # Threads of a pool use it, one at a time.
    database = sqlite3.connect(path, check_same_thread=False)
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError(f"version {version}")
        # After a power cut the last rows may be missing; those files are hashed again.
        database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
        database.execute(_TABLE)
        database.executescript(f"{index} PRAGMA user_version = {VERSION}")
        # To note in a file what a statement may have to undo takes a quarter of its time. Only now,
        # as to make an index of very many rows in memory may need too much of that.
        database.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        database.close()
        raise
    return database


def _text(signature: Signature) -> str:
    # Inodes of some file systems do not fit into SQLite's integers.
    size, mtime_ns, inode = signature.size, signature.mtime_ns, signature.inode
    return f"{size}:{mtime_ns}:{inode}:{signature.ctime_ns}:{signature.access}"


def _signature(text: str) -> Signature | None:
    """Read what :func:`_text` has written, or an earlier version, without the last two."""
    match = _SIGNATURE.fullmatch(text)
    if match is None:
        return None
    size, mtime_ns, inode = map(int, match.group(1, 2, 3))
    return Signature(size, mtime_ns, inode, int(match[4] or 0), match[5] or "")
