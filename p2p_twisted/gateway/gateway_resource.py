"""Answer requests to the gateway: for what a peer shares, and for content by its id."""

import re
from collections.abc import Callable
from typing import Final

from twisted.web.server import Request
from typing_extensions import override

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.api_request import ApiRequest
from p2p_twisted.api.named_peer import named_peer
from p2p_twisted.gateway.content_answer import ContentAnswers
from p2p_twisted.gateway.hub_routes import HubRoutes
from p2p_twisted.gateway.reading_resource import ReadingResource, path_words
from p2p_twisted.peer.content_reading import ContentReading
from p2p_twisted.wire.chunks import is_file_id, is_short_id
from p2p_twisted.wire.messages import Hit

_BY_ID: Final = "id"
_HUB: Final = b"hf"


class GatewayResource(ReadingResource):
    """
    The root of the gateway.

    :param refuse: returns why a request is not answered at all, if so.
    """

    def __init__(
        self,
        reading: ContentReading,
        answers: ContentAnswers,
        hub: HubRoutes,
        refuse: Callable[[Request], str | None],
    ) -> None:
        super().__init__(answers)
        self._reading = reading
        self._hub = hub
        self._refuse = refuse

    @override
    def refuse(self, request: Request) -> str | None:
        return self._refuse(request)

    @override
    def takes(self, request: Request) -> bool:
        # Clients of the Hub say in a body which files they want to know of.
        return super().takes(request) or (request.method == b"POST" and _is_for_hub(request))

    @override
    async def respond(self, request: ApiRequest) -> None:
        if _is_for_hub(request):
            # Clients of the Hub have a revision be one part of a path, whatever it is called.
            path = re.sub(rb"%2f", b"%252F", request.path, flags=re.IGNORECASE)
            await self._hub.answer(request, "/".join(path_words(path)[1:]))
            return
        words = path_words(request.path)
        hit = await self._answers.in_time(self._find(*words))
        await self._answers.answer(request, hit)

    async def _find(self, first: str = "", *rest: str) -> Hit:
        if not rest:
            say = "say /PEER/PATH, or /id/FILEID; /hf is a hub of models"
            raise BadRequest("no_such_path", say)
        if first == _BY_ID and len(rest) == 1:
            if is_file_id(rest[0]):
                return await self._reading.with_id(rest[0])
            if is_short_id(rest[0]):
                say = "say all 64 digits of the id: p2p find --json tells them"
                raise BadRequest("no_such_path", say)
        holder = named_peer(first)
        assert holder is not None
        return await self._reading.named(holder, "/".join(rest))


def _is_for_hub(request: Request) -> bool:
    return request.path.split(b"/")[1:2] == [_HUB]
