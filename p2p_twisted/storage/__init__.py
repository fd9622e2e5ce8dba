"""The only code that writes downloads: part files, the inbox, the journal."""
