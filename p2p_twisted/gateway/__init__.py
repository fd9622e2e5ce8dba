"""Content of the network over HTTP, for browsers, players and tools that know nothing of peers."""
