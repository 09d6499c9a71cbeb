import pytest

from campaigns.errors import InvalidInput
from rehearsal.sdp import read_offer, write_answer

OFFER = "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP {formats}\r\n{maps}"


def _offer(formats: str, *maps: str, port: int = 12000) -> bytes:
    lines = "".join(f"a=rtpmap:{m}\r\n" for m in maps)
    return OFFER.format(port=port, formats=formats, maps=lines).encode()


def test_alaw_is_preferred_whatever_the_order() -> None:
    offer = read_offer(_offer("9 0 8 101", "0 PCMU/8000", "101 telephone-event/8000"))
    assert (offer.payload, offer.codec, offer.events) == (8, "PCMA/8000", 101)
    assert offer.address == ("127.0.0.1", 12000)


def test_the_offered_numbers_are_kept() -> None:
    offer = read_offer(_offer("111 97", "111 pcmu/8000", "97 telephone-event/8000"))
    assert (offer.payload, offer.codec, offer.events) == (111, "PCMU/8000", 97)
    answer = write_answer(("127.0.0.1", 18000), offer).decode()
    assert "m=audio 18000 RTP/AVP 111 97\r\n" in answer
    assert "a=rtpmap:97 telephone-event/8000\r\n" in answer


def test_without_telephone_event_none_is_answered() -> None:
    offer = read_offer(_offer("0"))
    assert offer.events is None
    assert b"telephone-event" not in write_answer(("127.0.0.1", 18000), offer)


@pytest.mark.parametrize(
    "body", [b"", _offer("9"), _offer("8", port=0), b"m=video 4000 RTP/AVP 96"]
)
def test_an_offer_without_usable_audio_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="SDP"):
        read_offer(body)


@pytest.mark.parametrize(
    "body", [b"m=audio x RTP/AVP 8", b"m=audio 1", b"a=rtpmap:x y", b"c=IN IP4 "]
)
def test_a_broken_offer_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="SDP"):
        read_offer(body)
