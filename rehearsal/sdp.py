"""Offer and answer for one audio stream (RFC 4566, RFC 3264)."""

import re
from dataclasses import dataclass

from campaigns.errors import InvalidInput
from rehearsal.sip import Address

PCMU, PCMA, G722 = 0, 8, 9
_STATIC = {PCMU: "PCMU/8000", PCMA: "PCMA/8000", G722: "G722/8000"}
_MEDIA = re.compile(r"^m=audio (\d{1,5}) \S+ ([\d ]+)", re.MULTILINE)
_CONNECTION = re.compile(r"^c=IN IP4 (\S+)", re.MULTILINE)
_RTPMAP = re.compile(r"^a=rtpmap:(\d{1,3}) (\S+)", re.MULTILINE)
_PORTS = 1 << 16
_PREFERRED = ("PCMA/8000", "PCMU/8000")


@dataclass(frozen=True, slots=True)
class Offer:
    """What the caller can receive.

    Attributes:
        address: where to send RTP.
        codec: the payload type to use both ways, with its name (`PCMA/8000`).
        events: payload type of telephone-event (RFC 4733), or None where it was not offered.
    """

    address: Address
    payload: int
    codec: str
    events: int | None


def read_offer(body: bytes) -> Offer:
    """Choose from an SDP offer: PCMA where possible, else PCMU, and telephone-event at 8000 Hz.

    Raises:
        InvalidInput: there is no audio stream this network can speak.
    """
    text = body.decode("utf-8", "replace")
    media, connection = _MEDIA.search(text), _CONNECTION.search(text)
    if media is None or connection is None or not 0 < int(media[1]) < _PORTS:
        raise InvalidInput("SDP", "no audio stream over IPv4 is offered")
    payloads = [int(number) for number in media[2].split()]
    names = {int(number): name for number, name in _RTPMAP.findall(text)}
    spoken = {names.get(p, _STATIC.get(p, "")).upper(): p for p in reversed(payloads)}
    codec = next((name for name in _PREFERRED if name in spoken), None)
    if codec is None:
        raise InvalidInput("SDP", "no audio stream in A-law or mu-law is offered")
    address = (connection[1], int(media[1]))
    return Offer(address, spoken[codec], codec, spoken.get("TELEPHONE-EVENT/8000"))


def write_answer(local: Address, offer: Offer) -> bytes:
    """Accept the offer with the one codec chosen, 20 ms packets, and its telephone-event number."""
    host, port = local
    payloads = [offer.payload] + ([offer.events] if offer.events is not None else [])
    lines = [
        "v=0",
        f"o=rehearsal {port} 1 IN IP4 {host}",
        "s=rehearsal",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(map(str, payloads))}",
        f"a=rtpmap:{offer.payload} {offer.codec}",
    ]
    if offer.events is not None:
        lines += [f"a=rtpmap:{offer.events} telephone-event/8000", f"a=fmtp:{offer.events} 0-16"]
    lines += ["a=ptime:20", "a=sendrecv"]
    return "\r\n".join(lines).encode() + b"\r\n"
