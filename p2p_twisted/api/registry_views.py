"""What the API of a registry answers, as frozen values."""

from typing import Literal

import attrs

from p2p_twisted.api.views import Count, Seconds, View


@attrs.frozen(kw_only=True)
class RegistryStatusView(View):
    """
    A registry at a glance.

    :ivar host: where it listens.
    :ivar is_open: whether other machines are let in.
    :ivar ports: the first and the last that it gives to the peers of each host.
    :ivar members: how many peers are in.
    :ivar reserved: how many more have a name and a port, and do not listen yet.
    :ivar uptime: in seconds.
    """

    kind: Literal["registry"] = "registry"
    version: str
    network: str
    host: str
    port: int
    is_open: bool
    ports: tuple[int, int]
    members: Count
    reserved: Count
    uptime: Seconds


@attrs.frozen(kw_only=True)
class MemberView(View):
    """
    A peer that is registered.

    :ivar since: when it joined, in seconds since 1970.
    :ivar lease: until it is forgotten, unless it renews that: in seconds.
    :ivar is_listening: whether it has said that it listens; until then its name and port are
        only reserved.
    """

    name: str
    host: str
    port: int
    since: float
    lease: Seconds
    is_listening: bool


@attrs.frozen(kw_only=True)
class MembersView(View):
    """
    Registered peers, by name.

    :ivar next: what to ask for with ``after`` to have the next ones, if there are any.
    """

    members: tuple[MemberView, ...]
    next: str | None
