"""A webhook leads out to the Internet, or nowhere."""

import socket
from typing import Any

import pytest

from campaigns.errors import InvalidInput
from operations import webhook_address
from operations.webhook_address import Unreachable, check_url, resolve

PRIVATE = [
    "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104 -- refused
    "224.0.0.1", "255.255.255.255", "[fe80::1]", "[fc00::1]", "[::]", "[::ffff:10.0.0.1]",
    "[64:ff9b::a00:1]", "[2002:a00:1::]", "[ff02::1]",
]  # fmt: skip
LOOPBACK = ["127.0.0.1", "127.8.8.8", "localhost", "[::1]", "[::ffff:127.0.0.1]"]


@pytest.mark.parametrize("host", [*PRIVATE, *LOOPBACK])
def test_what_only_we_can_reach_is_refused(host: str) -> None:
    with pytest.raises(InvalidInput):
        check_url(f"https://{host}/hook", allow_loopback=False)


@pytest.mark.parametrize("host", PRIVATE)
def test_private_networks_stay_closed_where_this_machine_is_open(host: str) -> None:
    with pytest.raises(InvalidInput):
        check_url(f"https://{host}/hook", allow_loopback=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_this_machine_may_be_told_without_tls_where_that_is_allowed(host: str) -> None:
    assert check_url(f"http://{host}:9000/hook", allow_loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example/hook", "ftp://crm.example/", "crm.example", "https://", "https:///x",
        "https://user:pw@crm.example/", "https://crm.example/#x", "https://crm.example:0/",
        "https://crm.example:99999/", "https://crm.example/a b", "https://crm.example/\n",
        "https://[::1", "https://exämple.com/", "",
    ],
)  # fmt: skip
def test_what_is_no_address_for_events_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_url(url, allow_loopback=True)
    assert refused.value.field == "url"
    assert refused.value.remedy


def named(monkeypatch: pytest.MonkeyPatch, *ips: str) -> list[str]:
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ips]

    monkeypatch.setattr(webhook_address.socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_is_resolved_once_and_the_address_judged_is_the_one_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = named(monkeypatch, "93.184.216.34")
    found = resolve("https://crm.example:8443/a?b=c", allow_loopback=False)
    assert (found.ip, found.port, found.target, found.tls) == (
        "93.184.216.34", 8443, "/a?b=c", True
    )  # fmt: skip
    assert asked == ["crm.example"]


@pytest.mark.parametrize("ips", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:10.0.0.1"]])
def test_a_name_that_leads_inside_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, ips: list[str]
) -> None:
    named(monkeypatch, *ips)
    with pytest.raises(Unreachable):
        resolve("https://crm.example/", allow_loopback=False)


@pytest.mark.parametrize("host", ["a..example", f"{'a' * 64}.example"])
def test_a_name_that_no_host_can_have_is_not_known(host: str) -> None:
    with pytest.raises(Unreachable, match="not known"):
        resolve(f"https://{host}/", allow_loopback=False)


def test_a_name_is_never_told_without_tls_but_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named(monkeypatch, "93.184.216.34")
    with pytest.raises(Unreachable):
        resolve("http://localhost/", allow_loopback=True)
