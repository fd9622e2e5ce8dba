"""What a person sees of a peer's part in a private network."""

import attrs


@attrs.frozen
class CertificateStatus:
    """
    What a peer's certificate says of it, and how it stands with its renewal.

    :ivar groups: which groups it is in, by name.
    :ivar expires: until when it is good, in seconds since 1970.
    :ivar renewal_fault: why there is no newer one, though it was asked for.
    """

    is_admin: bool
    groups: tuple[str, ...]
    expires: float
    renewal_fault: str | None = None
