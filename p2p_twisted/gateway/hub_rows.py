"""Write what is in a repository as the Hugging Face Hub does."""

from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, Final

from p2p_twisted.gateway.hub_snapshots import KnownHash, Snapshot
from p2p_twisted.wire.messages import Hit

Row = dict[str, Any]

_OID_DIGITS: Final = 40
_POINTER_BYTES: Final = 134
"""What stands for a large file in git; nobody needs to know."""
_NANOSECONDS: Final = 10**9


def tree_rows(snapshot: Snapshot, known: KnownHash, is_expanded: bool) -> dict[str, Row]:
    """
    Describe all files, and all folders that they are in, by their paths.

    :param is_expanded: whether to say when each was last written to.
    """
    rows: dict[str, Row] = {}
    for path, hit in sorted(snapshot.files.items()):
        *folders, _path = accumulate(path.split("/"), "{}/{}".format)
        for folder in folders:
            row = {"type": "directory", "path": folder, "oid": snapshot.commit, "size": 0}
            rows.setdefault(folder, row)
        rows[path] = _file_row(path, hit, snapshot.digest(path, known))
        for each in (*folders, path) if is_expanded else ():
            _expand(rows[each], snapshot.commit, hit.modified or 0)
    return rows


def siblings(snapshot: Snapshot, known: KnownHash, has_blobs: bool) -> list[Row]:
    """
    List the files of a repository.

    :param has_blobs: whether to say by what the Hub names them, where that is known.
    """
    rows: list[Row] = []
    for path, hit in sorted(snapshot.files.items()):
        rows.append({"rfilename": path, "size": hit.size})
        digest = snapshot.digest(path, known)
        if has_blobs and digest is not None:
            rows[-1]["blobId"] = digest[:_OID_DIGITS]
            if len(digest) > _OID_DIGITS:
                rows[-1]["lfs"] = {"sha256": digest} | _lfs(hit)
    return rows


def _file_row(path: str, hit: Hit, digest: str | None) -> Row:
    oid = (digest or hit.file or "")[:_OID_DIGITS]
    row: Row = {"type": "file", "path": path, "size": hit.size, "oid": oid}
    if digest is not None and len(digest) > _OID_DIGITS:
        row["lfs"] = {"oid": digest} | _lfs(hit)
    return row


def _lfs(hit: Hit) -> Row:
    return {"size": hit.size, "pointerSize": _POINTER_BYTES}


def _expand(row: Row, commit: str, modified: int) -> None:
    """Add when a file was last written to, or the last one of a folder, in nanoseconds."""
    date = datetime.fromtimestamp(modified // _NANOSECONDS, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if "lastCommit" not in row or row["lastCommit"]["date"] < date:
        row["lastCommit"] = {"id": commit, "title": "", "date": date}
