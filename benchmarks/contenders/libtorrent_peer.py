"""
One libtorrent peer; run by the Python that has libtorrent, so it uses nothing else.

    libtorrent_peer.py seed  HOST PORT TORRENT DIRECTORY
    libtorrent_peer.py leech HOST PORT TORRENT DIRECTORY    (then HOST:PORT ... on a line)

Its settings take everything out of its way that is there for the Internet.
"""

import sys
import time

import libtorrent  # type: ignore[import-not-found, unused-ignore]

POLL_SECONDS = 0.005

SETTINGS = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_natpmp": False,
    "enable_upnp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "allow_multiple_connections_per_ip": True,
    "connection_speed": 500,
    "min_reconnect_time": 1,
    "unchoke_slots_limit": -1,
    "in_enc_policy": int(libtorrent.enc_policy.disabled),
    "out_enc_policy": int(libtorrent.enc_policy.disabled),
}


def main() -> None:
    """Do what the command line says."""
    what, host, port, torrent, directory = sys.argv[1:]
    session = libtorrent.session({**SETTINGS, "listen_interfaces": f"{host}:{port}"})
    adding = libtorrent.add_torrent_params()
    adding.ti = libtorrent.torrent_info(torrent)
    adding.trackers = []
    adding.save_path = directory
    adding.flags &= ~(libtorrent.torrent_flags.paused | libtorrent.torrent_flags.auto_managed)
    if what == "seed":
        # It need not be hashed again.
        adding.flags |= libtorrent.torrent_flags.seed_mode
    handle = session.add_torrent(adding)
    while not session.is_listening():
        time.sleep(POLL_SECONDS)
    print("ready", flush=True)
    for line in sys.stdin:
        for peer in line.split():
            peer_host, _, peer_port = peer.rpartition(":")
            if peer != f"{host}:{port}":
                handle.connect_peer((peer_host, int(peer_port)))
        while not handle.status().is_seeding:
            time.sleep(POLL_SECONDS)
        print("done", flush=True)


if __name__ == "__main__":
    main()
