"""Give each who has a link to a file that file; it is imported when the first link is made."""

from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.web.server import Request
from typing_extensions import override

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.api_request import ApiRequest, ApiSite
from p2p_twisted.api.own_origin import only
from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.gateway import limits
from p2p_twisted.gateway.content_answer import ContentAnswers
from p2p_twisted.gateway.file_links import FileLink
from p2p_twisted.gateway.reading_resource import ReadingResource, path_words
from p2p_twisted.peer.content_reading import ContentReading
from p2p_twisted.runtime.file_limit import open_files_limit

_PARTS: Final = 2
"""Of an address: the token, and the file's name."""


class LinkResource(ReadingResource):
    """
    Gives each who has a link its file, and nothing else.

    :param find: finds a link by its token.
    :param place: tells how requests name this port.
    """

    def __init__(
        self,
        reading: ContentReading,
        answers: ContentAnswers,
        find: Callable[[str], FileLink | None],
        place: Callable[[], str],
    ) -> None:
        super().__init__(answers)
        self._reading = reading
        self._find = find
        self._place = place

    @override
    def refuse(self, request: Request) -> str | None:
        if only(request, "Host") != self._place():
            return "this is another address"
        return None

    @override
    async def respond(self, request: ApiRequest) -> None:
        words = path_words(request.path)
        link = self._find(words[0]) if words else None
        if link is None or len(words) > _PARTS:
            raise BadRequest("no_such_path", "this link has ended")
        await self._answers.answer(request, await self._reading.as_now(link.hit))


class LinkSite(ApiSite):
    """
    Listens for requests, of which no host has more than its part of the connections.

    :param up: limits how fast files are given, if anything does.
    :param find: finds a link by its token.
    :param place: tells how requests name this port.
    """

    def __init__(
        self,
        reading: ContentReading,
        clock: IReactorTime,
        up: Limiter | None,
        find: Callable[[str], FileLink | None],
        place: Callable[[], str],
    ) -> None:
        answers = ContentAnswers(reading, clock, up)
        resource = LinkResource(reading, answers, find, place)
        most = min(limits.LINK_CONNECTIONS, open_files_limit() // 8)
        super().__init__(resource, most, limits.LINK_CONNECTIONS_OF_HOST)
