"""Mistakes in what a private network believes."""

from typing import Final

from tests.mutants.mutant import Mutant

OF_TRUST: Final = (
    Mutant(
        "trust/issuing.py",
        "_may_sign(builder, path_length=0)",
        "_may_sign(builder, path_length=1)",
        "who steals an issuer's key makes others, which outlive it",
        "trust/test_certificates.py",
    ),
    Mutant(
        "trust/anchor.py",
        "certificate.verify_directly_issued_by(certificate)",
        "pass",
        "a certificate that somebody else has made for the root's key is taken for the root",
        "trust/test_certificates.py",
    ),
    Mutant(
        "trust/certificate_request.py",
        "if not is_proven:",
        "if False:",
        "anybody gets a certificate for a key that is somebody else's",
        "trust/test_certificates.py",
    ),
    Mutant(
        "trust/invite.py",
        "if not (is_whole and hmac.compare_digest(_check(content), check)):",
        "if not is_whole:",
        "a typing error reads like an attack",
        "trust/test_invite.py",
    ),
    Mutant(
        "trust/open_invites.py",
        "if held.uses < 1:",
        "if False:",
        "an invite lets in any number of peers",
        "trust/test_open_invites.py",
    ),
    Mutant(
        "trust/statement.py",
        "signer.key.verify(signature, _CONTEXT + payload, _SIGNATURE)",
        "pass",
        "everybody speaks in the name of an admin",
        "trust/test_statements.py",
    ),
    Mutant(
        "trust/stop_guard.py",
        "if stop.id in self._obeyed:",
        "if False:",
        "a stop that was recorded stops the network again",
        "trust/test_statements.py",
    ),
    Mutant(
        "trust/stop_guard.py",
        "if not signer.is_admin:",
        "if False:",
        "every member stops the network",
        "trust/test_statements.py",
    ),
    Mutant(
        "trust/revocations.py",
        "if self.is_revoked(statement.signer):",
        "if False:",
        "an admin who was revoked revokes all others",
        "trust/test_revocations.py",
    ),
    Mutant(
        "trust/revocations.py",
        "return now if held is None else max(now, held.issued)",
        "return now",
        "who is invited again by a registry whose clock is behind stays revoked",
        "trust/test_revocations.py",
    ),
    Mutant(
        "trust/key_folder.py",
        "if mode & _OTHERS_MAY_READ:",
        "if False:",
        "a key that others have read is used on",
        "trust/test_credentials.py",
    ),
    Mutant(
        "wire/line_gate.py",
        "if self.other_end is not None and not _is_from(message, self.other_end):",
        "if False:",
        "a member talks in the name of another one",
        "trust/test_tls.py",
    ),
    Mutant(
        "wire/securing.py",
        "if not (data.startswith(_TLS_RECORD) and self._security.allows(self._connection.host)):",
        "if False:",
        "a host has a peer work on any number of handshakes",
        "trust/test_tls.py",
    ),
    Mutant(
        "trust/tls.py",
        "if self.revocations.is_revoked(verified):",
        "if False:",
        "who was revoked comes back at once",
        "trust/test_tls.py",
    ),
    Mutant(
        "trust/tls.py",
        "if shown.expires <= now or self.revocations.is_revoked(shown):",
        "if shown.expires <= now:",
        "who is revoked keeps its links",
        "peer/test_network_statements.py",
    ),
    Mutant(
        "registry/session.py",
        "if is_newcomer and not isinstance(message, Enroll | Error | Bye):",
        "if False:",
        "who has no certificate registers in a private network",
        "registry/test_private_session.py",
    ),
    Mutant(
        "registry/enrollment.py",
        "case MakeInvite() if not identity.is_admin:",
        "case MakeInvite() if False:",
        "every member invites others, as admins, too",
        "registry/test_authority.py",
    ),
)
