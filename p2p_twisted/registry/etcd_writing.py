"""Write to etcd, and find out whether it has lost what was there."""

from collections.abc import Sequence
from typing import Final

import attrs
from twisted.internet.defer import Deferred

from p2p_twisted.registry import etcd_requests as requests
from p2p_twisted.registry.etcd_client import Etcd
from p2p_twisted.registry.etcd_gateway import EtcdFault
from p2p_twisted.registry.etcd_keys import Json, Keyspace
from p2p_twisted.registry.notes import Note, Notes

_RESTORED: Final = "etcd was restored from an older copy"
_NO_NOTE: Final = "etcd does not have this registry's note any more"
"""It was restored from a copy without it, or others have heard nothing for long."""


class Restored(EtcdFault):
    """Etcd has lost something that it is known to have had."""


@attrs.frozen
class OwnNote:
    """
    An own note that is not heard back yet.

    :ivar waiting: fire once it is heard: then all is known that was kept before it.
    """

    revision: int
    waiting: Sequence["Deferred[None]"]


class EtcdWriting:
    """
    Carries out one registry's transactions.

    Each writes the registry's note, too, and only if that is as new as the registry knows it to be;
    once it is not, the registry takes another id. So a note is as new as all that its writer has
    stored, and where it is older than it was, some of that is lost, however much was written since.
    """

    def __init__(self, etcd: Etcd, keys: Keyspace, notes: Notes) -> None:
        self._etcd = etcd
        self._keys = keys
        self._notes = notes

    async def transact(self, transaction: Json, note: Note, received: int) -> Json:
        """
        Carry out a transaction that leaves a note, too.

        :param received: the last revision that is known.
        :returns: the answer, without what it says of notes.
        :raises Restored: when etcd has lost something; perhaps it was carried out nevertheless.
        :raises EtcdFault: when etcd cannot be asked now.
        """
        # What is heard while it is under way may be later than what it finds.
        known = self._notes.revisions()
        signed = self._signed(transaction, note, known.get(note.writer, 0))
        answer = await self._etcd.call("/v3/kv/txn", signed)
        revision, is_done = int(answer["header"]["revision"]), bool(answer.get("succeeded"))
        *responses, last = answer["responses"]
        # Others may be gone by themselves.
        found = {note.writer: 0} | self._keys.noted(last)
        is_older = any(found.get(writer, at) < at for writer, at in known.items())
        if is_older or revision < received + is_done:
            raise Restored(_RESTORED if found[note.writer] else _NO_NOTE)
        if is_done:
            self._notes.written(note.writer, revision)
        return answer | {"responses": responses}

    def _signed(self, transaction: Json, note: Note, since: int) -> Json:
        all_notes = self._keys.all_notes()
        return {
            "compare": [
                requests.written_since(self._keys.note(note.writer), since),
                *transaction.get("compare", ()),
            ],
            "success": [self._keys.leave(note), *transaction["success"], all_notes],
            "failure": [*transaction.get("failure", ()), all_notes],
        }
