"""What can be wrong with keys, certificates, invites and statements; each text is for people."""


class TrustError(Exception):
    """Something that is to be trusted cannot be."""


class IssuerRevoked(TrustError):
    """A registry's own key was revoked."""

    def __init__(self) -> None:
        super().__init__(
            "this registry's key was revoked, so nobody believes it: start it once with --root-key"
            " FILE, without its issuer.pem, to have another one made"
        )


class BadCredentials(TrustError):
    """What should be a key and its certificates is none."""


class EncryptedKey(BadCredentials):
    """A key that only whoever has a password could use."""

    def __init__(self) -> None:
        super().__init__("its key is encrypted, which no key must be here: decrypt it")


class BadCertificateRequest(TrustError):
    """What should be a request for a certificate is none."""


class NotTrusted(TrustError):
    """A certificate is not of this network."""


class CertificateExpired(NotTrusted):
    """A certificate was good once."""


class CertificateNotYetValid(NotTrusted):
    """A certificate will be good; mostly a clock is wrong."""


class BadInvite(TrustError):
    """A text is no invite, or has a typing error."""


class InviteRefused(TrustError):
    """An invite lets nobody in, or nobody any more."""


class UnknownInvite(InviteRefused):
    """Nobody was ever given such an invite, or long ago: it may be a guess."""


class NoSuchInvite(TrustError):
    """No invite is called so."""


class UnknownKey(TrustError):
    """Nobody is known to have a key since a time when that could be believed."""


class TooManyInvites(TrustError):
    """No more invites can be open at a time."""


class BadStatement(TrustError):
    """A text is no statement that somebody of this network has signed."""


class StatementRefused(TrustError):
    """A statement is genuine, but does not count."""


class RevocationsFull(TrustError):
    """No more names can be revoked at a time."""
