"""A peer's console, on a terminal or a pipe."""
