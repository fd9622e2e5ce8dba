"""Keep keys and their certificates in files that nobody else can read."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from p2p_twisted.runtime.openat import Fsync
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.credentials import Credentials, key_from_pem, key_to_pem, new_key
from p2p_twisted.trust.limits import KEY_FILE_BYTES
from p2p_twisted.trust.trust_errors import BadCredentials, EncryptedKey, TrustError

_OTHERS_MAY_READ: Final = 0o077


class KeyFileFault(TrustError):
    """A key file cannot be read or written; the text says which, why and what to do."""


class KeyFolder:
    """
    A folder of key files: a private key with its certificates in each, as PEM.

    Key and certificate are in one file, so that a crash never leaves two that do not belong
    together. All methods block.

    :param folder: opened by its owner.
    """

    def __init__(self, folder: OwnFolder) -> None:
        self._folder = folder

    def path_of(self, name: str) -> Path:
        """Return where a file is, for messages."""
        return self._folder.path / name

    def save(self, name: str, credentials: Credentials, fsync: Fsync = os.fsync) -> None:
        """
        Write a file, in place of the one that has the name: a crash leaves either of them.

        :raises KeyFileFault: when it cannot be written.
        """
        self._write(name, credentials.to_pem(), fsync)

    def _write(self, name: str, content: bytes, fsync: Fsync) -> None:
        try:
            self._folder.replace(name, content, fsync)
        except OSError as error:
            raise KeyFileFault(f"{self.path_of(name)} cannot be written: {_why(error)}") from None

    def load(self, name: str) -> Credentials | None:
        """
        Read a file; ``None`` where there is none.

        :raises KeyFileFault: when it cannot be read, is damaged, or others may read it.
        """
        text = self._read(name)
        try:
            return None if text is None else Credentials.from_pem(text)
        except EncryptedKey as error:
            raise KeyFileFault(f"{self.path_of(name)}: {error}") from None
        except BadCredentials as error:
            path = self.path_of(name)
            raise KeyFileFault(f"{path} is no key: {error}; put it back from a backup") from None

    def made_key(self, name: str) -> ec.EllipticCurvePrivateKey:
        """
        Return a key that has no certificate yet: that of a file, which is made if need be.

        :raises KeyFileFault: when it cannot be written.
        """
        with suppress(KeyFileFault, BadCredentials):
            if (text := self._read(name)) is not None:
                return key_from_pem(text)
        key = new_key()
        self._write(name, key_to_pem(key), os.fsync)
        return key

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with suppress(OSError):
            self._folder.remove(name)

    def _read(self, name: str) -> bytes | None:
        path = self.path_of(name)
        try:
            with self._folder.opened_file(name) as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                text = file.read(KEY_FILE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            # What is in the place of the folder is told to whoever opens it to write.
            return None
        except OSError as error:
            raise KeyFileFault(f"{path} cannot be read: {_why(error)}") from None
        if mode & _OTHERS_MAY_READ:
            raise KeyFileFault(
                f"others may read the key in {path}: chmod 600 it, and if they have read it,"
                " have its name revoked"
            )
        if len(text) > KEY_FILE_BYTES:
            raise KeyFileFault(f"{path} is too large for a key: put it back from a backup")
        return text


def _why(error: OSError) -> str:
    return in_words(OSError(error.errno, error.strerror)) if error.errno else str(error)
