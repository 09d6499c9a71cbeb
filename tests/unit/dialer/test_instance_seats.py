"""Seats: Asterisks side by side that share nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from dialer.instance.apart import SIP_PORT, instance_apart
from dialer.instance.seats import seat, seats
from operations.settings import MOST_SEATS, PbxSettings, Settings
from store.leases import MAIN


def pbx(**values: object) -> PbxSettings:
    given_ = {"mode": "remote", "port": 5038, "directory": "/shared", **values}
    return PbxSettings.model_validate(given_)


def test_one_seat_is_what_the_settings_say_for_any_node() -> None:
    ours = pbx()
    assert seats(ours) == [MAIN]
    assert seat(ours, "a") is ours


def test_the_first_seat_stays_where_a_single_one_was() -> None:
    first = seat(pbx(seats=3), MAIN)
    assert (first.directory, first.port, first.sip_port) == (Path("/shared"), 5038, SIP_PORT)


def test_a_seat_that_is_not_there_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidInput, match="none of the 2 seats"):
        seat(pbx(seats=2), "seat-3")


@given(st.integers(2, MOST_SEATS), st.integers(1024, 30_000), st.integers(1000, 30_000))
def test_seats_share_no_port_and_no_directory(many: int, first: int, width: int) -> None:
    whole = pbx(seats=many, rtp_start=first, rtp_end=first + width)
    every = [seat(whole, name) for name in seats(whole)]
    for what in ("port", "sip_port", "directory"):
        assert len({getattr(one, what) for one in every}) == many
    slices = [set(range(one.rtp_start, one.rtp_end + 1)) for one in every]
    assert sum(map(len, slices)) == len(set.union(*slices))
    assert set.union(*slices) <= set(range(first, first + width + 1))
    assert all(one.rtp_start % 2 == first % 2 for one in every), "RTP on even ports, RTCP above"


def test_a_seat_makes_its_directory_and_a_secret_of_its_own(tmp_path: Path) -> None:
    whole = pbx(seats=2, host="127.0.0.1", directory=tmp_path)
    made = [
        instance_apart(Settings(home=Path("/nowhere"), pbx=seat(whole, name)))
        for name in seats(whole)
    ]
    assert len({one.ami_secret for one in made}) == 2
    assert made[1].root == tmp_path / "seats" / "seat-2"


def test_a_seat_has_its_directory_on_both_sides() -> None:
    second = seat(pbx(seats=2, directory_there="/there"), "seat-2")
    assert second.directory == Path("/shared/seats/seat-2")
    assert second.directory_there == Path("/there/seats/seat-2")
