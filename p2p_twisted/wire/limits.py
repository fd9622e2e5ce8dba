"""
Every bound on what a stranger may make us read, keep or do.

Numbers without a unit in their name are counts. SECURITY.md publishes them.
"""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB
TIB: Final = 1024 * 1024 * MIB

# Lines
LINE_BYTES: Final = 16_384
STRIKES: Final = 3
FIRST_LINE_SECONDS: Final = 5.0
DIAL_SECONDS: Final = 2.0
CLOSE_SECONDS: Final = 5.0
PING_AFTER_SECONDS: Final = 5.0
DEAD_AFTER_SECONDS: Final = 15.0

# Output of one connection
QUEUE_BYTES: Final = 1 * MIB
BLOCKED_SECONDS: Final = 10.0

# Connections accepted by one listener
CONNECTIONS: Final = 1_024
CONNECTIONS_BEFORE_FIRST_LINE: Final = 256
CONNECTIONS_PER_HOST: Final = 64

# Names
PEER_NAME_CHARACTERS: Final = 31
COMPONENT_BYTES: Final = 200
PATH_BYTES: Final = 1_024
PATH_COMPONENTS: Final = 32
SEARCH_BYTES: Final = 1_024
REASON_CHARACTERS: Final = 400

# Content
CHUNK_BYTES: Final = 1 * MIB
FILE_BYTES: Final = 1 * TIB
LINK_FILE_BYTES: Final = 65_536
MANIFEST_BYTES: Final = 64 * MIB

# Registry
REGISTRY_PORT: Final = 9_011
REFERRALS: Final = 8
RENEWAL_REFERRALS: Final = 3
LEASE_SECONDS: Final = 60.0
RESERVATION_SECONDS: Final = 10.0
RENEWALS_PER_SECOND: Final = 200
UNUSABLE_PORTS: Final = 1_024

# Overlay
LINKS_SOUGHT: Final = 5
LINKS_MOST: Final = 7
REMEMBERED: Final = 30
BOOK_ADDRESSES: Final = 128
SAMPLE: Final = 8
DIALS_AT_ONCE: Final = 8
GOSSIP_PER_SECOND: Final = 20
GOSSIP_BURST: Final = 100
GOSSIP_LIFE_SECONDS: Final = 120.0
GOSSIP_HOPS: Final = 64
SEEN_IDS: Final = 10_000
PAYLOAD_CACHE_BYTES: Final = 1 * MIB
IDS_PER_LINE: Final = 200
ASKS_PER_SECOND: Final = 50
ASKS_BURST: Final = 200
ASKS_OPEN: Final = 1_000
ASK_HOPS: Final = 32
ASK_SECONDS: Final = 10.0
ASK_RECORDS: Final = 20_000
HITS_PER_FILE: Final = 20
ROUTE_HOPS: Final = 32

# Transfers
TICKET_SECONDS: Final = 60.0
PUSH_WITHIN_SECONDS: Final = 5.0
STALL_SECONDS: Final = 30.0
RANGES_PER_LINE: Final = 64
PUSHES_AT_ONCE: Final = 32
FAILED_DIALS_PER_MINUTE: Final = 4
