"""Where registries and newcomers of one network cable or Wi-Fi hear each other."""

from typing import Final

from p2p_twisted.registry.limits import REGISTRY_PORT
from p2p_twisted.runtime.multicast import Group

LAN_GROUP: Final = Group("239.192.90.11", "ff12::9011", REGISTRY_PORT)
"""One of an organization's own, and one of a link that nobody has assigned, over UDP."""
