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
JSON_DEPTH: Final = 32
STRIKES: Final = 3
LINES_BEFORE_FIRST_MESSAGE: Final = 100
FIRST_MESSAGE_WITHIN_BYTES: Final = 128 * KIB
FIRST_LINE_SECONDS: Final = 5.0
FAILED_DIALS_PER_MINUTE: Final = 12
DIAL_SECONDS: Final = 2.0
CLOSE_SECONDS: Final = 5.0
PING_AFTER_SECONDS: Final = 5.0
PING_LATER_SECONDS: Final = 6.0
DEAD_AFTER_SECONDS: Final = 15.0
PINGS_PER_SECOND: Final = 1
PINGS_BURST: Final = 100

# Reactor's time for what one link sends
INTAKE_SECONDS_PER_SECOND: Final = 0.2
INTAKE_BURST_SECONDS: Final = 1.0
ABUSE_SECONDS: Final = 10.0

# Output of one connection
QUEUE_BYTES: Final = 1 * MIB
BLOCKED_SECONDS: Final = 10.0

# Connections accepted by one listener
CONNECTIONS: Final = 1_024
CONNECTIONS_BEFORE_FIRST_LINE: Final = 256
CONNECTIONS_PER_HOST: Final = 64
FILES_RESERVED: Final = 128

# Handshakes of TLS that one host has us work on
HANDSHAKES_PER_SECOND: Final = 20
HANDSHAKES_BURST: Final = 100

# Names
PEER_NAME_CHARACTERS: Final = 31
COMPONENT_BYTES: Final = 255
PATH_BYTES: Final = 1_024
PATH_COMPONENTS: Final = 32
SEARCH_CHARACTERS: Final = 1_024
REASON_CHARACTERS: Final = 400

# Content
CHUNK_BYTES: Final = 1 * MIB
FILE_BYTES: Final = 1 * TIB
LINK_FILE_BYTES: Final = 65_536
MANIFEST_BYTES: Final = 64 * MIB
MANIFEST_ENTRIES: Final = 125_000
BARE_FOLDERS_SPARE: Final = 1_000
MODIFIED_SECONDS: Final = 300_000_000_000.0

# Registry
BEACON_BYTES: Final = 512
REFERRALS: Final = 8
UNUSABLE_PORTS: Final = 1_024
RECORDS_PER_LINE: Final = 200

# Overlay
LINKS_MOST: Final = 7
LINKS_IN_RECORD: Final = 28
SAMPLE: Final = 8
GOSSIP_LIFE_SECONDS: Final = 120.0
GOSSIP_HOPS: Final = 64
IDS_PER_LINE: Final = 200
ASK_HOPS: Final = 32
ASK_SECONDS: Final = 10.0
HITS_PER_FILE: Final = 20
HITS_PER_PEER: Final = 10_000
HITS_SHOWN_PER_PEER: Final = 200
ROUTE_HOPS: Final = 32
ENTRIES_UNSHARED: Final = 1_000_000
ANSWERED: Final = 1_000_000
RECEIPTS_NAMED: Final = 100
RECEIPT_REASON_CHARACTERS: Final = 100

# Transfers
STALL_SECONDS: Final = 30.0
FETCH_WITHIN_SECONDS: Final = 5.0
RANGES_PER_LINE: Final = 64
FLOOR_BYTES_PER_SECOND: Final = 1 * KIB
