"""Say a thousand times a second, from an address of this machine, what is not true."""

import random
import socket
import sys
import time

from p2p_twisted.registry.lan_group import LAN_GROUP
from p2p_twisted.wire.beacon import QUESTION, Beacon, write_beacon

PER_SECOND = 1_000
STEP_SECONDS = 0.01
SECONDS = 60.0
"""Unless it is ended before."""


def forged(rng: random.Random) -> bytes:
    """Return a packet: a beacon of a registry that is not there, a question, or noise."""
    match rng.randrange(5):
        case 0:
            return QUESTION
        case 1:
            return b"P2P1 " + rng.randbytes(rng.randrange(600))
        case 2:
            return b"P2P2 " + rng.randbytes(100)
        case 3:
            return write_beacon(
                Beacon("default", rng.randrange(1_024, 65_536), f"{rng.getrandbits(64):016x}")
            )
        case _:
            return write_beacon(Beacon("default", rng.randrange(1_024, 65_536)))


def main() -> None:
    """Go on for a minute."""
    rng, sent, began = random.Random(1), 0, time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        # Without a way to the whole of the Internet, there is none to the group.
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[1]))
        while (passed := time.monotonic() - began) < SECONDS:
            while sent < passed * PER_SECOND:
                sender.sendto(forged(rng), (LAN_GROUP.ipv4, LAN_GROUP.port))
                sent += 1
                if sent == 1 or sent % 10_000 == 0:
                    sys.stdout.write(f"forged {sent}\n")
                    sys.stdout.flush()
            time.sleep(STEP_SECONDS)


if __name__ == "__main__":
    main()
