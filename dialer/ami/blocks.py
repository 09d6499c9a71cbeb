"""AMI's wire form: blocks of headers, each line ended by CR LF, each block by an empty line.

Only CR LF ends a line. A bare LF, a bare CR, U+2028, U+0085 or VT inside a value stays inside it:
a caller name or a SIP reason phrase must never become a header of its own.
"""

from campaigns.errors import PbxError

MAX_BLOCK = 16 * 1024 * 1024
"""Bytes of one block; more is not AMI, and memory stays bounded."""

_LINE_END = b"\r\n"
_BLOCK_END = b"\r\n\r\n"


class BlockReader:
    """Cuts a byte stream into blocks, however the bytes were divided on the way.

    Each byte is looked at once, so a block of 2 MB that comes in 1 KB pieces costs what it costs
    in one piece.
    """

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes; give the blocks they complete, without their empty line.

        Raises:
            PbxError: a block is longer than MAX_BLOCK.
        """
        held = self._held
        # The end may straddle what was held and what has come: three bytes of it at most.
        unseen = max(0, len(held) - len(_BLOCK_END) + 1)
        held += data
        end = held.rfind(_BLOCK_END, unseen)
        if end < 0:
            if len(held) > MAX_BLOCK:
                raise PbxError(f"The PBX sent a block of more than {MAX_BLOCK} bytes.")
            return []
        complete = bytes(held[:end])
        del held[: end + len(_BLOCK_END)]
        return complete.split(_BLOCK_END)


class Headers:
    """The headers of one block, in order, repeated and empty ones kept."""

    __slots__ = ("pairs",)

    def __init__(self, block: bytes) -> None:
        self.pairs: list[tuple[str, str]] = []
        for line in block.split(_LINE_END):
            name, colon, value = line.decode("utf-8", "replace").partition(":")
            if colon:
                self.pairs.append((name, value.removeprefix(" ")))

    def get(self, name: str) -> str:
        """The first header of this name, or an empty string."""
        return next((value for key, value in self.pairs if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every header of this name, in order."""
        return [value for key, value in self.pairs if key == name]


def value_of(block: bytes, key: bytes, start: int = 0) -> bytes:
    r"""One header's value, straight from the bytes: what the event path can afford.

    Args:
        block: the block.
        key: the header with what surrounds it, as `b"\r\nUniqueid: "`.
        start: where to look from.

    Returns:
        The first such header's value; empty where there is none.
    """
    found = block.find(key, start)
    if found < 0:
        return b""
    begin = found + len(key)
    end = block.find(_LINE_END, begin)
    return block[begin:end] if end >= 0 else block[begin:]


def text_of(block: bytes, key: bytes, start: int = 0) -> str:
    """One header's value as text; bytes that are no UTF-8 are replaced, never dropped."""
    return value_of(block, key, start).decode("utf-8", "replace")
