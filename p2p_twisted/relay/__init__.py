"""Join two peers that cannot reach each other; and be joined by somebody who does."""
