"""Limit and measure how fast a peer sends and receives."""
