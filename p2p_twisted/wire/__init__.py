"""What may cross a connection: names, limits, messages, and the line protocol under them."""
