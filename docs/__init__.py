"""What writes those documents that follow from the code."""
