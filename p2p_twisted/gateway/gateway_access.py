"""Decide who may read through the gateway: this user's programs, and no page of another site."""

import os
from collections.abc import Callable
from typing import Any, Final

from attrs import define
from twisted.web.server import Request
from typing_extensions import override

from p2p_twisted.api.own_origin import OTHER_SITE, OwnOrigin, only
from p2p_twisted.gateway.socket_owner import owner_of

_ROOT: Final = 0


def asking_user(request: Request) -> int | None:
    """Return the number of the user who asks; ``None`` where the system does not tell it."""
    transport: Any = request.channel.transport
    return owner_of(transport.socket)


@define
class GatewayAccess(OwnOrigin):
    """
    Lets requests in that this user, or root, sends to the name of the gateway itself.

    What is asked for is downloaded, so that no page may ask for it: browsers say whose page it
    was, or that it was the person.

    :param user: tells who asks.
    :param must_know: whether somebody is refused of whom the system does not tell that.
    """

    _user: Callable[[Request], int | None] = asking_user
    _must_know: bool = False

    @override
    def refuse_other_sites(self, request: Request) -> str | None:
        referer = only(request, "Referer")
        if referer is not None and not referer.startswith(f"http://{only(request, 'Host')}/"):
            # What browsers say that do not say Sec-Fetch-Site yet.
            return OTHER_SITE
        return super().refuse_other_sites(request)

    def refuse(self, request: Request) -> str | None:
        """Return why a request is not answered, if so."""
        why = self.refuse_name(request) or self.refuse_other_sites(request)
        if why is not None:
            return why
        user = self._user(request)
        if user in (_ROOT, os.getuid()) or (user is None and not self._must_know):
            return None
        return "this gateway is another user's"
