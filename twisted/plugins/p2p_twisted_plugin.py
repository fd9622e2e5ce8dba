"""Offer the two daemons to twistd, without importing them before they are asked for."""

from twisted.application.service import ServiceMaker

p2pmeta = ServiceMaker(
    "p2p registry",
    "p2p_twisted.p2pmeta",
    "The registry of a p2p_twisted network: introduces peers to each other.",
    "p2pmeta",
)

p2ppeer = ServiceMaker(
    "p2p peer",
    "p2p_twisted.p2ppeer",
    "A peer of a p2p_twisted network: shares a directory, finds and downloads files.",
    "p2ppeer",
)
