import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from rehearsal.sip import address_of, parse, response, return_address, tag_of, uri_in, user_of

INVITE = (
    b"INVITE sip:+33199000012@127.0.0.1:5080 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK1\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bK0\r\n"
    b'f: "Mairie <1>" <sip:0199000000@127.0.0.1>;tag=abc\r\n'
    b"To: <sip:+33199000012@127.0.0.1>\r\n"
    b"Call-ID: id-1\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"Subject: a\r\n b\r\n"
    b"\r\nbody"
)


def test_a_request_is_read_with_compact_and_folded_headers() -> None:
    message = parse(INVITE)
    assert (message.method, message.uri) == ("INVITE", "sip:+33199000012@127.0.0.1:5080")
    assert message.cseq == (7, "INVITE")
    assert len(message.headers["via"]) == 2
    assert message.header("subject") == "a b"
    assert message.body == b"body"


@pytest.mark.parametrize("missing", ["Call-ID", "CSeq", "To"])
def test_a_message_without_a_mandatory_header_is_refused(missing: str) -> None:
    lines = [line for line in INVITE.split(b"\r\n") if not line.startswith(missing.encode())]
    with pytest.raises(InvalidInput, match=missing.lower()):
        parse(b"\r\n".join(lines))


@given(st.binary(max_size=300))
def test_no_datagram_does_worse_than_being_refused(datagram: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse(datagram)


@given(st.integers(0, len(INVITE)), st.binary(max_size=8))
def test_a_damaged_invite_is_read_or_refused(cut: int, noise: bytes) -> None:
    try:
        message = parse(INVITE[:cut] + noise + INVITE[cut + len(noise) :])
    except InvalidInput:
        return
    assert message.cseq
    assert isinstance(message.status if message.is_response else message.uri, int | str)


def test_a_response_returns_what_the_request_brought() -> None:
    answer = parse(
        response(parse(INVITE), 486, ("127.0.0.1", 5062), to_tag="t", extra=["Reason: x"])
    )
    assert answer.status == 486
    assert answer.header("via").endswith("received=127.0.0.1;branch=z9hG4bK1")
    assert ";rport=5062;" in answer.header("via")
    assert answer.headers["via"][1] == "SIP/2.0/UDP 127.0.0.9;branch=z9hG4bK0"
    assert tag_of(answer.header("to")) == "t"
    assert answer.header("reason") == "x"


def test_responses_go_to_the_source_only_where_rport_asks() -> None:
    source = ("127.0.0.1", 9999)
    assert return_address(parse(INVITE), source) == source
    plain = parse(INVITE.replace(b";rport", b""))
    assert return_address(plain, source) == ("127.0.0.1", 5060)


@pytest.mark.parametrize(
    ("value", "user"),
    [
        ('"A <b>" <sip:0199000000@host;user=phone>;tag=1', "0199000000"),
        ("sipp <sip:sipp@127.0.0.1:5999>;tag=1", "sipp"),
        ("<sip:%2B33199000012;phone-context=x@host>", "+33199000012"),
        ("<tel:+33199000012;x=y>", "+33199000012"),
        ("<sip:127.0.0.1>", ""),
        ("", ""),
    ],
)
def test_the_user_of_a_header_value(value: str, user: str) -> None:
    assert user_of(uri_in(value)) == user


def test_an_address_is_taken_from_numeric_hosts_only() -> None:
    assert address_of("sip:a@127.0.0.1:5070;x") == ("127.0.0.1", 5070)
    assert address_of("sip:127.0.0.1") == ("127.0.0.1", 5060)
    assert address_of("sip:a@example.org") is None
