"""Compare the shipped daemons with common tools, and with what the machine can do."""
