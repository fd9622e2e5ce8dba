"""Bounds on what is certified, invited, signed and revoked. SECURITY.md publishes them."""

from typing import Final

from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.wire.limits import KIB

# Certificates
ROOT_DAYS: Final = 3_650
ISSUER_DAYS: Final = 730
ISSUER_RENEWAL_DAYS: Final = 365
CERTIFICATE_DAYS: Final = 30
RENEWAL_AFTER_DAYS: Final = 10
RENEWAL_SPREAD_SECONDS: Final = DAY_SECONDS
WARNING_DAYS: Final = 5
BACKDATED_SECONDS: Final = 300
GROUPS_OF_A_PEER: Final = 6

# Invites
INVITE_PLACES: Final = 3
INVITE_USES: Final = 1_000
INVITE_DAYS: Final = 30
INVITES_KEPT: Final = 1_000

# Statements
STATEMENT_CHARACTERS: Final = 2_048
STATEMENT_FRESH_SECONDS: Final = 120
STOPS_REMEMBERED: Final = 1_000
REVOCATIONS: Final = 1_000
REVOCATIONS_AT_ONCE: Final = 300
REVOCATIONS_REPLACED: Final = 3
ISSUERS_REVOKED: Final = 100
ISSUER_REVOKED_SINCE_DAYS: Final = 60
VOUCHERS: Final = 4

# Files
KEY_FILE_BYTES: Final = 64 * KIB
