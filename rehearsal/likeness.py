"""How like the prepared file what a phone heard is: decoded, aligned, correlated. Pure."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from rehearsal.capture import Packets

FRAME = 160
"""Octets, and steps of the RTP clock, in 20 ms: of G.711, and of G.722 too (RFC 3551, 4.5.2)."""

_SUBTYPES = {0: "ULAW", 8: "ALAW"}
"""By static payload type (RFC 3551, table 4)."""

_SILENCE = {0: 0xFF, 8: 0xD5}
_MARKER = 0x80
_TURN = 1 << 32

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Likeness:
    """One call's sound against the file that was to be played.

    Attributes:
        correlation: Pearson's, of the file's samples and those heard in their place, 0 where one
            was lost; -1 to 1, 0 where nothing was heard.
        clipped: samples at the file's start that were never heard.
        lost: samples lost on the way, from the first heard to the last.
        first_at: when the packet with the first sample heard of the file arrived, in epoch
            seconds; NaN where none did.
        whole: every octet of the file was heard, unchanged and in its place: nothing between the
            file and the phone has made it into another codec.
    """

    correlation: float
    clipped: int
    lost: int
    first_at: float
    whole: bool


NOTHING = Likeness(0.0, 0, 0, float("nan"), False)


def likeness(packets: Packets, file: bytes) -> Likeness:
    """Compare what came with the file of the same codec.

    Args:
        packets: of one call, all of them; those of other payload types are passed over.
        file: what the PBX had to play, headerless octets of the codec that came.
    """
    sound = packets[np.isin(packets["payload"] & ~np.uint8(_MARKER), tuple(_SUBTYPES))]
    if not len(sound):
        return NOTHING
    payload = int(sound["payload"][0]) & ~_MARKER
    octets, there = _laid_out(sound, _SILENCE[payload])
    heard = np.where(there, _decoded(octets, payload), 0.0)
    wanted = _decoded(np.frombuffer(file, np.uint8), payload)
    lag = _lag(heard, wanted)
    ours, theirs = slice(max(0, -lag), len(wanted) - lag), slice(max(0, lag), lag + len(heard))
    same = octets[ours].tobytes() == file[theirs] and bool(there[ours].all())
    return Likeness(
        correlation=_correlation(heard[ours], wanted[theirs]),
        clipped=max(0, lag),
        lost=int((~there[ours]).sum()),
        first_at=_arrival(sound, max(0, -lag)),
        whole=same and lag <= 0 and len(file[theirs]) == len(file),
    )


def _laid_out(sound: Packets, silence: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Every octet at its place by the RTP clock, and which of them came."""
    places = _places(sound)
    octets = np.full(int(places.max()) + FRAME, silence, np.uint8)
    there = np.zeros(len(octets), bool)
    for packet, place in zip(sound, places, strict=True):
        size = min(FRAME, int(packet["size"]))
        octets[place : place + size] = packet["octets"][:size]
        there[place : place + size] = True
    return octets, there


def _places(sound: Packets) -> NDArray[np.int64]:
    """Where each packet begins, from the earliest; the RTP clock may turn over."""
    since = (sound["time"].astype(np.int64) - int(sound["time"][0])) % _TURN
    since = np.where(since >= _TURN // 2, since - _TURN, since)
    first: NDArray[np.int64] = since - since.min()
    return first


def _arrival(sound: Packets, place: int) -> float:
    """When the packet arrived in which an octet lies, or the first behind it."""
    places = _places(sound)
    behind = places + FRAME > place
    return float(sound["at"][behind][np.argmin(places[behind])])


def _decoded(octets: NDArray[np.uint8], payload: int) -> Samples:
    raw = io.BytesIO(octets.tobytes())
    samples, _ = sf.read(
        raw, dtype="float64", format="RAW", samplerate=8000, channels=1, subtype=_SUBTYPES[payload]
    )
    return np.asarray(samples)


def _lag(heard: Samples, wanted: Samples) -> int:
    """At which sample of the file what was heard begins: where the two agree best."""
    size = 1 << (len(heard) + len(wanted)).bit_length()
    product = np.fft.rfft(wanted, size) * np.conj(np.fft.rfft(heard, size))
    best = int(np.argmax(np.fft.irfft(product, size)))
    return best if best < len(wanted) else best - size


def _correlation(heard: Samples, wanted: Samples) -> float:
    """Over the part both have; 0 where one of them does not move."""
    if len(heard) < 2 or not heard.std() or not wanted.std():
        return 0.0
    return float(np.corrcoef(heard, wanted)[0, 1])
