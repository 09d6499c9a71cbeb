"""Ports chosen are free, even, and leave room for every call's audio."""

import socket

import pytest

from campaigns.errors import PbxError
from dialer.instance import ports
from dialer.instance.ports import free_ports


def test_every_call_has_room_for_its_audio() -> None:
    found = free_ports(calls=100)
    assert found.rtp_last - found.rtp_first >= 200
    assert found.rtp_first % 2 == 0
    assert not {found.sip, found.ami} & set(range(found.rtp_first, found.rtp_last + 1))


def test_a_port_in_use_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "_SIGNALLING", range(port, port + 1))
        monkeypatch.setattr(ports, "_TRIES", 1)
        with pytest.raises(PbxError, match="No port is free"):
            free_ports(calls=1)


def test_more_calls_than_ports_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PbxError, match="50000 calls"):
        free_ports(calls=50_000)
