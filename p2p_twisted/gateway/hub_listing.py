"""The list of a model that came from an origin: what is in it, as the origin names it."""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from attrs import field, frozen
from msgspec import Meta

from p2p_twisted.gateway.limits import ORIGIN_FILES
from p2p_twisted.wire.messages import Size
from p2p_twisted.wire.names import BadName, FileId, check_path, valid_path

MARK: Final = "@"
MARK_DIGITS: Final = 12
LISTING: Final = ".json"

Commit = Annotated[str, Meta(pattern=r"^[0-9a-f]{40}\Z")]
Digest = Annotated[str, Meta(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]


class BadListing(Exception):
    """It is no list of a model."""


@frozen
class ListedFile:
    """
    A file of a model.

    :ivar digest: by which the hub names it: of 64 digits its SHA-256, of 40 that of git.
    :ivar file: its id here, once it is known.
    """

    path: str = field(validator=valid_path)
    size: Size
    digest: Digest
    file: FileId | None = None


@frozen
class HubListing:
    """
    One version of a model.

    :ivar folder: what it is called in the network.
    """

    folder: str = field(validator=valid_path)
    commit: Commit
    files: Annotated[tuple[ListedFile, ...], Meta(max_length=ORIGIN_FILES)]

    @property
    def place(self) -> str:
        """The folder in which its files are, of which each version has its own."""
        return placed(self.folder, self.commit)

    def encoded(self) -> bytes:
        """Write it."""
        return msgspec.json.encode(msgspec.to_builtins(self))

    @classmethod
    def read(cls, content: bytes, folder: str) -> "HubListing":
        """
        Read a list that somebody shares.

        :raises BadListing: when it is none, or of something else.
        """
        try:
            listing = msgspec.json.decode(content, type=cls)
        except (msgspec.DecodeError, BadName, ValueError, RecursionError) as error:
            raise BadListing(str(error)) from None
        if listing.folder != folder or any(each.file is None for each in listing.files):
            raise BadListing("it is of something else, or of a part")
        return listing


@frozen
class _Lfs:
    sha256: Digest
    size: Size


@frozen
class _Sibling:
    rfilename: str
    size: Size
    blobId: Digest  # noqa: N815
    lfs: _Lfs | None = None


@frozen
class _Info:
    sha: Commit
    siblings: Sequence[_Sibling]


def placed(folder: str, commit: str) -> str:
    """Return the folder of one version of a model."""
    return f"{folder}{MARK}{commit[:MARK_DIGITS]}"


def listed(info: object, folder: str) -> HubListing:
    """
    Make the list of what a hub says of a model; hidden files are left out, as nobody shares them.

    :raises BadListing: when it says what cannot be.
    """
    try:
        told = msgspec.convert(info, _Info)
        files = [
            ListedFile(each.rfilename, each.size, each.lfs.sha256 if each.lfs else each.blobId)
            for each in told.siblings
            if not any(part.startswith(".") for part in each.rfilename.split("/"))
        ]
        for each in files:
            check_path(f"{placed(folder, told.sha)}/{each.path}")
    except (msgspec.ValidationError, BadName, ValueError) as error:
        raise BadListing(str(error)) from None
    if len(files) > ORIGIN_FILES:
        raise BadListing(f"it has more than {ORIGIN_FILES:,} files")
    return HubListing(folder, told.sha, tuple(files))
