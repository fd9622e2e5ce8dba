"""How figures come to a table: its command line, its rounds, and its rows."""
