"""Write downloads, in the only code that does: part files, the inbox, the journal."""
