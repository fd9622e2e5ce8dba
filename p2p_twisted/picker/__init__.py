"""Decide what a downloader requests from which holder, without input or output."""
