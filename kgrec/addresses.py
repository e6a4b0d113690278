"""Addresses of servers, checked before anything is asked of them."""

from urllib.parse import urlsplit


def check_address(address: str) -> None:
    """Pass an address that a client can take apart; whether somebody answers there is not asked.

    Raises:
        ValueError: it has characters that no address has, a port that is none, or a host name that cannot be one.
    """
    if not (address.isascii() and address.isprintable()) or " " in address:
        raise ValueError("an address has no space, and letters beyond ASCII are written with %")
    try:
        parts = urlsplit(address)
        named = bool((parts.hostname or "").encode("idna")) and parts.port != 0
    except ValueError:
        named = False
    if not named:
        raise ValueError("it names no host, or no port that there is")
