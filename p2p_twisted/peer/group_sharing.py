"""
Answer and serve those who are in a group, on connections that they have dialed themselves.

What is shared with a group is told and given to nobody else: not by links, where others would
pass it on, but only where the certificate on the connection says who asks.
"""

from attrs import define, field
from twisted.logger import Logger

from p2p_twisted.peer.limits import GROUP_HITS, GROUP_QUESTIONS_AT_ONCE
from p2p_twisted.peer.query_answers import QueryAnswers
from p2p_twisted.runtime.background import background
from p2p_twisted.upload.uploads import Uploads
from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import packed
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import Ask, Told, Want


@define(eq=False)
class GroupSharing:
    """
    The door that members of groups come to.

    :param answers: knows what there is.
    :param uploads: serves it.
    """

    log = Logger()

    _answers: QueryAnswers
    _uploads: Uploads
    _asked: int = field(default=0, init=False)

    def asked(self, connection: Connection, message: Ask | Want) -> None:
        """Answer a question, or push what is wanted; who is in no group here hears of nothing."""
        if isinstance(message, Want):
            self._uploads.wanted(connection, message)
        elif self._asked >= GROUP_QUESTIONS_AT_ONCE:
            connection.send(Told(message.id, cut=True))
            connection.close()
        else:
            connection.set_deadline(limits.ASK_SECONDS)
            background(self.log, "answering a member", self._answer(connection, message))

    async def _answer(self, connection: Connection, ask: Ask) -> None:
        other_end = connection.gate.other_end
        groups = frozenset() if other_end is None else other_end.groups
        self._asked += 1
        try:
            answer = await self._answers.answer_member(ask, groups)
        finally:
            self._asked -= 1
        hits = answer.hits[:GROUP_HITS]
        for line in packed(hits, lambda some: Told(ask.id, hits=some, more=True)):
            connection.send(line)
        is_cut = answer.cut or len(hits) < len(answer.hits)
        connection.send(Told(ask.id, answered=1, cut=is_cut))
        connection.close()
