"""The overlay of thousands of peers in virtual time: what `p2p sim` runs."""
