"""What a downloader asks which holder for: pure decisions, without input or output."""
