"""
A flood that TLS itself allows: changes of the key, one behind the other, and never a line.

No library sends them, so they are made here from the secret that a client writes down for those
who debug (RFC 8446, sections 4.6.3, 5.2 and 7.2).
"""

import socket
import ssl
import struct
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tests.process.stranger import LOOPBACK, PATIENCE

_HASH = hashes.SHA384()
_KEY_UPDATE = bytes([24, 0, 0, 1, 1])
_HANDSHAKE, _APPLICATION = 22, 23


def call_for_key_updates(port: int, context: ssl.SSLContext) -> tuple[ssl.SSLSocket, bytes]:
    """
    Connect, with AES-256-GCM; returns the connection and the secret of what it sends.

    :raises OSError: when the handshake fails.
    """
    with tempfile.NamedTemporaryFile() as file:
        context.keylog_filename = file.name
        plain = socket.create_connection((LOOPBACK, port), PATIENCE)
        line = context.wrap_socket(plain)
        for written in Path(file.name).read_text().splitlines():
            if written.startswith("CLIENT_TRAFFIC_SECRET_0 "):
                return line, bytes.fromhex(written.split()[2])
    raise AssertionError("no secret was written down")


def key_updates(secret: bytes, count: int, said: int = 0) -> tuple[bytes, bytes]:
    """
    Make so many changes of the key, each of which asks for one in return.

    :param said: how many records were sent with the secret already.
    :returns: them, and the secret of what follows.
    """
    made = bytearray()
    for number in [said, *[0] * (count - 1)]:
        key, nonce = _expand(secret, b"key", 32), bytearray(_expand(secret, b"iv", 12))
        nonce[-1] ^= number
        inner = _KEY_UPDATE + bytes([_HANDSHAKE])
        header = struct.pack(">BHH", _APPLICATION, 0x0303, len(inner) + 16)
        made += header + AESGCM(key).encrypt(bytes(nonce), inner, header)
        secret = _expand(secret, b"traffic upd", 48)
    return bytes(made), secret


def send_beneath(line: ssl.SSLSocket, records: bytes) -> None:
    """
    Send what is encrypted already.

    :raises OSError: when the other side has closed.
    """
    with socket.socket(fileno=socket.dup(line.fileno())) as plain:
        plain.settimeout(PATIENCE)
        plain.sendall(records)


def _expand(secret: bytes, label: bytes, length: int) -> bytes:
    info = struct.pack(">HB", length, len(label) + 6) + b"tls13 " + label + b"\0"
    return HKDFExpand(_HASH, length, info).derive(secret)
