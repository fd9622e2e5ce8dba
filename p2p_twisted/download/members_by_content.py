"""Look up the files of a folder by their content in little memory: there may be very many."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from attrs import frozen
from typing_extensions import override

from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.names import FileId


class MembersByContent(Mapping[FileId, Sequence[Member]]):
    """
    Maps an id to the members of that content.

    Nearly every content is there once, and is then kept without a list.
    """

    def __init__(self, members: Iterable[Member]) -> None:
        self._members: dict[FileId, Member | list[Member]] = {}
        for member in members:
            known = self._members.get(member.file_id)
            if known is None:
                self._members[member.file_id] = member
            elif isinstance(known, list):
                known.append(member)
            else:
                self._members[member.file_id] = [known, member]

    @override
    def __getitem__(self, file_id: FileId) -> Sequence[Member]:
        known = self._members[file_id]
        return known if isinstance(known, list) else (known,)

    @override
    def __iter__(self) -> Iterator[FileId]:
        return iter(self._members)

    @override
    def __len__(self) -> int:
        return len(self._members)

    @override
    def __contains__(self, file_id: object) -> bool:
        return file_id in self._members


@frozen
class Sizes(Mapping[FileId, int]):
    """Maps the ids of members to their sizes in bytes."""

    _members: MembersByContent

    @override
    def __getitem__(self, file_id: FileId) -> int:
        return self._members[file_id][0].size

    @override
    def __iter__(self) -> Iterator[FileId]:
        return iter(self._members)

    @override
    def __len__(self) -> int:
        return len(self._members)


@frozen
class OfferedIds(Container[FileId | None]):
    """The ids of members, and of the folder that lists them."""

    _folder: FileId
    _members: MembersByContent

    @override
    def __contains__(self, file_id: object) -> bool:
        return file_id == self._folder or file_id in self._members
