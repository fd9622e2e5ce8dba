"""Write an invite as a QR code (ISO/IEC 18004), so that a phone can read it off a screen."""


def qr_rows(text: str) -> tuple[str, ...]:
    """Return the rows of its modules, without what is around it: ``1`` is dark."""
    # Not before it is needed: few peers ever draw one.
    import segno

    made = segno.make_qr(text, error="l")
    return tuple("".join(map(str, row)) for row in made.matrix)
