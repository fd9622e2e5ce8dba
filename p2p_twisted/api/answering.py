"""What answers the API's requests; it is imported when the first one comes."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.web.server import Request

from p2p_twisted.api.api_request import ApiSite
from p2p_twisted.api.resource import ApiResource
from p2p_twisted.api.route import Route
from p2p_twisted.api.socket_index import WEB_SUFFIX, session_at, user_at
from p2p_twisted.api.web_access import WebFile
from p2p_twisted.api.web_port import WebPort


class Answering:
    """
    Answers at a daemon's socket, and on TCP once that is wanted.

    :param title: of the API.
    :param routes: what it can be asked.
    :param socket: where it is.
    :ivar site: makes the protocols of connections to it.
    :ivar web: the port on TCP.
    """

    def __init__(self, reactor: Any, title: str, routes: Sequence[Route], socket: Path) -> None:
        self.web = WebPort(reactor, title, routes, WebFile(socket.with_suffix(WEB_SUFFIX)))
        resource = ApiResource(title, self.web.routes, _refuse, caller=_caller)
        self.site = ApiSite(resource)


def _caller(request: Request) -> int:
    """Tell the terminals of this user apart: whatever is typed in one of them has its session."""
    transport: Any = request.channel.transport
    return session_at(transport.socket)


def _refuse(request: Request) -> str | None:
    """Return why a request is not answered: only the user whose peer it is, and root, may ask."""
    transport: Any = request.channel.transport
    user = user_at(transport.socket)
    return None if user in (0, os.getuid()) else "this peer is another user's"
