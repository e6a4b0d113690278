"""Addresses of servers, checked before anything is asked of them."""

from urllib.parse import urlsplit


def check_address(address: str) -> None:
    """Pass an address that a client can take apart; whether somebody answers there is not asked.

    Raises:
        ValueError: it has characters that no address has, a port that is none, or a host name that cannot be one.
    """
    if not (address.isascii() and address.isprintable()) or " " in address:
        raise ValueError("an address has neither spaces nor characters beyond ASCII")
    try:
        parts = urlsplit(address)
        _ = parts.port
        (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise ValueError("it is no address: the host or the port is none") from error
