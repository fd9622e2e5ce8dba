"""The holder: pushes content to whoever asks for it."""
