"""What comes back over HTTP/1.1, cut into answers and events as it arrives. Pure.

As little as it takes, since whatever a client does is time that the server seems to take.
"""

from dataclasses import dataclass

_HEAD_ENDS, _LINE_ENDS, _EVENT_ENDS = b"\r\n\r\n", b"\r\n", b"\n\n"
_LENGTH, _CHUNKED = b"content-length", b"transfer-encoding"


class Unreadable(Exception):
    """What came is not the HTTP that was asked for."""


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an answer.

    Attributes:
        status: of HTTP.
        length: bytes of the body; 0 where it is chunked.
        chunked: whether it comes in chunks (RFC 9112, 7.1).
    """

    status: int
    length: int
    chunked: bool

    @classmethod
    def read(cls, lines: bytes) -> "Head":
        """Of an answer's first line and its headers."""
        first, *rest = lines.split(_LINE_ENDS)
        fields = {
            name.strip().lower(): value.strip().lower()
            for name, _, value in (line.partition(b":") for line in rest)
        }
        parts = first.split(b" ", 2)
        if len(parts) < 2 or not parts[1].isdigit():
            raise Unreadable(f"No status line: {first[:80]!r}.")
        length = int(fields.get(_LENGTH, b"0"))
        return cls(int(parts[1]), length, fields.get(_CHUNKED) == b"chunked")


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer."""

    status: int
    body: bytes


class Answers:
    """Answers with a length, one after the other on one connection."""

    def __init__(self) -> None:
        self._came = bytearray()
        self._head: Head | None = None

    def feed(self, data: bytes) -> list[Answer]:
        """Answers that are whole now."""
        self._came += data
        whole = []
        while (one := self._next()) is not None:
            whole.append(one)
        return whole

    def _next(self) -> Answer | None:
        if self._head is None:
            lines = _cut(self._came, _HEAD_ENDS)
            if lines is None:
                return None
            self._head = Head.read(lines)
        head = self._head
        if len(self._came) < head.length:
            return None
        body = bytes(self._came[: head.length])
        del self._came[: head.length]
        self._head = None
        return Answer(head.status, body)


class Events:
    """Server-sent events of one chunked answer.

    Attributes:
        status: of the answer; 0 before it has begun.
        over: the last chunk has come.
    """

    def __init__(self) -> None:
        self.status = 0
        self.over = False
        self._came = bytearray()
        self._text = bytearray()

    def feed(self, data: bytes) -> list[tuple[str, str]]:
        """(event, data) of each event that is whole now; comments are none."""
        self._came += data
        if not self.status and (lines := _cut(self._came, _HEAD_ENDS)) is not None:
            head = Head.read(lines)
            if not head.chunked:
                raise Unreadable(f"The stream was answered with {head.status}.")
            self.status = head.status
        while self.status and not self.over and self._chunk():
            pass
        found = []
        while (one := _cut(self._text, _EVENT_ENDS)) is not None:
            found.append(_event(one.decode()))
        return [(kind, text) for kind, text in found if text]

    def _chunk(self) -> bool:
        size, ends, _ = self._came.partition(_LINE_ENDS)
        length = int(size, 16) if ends else 0
        begins = len(size) + len(_LINE_ENDS)
        if not ends or len(self._came) < begins + length + len(_LINE_ENDS):
            return False
        self._text += self._came[begins : begins + length]
        del self._came[: begins + length + len(_LINE_ENDS)]
        self.over = length == 0
        return True


def _cut(came: bytearray, ends: bytes) -> bytes | None:
    """Take what stands before the first mark, the mark too; None where it has not come."""
    at = came.find(ends)
    if at < 0:
        return None
    found = bytes(came[:at])
    del came[: at + len(ends)]
    return found


def _event(block: str) -> tuple[str, str]:
    """Its type and data (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    kind, data = "message", []
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        if name == "event":
            kind = value.removeprefix(" ")
        elif name == "data":
            data.append(value.removeprefix(" "))
    return kind, "\n".join(data)
