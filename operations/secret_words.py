"""Secrets of 128 random bits and more: made, and kept as digests."""

import hashlib
import secrets


def new_token() -> str:
    """256 random bits, as they can stand in an address or a cookie."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """SHA-256: enough for so many random bits, and quick at every request."""
    return hashlib.sha256(secret.encode()).digest()
