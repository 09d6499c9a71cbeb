"""SIP messages as a user agent server meets them over UDP (RFC 3261). Pure: bytes in, bytes out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from campaigns.errors import InvalidInput

Address = tuple[str, int]

_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
}
_BRACKETED = re.compile(r"<([^<>]*)>")
_BARE = re.compile(r"[^;,\s]+")
_TAG = re.compile(r";\s*tag=([^;,\s]+)", re.IGNORECASE)

PHRASES = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    302: "Moved Temporarily",
    404: "Not Found",
    405: "Method Not Allowed",
    428: "Use Identity Header",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    603: "Decline",
    607: "Unwanted",
    608: "Rejected",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response.

    Attributes:
        start: the request line or status line.
        headers: values by lower-case name, in order of appearance; compact names are expanded.
    """

    start: str
    headers: dict[str, list[str]]
    body: bytes

    @property
    def method(self) -> str:
        """Method of a request; `SIP/2.0` for a response."""
        return self.start.partition(" ")[0]

    @property
    def is_response(self) -> bool:
        """Whether this answers a request."""
        return self.start.startswith("SIP/")

    @property
    def status(self) -> int:
        """Status code of a response."""
        return int(self.start.split(" ", 2)[1])

    @property
    def uri(self) -> str:
        """Request-URI of a request."""
        return self.start.split(" ", 2)[1]

    def header(self, name: str) -> str:
        """First value of a header, or an empty string."""
        values = self.headers.get(name)
        return values[0] if values else ""

    @property
    def cseq(self) -> tuple[int, str]:
        """Sequence number and method."""
        number, _, method = self.header("cseq").partition(" ")
        return int(number), method.strip()


def parse(datagram: bytes) -> Message:
    """Read one datagram.

    Raises:
        InvalidInput: it is not a SIP message with the headers every message must carry.
    """
    head, _, body = datagram.partition(b"\r\n\r\n")
    start, *lines = head.decode("utf-8", "replace").split("\r\n")
    headers: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        if line[:1] in {" ", "\t"} and name:
            headers[name][-1] += " " + line.strip()
            continue
        raw, colon, value = line.partition(":")
        name = raw.strip().lower() if colon else ""
        if name:
            name = _COMPACT.get(name, name)
            headers.setdefault(name, []).append(value.strip())
    message = Message(start, headers, body)
    _require_a_usable(message)
    return message


def _require_a_usable(message: Message) -> None:
    if "SIP/2.0" not in message.start or message.start.count(" ") < 1:
        raise InvalidInput("start line", "this is not a SIP/2.0 message")
    for name in ("via", "from", "to", "call-id", "cseq"):
        if name not in message.headers:
            raise InvalidInput(name, "this header is missing")
    digits = message.start.split(" ", 2)[1] if message.is_response else message.header("cseq")
    if not digits.split(" ")[0].isdecimal():
        raise InvalidInput("start line" if message.is_response else "cseq", "a number is expected")


def uri_in(value: str) -> str:
    """The URI of a From, To, Contact or P-Asserted-Identity value, without name or brackets."""
    # The last brackets count: a quoted name may hold some too.
    if bracketed := _BRACKETED.findall(value):
        return str(bracketed[-1])
    bare = _BARE.match(value.strip())
    return bare[0] if bare else ""


def user_of(uri: str) -> str:
    """The user part of a `sip:` or `tel:` URI, percent-decoded and without parameters."""
    scheme, _, rest = uri.partition(":")
    user, at, _ = rest.rpartition("@")
    if not at:
        user = rest if scheme == "tel" else ""
    return unquote(user.partition(";")[0].partition(":")[0])


def address_of(uri: str) -> Address | None:
    """Host and port of a URI where the host is a numeric IPv4 address, else None."""
    host_port = uri.partition(":")[2].rpartition("@")[2].partition(";")[0].partition("?")[0]
    host, _, port = host_port.partition(":")
    if not re.fullmatch(r"\d+\.\d+\.\d+\.\d+", host) or not (port or "5060").isdecimal():
        return None
    return host, int(port or "5060")


def tag_of(value: str) -> str:
    """The tag parameter of a From or To value, or an empty string."""
    found = _TAG.search(value.rpartition(">")[2] if ">" in value else value)
    return found[1] if found else ""


def return_address(request: Message, source: Address) -> Address:
    """Where responses go: the source port if the client asked (RFC 3581), else the Via's port."""
    via = request.header("via").split(",")[0]
    sent_by = via.partition(" ")[2].partition(";")[0].strip()
    port = sent_by.rpartition(":")[2]
    if re.search(r";\s*rport", via) or not port.isdecimal():
        return source
    return source[0], int(port)


def _vias(request: Message, source: Address) -> list[str]:
    first, *rest = request.headers["via"]
    host, port = source
    marked = re.sub(r";\s*rport(?=[;,]|$)", f";rport={port}", first, count=1)
    if marked != first:
        marked = marked.replace(f";rport={port}", f";rport={port};received={host}", 1)
    return [marked, *rest]


def response(
    request: Message,
    status: int,
    source: Address,
    *,
    to_tag: str = "",
    extra: Sequence[str] = (),
    body: bytes = b"",
) -> bytes:
    """Answer a request; `extra` lines (Contact, Reason, Content-Type) go in as they are."""
    to = request.header("to")
    if to_tag and not tag_of(to):
        to += f";tag={to_tag}"
    lines = [
        f"SIP/2.0 {status} {PHRASES.get(status, 'Unknown')}",
        *(f"Via: {via}" for via in _vias(request, source)),
        f"From: {request.header('from')}",
        f"To: {to}",
        f"Call-ID: {request.header('call-id')}",
        f"CSeq: {request.header('cseq')}",
        *extra,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
