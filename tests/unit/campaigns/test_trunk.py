"""Trunks: how numbers are dialled, and what stays on this host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from campaigns.trunk import NumberFormat, Trunk, is_loopback, is_rehearsal


@pytest.mark.parametrize(
    ("format_", "number", "dialled"),
    [
        (NumberFormat.E164_PLUS, "+33199001234", "+33199001234"),
        (NumberFormat.E164, "+33199001234", "33199001234"),
        (NumberFormat.NATIONAL_FR, "+33199001234", "0199001234"),
        (NumberFormat.NATIONAL_FR, "+262639000001", "+262639000001"),
    ],
)
def test_numbers_as_the_carrier_wants_them(
    format_: NumberFormat, number: str, dialled: str
) -> None:
    assert Trunk("carrier", "192.0.2.1", number_format=format_).dialled(number) == dialled


@pytest.mark.parametrize("name", ["", "Carrier", "a b", "é", "a" * 32, "-a", "a,b", "a/b"])
def test_names_that_could_mean_more_to_the_pbx_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="not usable"):
        Trunk(name, "192.0.2.1")


@pytest.mark.parametrize("limits", [{"max_channels": 0}, {"max_cps": 0.0}, {"max_cps": -1.0}])
def test_limits_are_above_zero(limits: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match="above zero"):
        Trunk("carrier", "192.0.2.1", **limits)  # type: ignore[arg-type]


def test_password_is_not_shown() -> None:
    assert "s3cret" not in repr(Trunk("carrier", "192.0.2.1", password="s3cret"))


@pytest.mark.parametrize(
    "contact",
    [
        "sip:127.0.0.1:5090",
        "sip:127.8.9.10",
        "sip:user@127.0.0.1:5090;transport=udp",
        "sips:127.0.0.1",
        "sip:[::1]:5090",
        "127.0.0.1",
        "::1",
    ],
)
def test_loopback(contact: str) -> None:
    assert is_loopback(contact)


@pytest.mark.parametrize(
    "contact",
    [
        "sip:192.0.2.1:5060",
        "sip:127.0.0.1@192.0.2.1",
        "sip:192.0.2.1;x=127.0.0.1",
        "sip:localhost:5090",
        "sip:127.0.0.1.example.org",
        "sip:128.0.0.1",
        "sip:[2001:db8::1]:5060",
        "<sip:192.0.2.1>",
        "",
    ],
)
def test_anything_else_may_reach_people(contact: str) -> None:
    assert not is_loopback(contact)


@given(st.lists(st.sampled_from(["sip:127.0.0.1:5090", "sip:192.0.2.1:5060"]), max_size=4))
def test_a_rehearsal_trunk_leads_nowhere_else(contacts: list[str]) -> None:
    assert is_rehearsal(contacts) == (set(contacts) == {"sip:127.0.0.1:5090"})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"priority": 0}, "priority"),
        ({"weight": 0.0}, "weight above zero"),
        ({"weight": float("inf")}, "weight above zero"),
        ({"weight": float("nan")}, "weight above zero"),
        ({"rtp_timeout_s": 0}, "times"),
        ({"max_call_s": 0}, "times"),
        ({"options_interval_s": -1}, "times"),
        ({"from_user": "a b"}, "from_user"),
        ({"from_user": "a@b"}, "from_user"),
        ({"from_user": "a\nb"}, "from_user"),
        ({"from_user": "a;b"}, "from_user"),
        ({"from_domain": "a b"}, "from_domain"),
        ({"from_domain": "a>b"}, "from_domain"),
        ({"from_domain": "a.example\n[evil]"}, "from_domain"),
        ({"from_user": "account", "pai": False}, "nobody would see the caller id"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as refused:
        Trunk("carrier", "192.0.2.1", **wrong)  # type: ignore[arg-type]
    assert refused.value.field == "trunk carrier"


@pytest.mark.parametrize(
    ("cap", "campaign_s", "longest"), [(None, 100, 100), (60, 100, 60), (200, 100, 100)]
)
def test_a_trunk_can_end_calls_sooner_than_the_campaign(
    cap: int | None, campaign_s: int, longest: int
) -> None:
    assert Trunk("carrier", "192.0.2.1", max_call_s=cap).longest_call_s(campaign_s) == longest


def test_only_a_login_is_registered_and_only_a_carrier_is_asked_by_options() -> None:
    assert not Trunk("carrier", "192.0.2.1").registers
    assert Trunk("carrier", "192.0.2.1", username="me").registers
    assert not Trunk("carrier", "192.0.2.1", username="me", registration=False).registers
    assert Trunk("carrier", "192.0.2.1").asks_options
    assert not Trunk("carrier", "192.0.2.1", options_interval_s=0).asks_options
    assert not Trunk("carrier", "127.0.0.1").asks_options
