"""One peer: makes its parts, gives them to each other, and offers them to faces."""
