"""Say what to do where two peers cannot reach each other."""

from typing import Final

from p2p_twisted.wire.names import PeerAddress

USUAL_PORTS: Final = range(9_000, 9_010)
"""What a registry gives to the peers of a host unless it is told otherwise."""


def place(address: PeerAddress) -> str:
    """Name a peer and where it listens: ``ben (10.77.0.24:9000)``."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{address.name} ({host}:{address.port})"


def cut_off(*addresses: PeerAddress) -> str:
    """Write the end of a sentence about a peer that cannot be reached, nor reach this one."""
    ports = firewall_ports(*addresses)
    machines = "the two machines" if len(addresses) == 2 else "the machines"
    return f"cannot be reached, nor reach us: a firewall? let {ports} in on one of {machines}"


def relays_full() -> str:
    """Write the same where others could have relayed, but have no place left."""
    return (
        "cannot be reached, nor reach us, and the peers that relay have no place left: it is tried"
        " again; a further peer that all can dial, with --relay 100M, relays for more"
    )


def firewall_ports(*addresses: PeerAddress) -> str:
    """Name the ports that a firewall should let in, so that peers can be reached there."""
    ports = sorted({address.port for address in addresses})
    if all(port in USUAL_PORTS for port in ports):
        return f"ports {USUAL_PORTS[0]}-{USUAL_PORTS[-1]}"
    return f"port{'s' if ports[1:] else ''} {' and '.join(map(str, ports))}"
