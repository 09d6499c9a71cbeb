"""docker-compose.yml on a real Docker engine; `make test-compose` prepares what this needs."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from compose_stack import CLONE, Stack

from operations.campaign_file import read_campaign_file

COMPOSE = os.environ.get("PORTEVOIX_TEST_COMPOSE", "")

pytestmark = [
    pytest.mark.skipif(not COMPOSE, reason="run by «make test-compose», which finds an engine"),
    pytest.mark.timeout(1500),
    pytest.mark.slow,
]

EXAMPLE = read_campaign_file(CLONE / "examples" / "campaign.toml")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    made = Stack.new(COMPOSE)
    try:
        made.up("--build")
        yield made
    except BaseException:
        print(made.run("logs", "--tail", "50", check=False))
        raise
    finally:
        made.down("--volumes", "--remove-orphans")


@pytest.fixture(scope="module")
def rehearsed(stack: Stack) -> dict[str, Any]:
    """The report of the sample campaign, followed from the dialer's container."""
    said = stack.inside(
        "dialer", "portevoix", "campaign", "run", "examples/campaign.toml", "--rehearse", "--json"
    )
    report: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return report


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx2.Client]:
    made = stack.inside(
        "api", "portevoix", "key", "make", "test", "--controller", EXAMPLE.controller
    )
    headers = {"Authorization": f"Bearer {made.strip()}"}
    address = f"http://127.0.0.1:{stack.port}/api/v1"
    with httpx2.Client(base_url=address, headers=headers, timeout=30) as client:
        yield client


def until(true: Callable[[], bool], within_s: float) -> None:
    give_up = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.5)


def refused(stack: Stack, service: str, *command: str) -> bool:
    try:
        stack.inside(service, *command)
    except AssertionError:
        return True
    return False


def test_the_sample_campaign_is_as_the_network_saw_it(
    stack: Stack, rehearsed: dict[str, Any]
) -> None:
    verdict = stack.verdict(EXAMPLE.controller, 1)
    print("\n", json.dumps(verdict))
    assert verdict["faults"] == []
    assert verdict["finished"]
    assert verdict["ledger_calls"] > 900
    assert verdict["optouts_sent"] > 0
    assert rehearsed["exit_code"] == 0
    assert rehearsed["progress"]["attempts"] == verdict["attempts"]


def test_a_campaign_is_run_through_the_api(
    stack: Stack, api: httpx2.Client, rehearsed: dict[str, Any]
) -> None:
    campaign = _prepared(api)
    api.post(f"/campaigns/{campaign}/launch").raise_for_status()

    def finished() -> bool:
        return bool(api.get(f"/campaigns/{campaign}/progress").json()["state"] == "finished")

    until(finished, 120)
    verdict = stack.verdict(EXAMPLE.controller, campaign)
    assert verdict["faults"] == []
    assert verdict["ledger_calls"] >= 30


def test_a_killed_asterisk_is_back_with_its_far_side(
    stack: Stack, api: httpx2.Client, rehearsed: dict[str, Any]
) -> None:
    pid = stack.inside("asterisk", "bash", "-c", _PID_OF_ASTERISK).strip()
    stack.inside("asterisk", "bash", "-c", f"kill -9 {pid}")
    health = f"http://127.0.0.1:{stack.port}/health"
    until(lambda: httpx2.get(health).json()["status"] == "degraded", 60)
    until(lambda: httpx2.get(health).json()["status"] == "ok", 120)
    until(lambda: not refused(stack, "network", _HEALTHY + "network"), 120)
    test_a_campaign_is_run_through_the_api(stack, api, rehearsed)


def test_three_dialers_call_with_an_asterisk_each(
    stack: Stack, api: httpx2.Client, rehearsed: dict[str, Any]
) -> None:
    stack.up("--scale", "dialer=3", "--no-recreate")
    places = {one["name"] for one in stack.nodes() if one["state"] == "places calls"}
    assert places == {"main", "seat-2", "seat-3"}
    test_a_campaign_is_run_through_the_api(stack, api, rehearsed)
    assert len(stack.callers()) == 3, "each of them placed calls"


def test_a_dialer_that_is_killed_is_followed_by_another_on_its_seat(
    stack: Stack, api: httpx2.Client, rehearsed: dict[str, Any]
) -> None:
    stack.run("kill", "--signal", "KILL", "dialer")
    stack.up("--scale", "dialer=1", "--no-recreate")
    test_a_campaign_is_run_through_the_api(stack, api, rehearsed)


def test_everything_is_kept_when_all_containers_are_made_anew(
    stack: Stack, api: httpx2.Client, rehearsed: dict[str, Any]
) -> None:
    before = [api.get(path).json() for path in ("/campaigns", "/campaigns/1/report")]
    stack.down()
    stack.up()
    after = [api.get(path).json() for path in ("/campaigns", "/campaigns/1/report")]
    assert after == before
    assert after[1]["progress"]["attempts"] == rehearsed["progress"]["attempts"]


def test_ami_is_reached_by_the_dialer_alone(stack: Stack) -> None:
    assert not refused(stack, "dialer", _HEALTHY + "asterisk")
    assert refused(stack, "api", _HEALTHY + "asterisk")
    assert refused(stack, "api", "bash", "-c", "</dev/tcp/asterisk/5038")


def test_the_api_cannot_read_the_secret_of_the_pbx(stack: Stack) -> None:
    assert not refused(stack, "dialer", "test", "-r", _SECRET)
    assert refused(stack, "api", "test", "-e", _SECRET)


@pytest.mark.parametrize("service", ["asterisk", "network", "api", "dialer", "database"])
def test_nothing_runs_as_root_or_writes_to_its_image(stack: Stack, service: str) -> None:
    assert stack.inside(service, "id", "-u").strip() == "10001"
    assert refused(stack, service, "touch", "/usr/local/lib/portevoix/written")


def test_the_database_is_reached_through_its_socket_alone_and_by_no_superuser(stack: Stack) -> None:
    ask = ("psql", "--host", "/run/portevoix-database", "--no-psqlrc", "--tuples-only")
    query = ("--command", "select rolsuper from pg_roles where rolname = current_user")
    assert stack.inside("api", *ask, "--dbname", "portevoix", *query).strip() == "f"
    assert refused(stack, "api", *ask, "--username", "admin", "--dbname", "portevoix", *query)
    assert "eth0" not in stack.inside("database", "cat", "/proc/net/dev")


def test_sip_stays_on_loopback(stack: Stack) -> None:
    """/proc/net/udp: 5060 is 13C4 in hexadecimal; 0100007F is 127.0.0.1."""
    sockets = stack.inside("asterisk", "cat", "/proc/net/udp")
    bound = [line.split()[1] for line in sockets.splitlines() if ":13C4 " in line]
    assert bound == ["0100007F:13C4"]


def test_prometheus_reads_the_figures_with_a_key_of_its_own(
    stack: Stack, rehearsed: dict[str, Any]
) -> None:
    watched = replace(stack, profiles=("rehearsal", "monitoring"))
    watched.run("up", "--detach", "--wait", "--wait-timeout", "180", "--build", "prometheus")

    def up() -> bool:
        return bool(watched.measured("up{job='portevoix'} == 1"))

    until(up, 60)
    assert watched.measured("portevoix_dialer_ready == 1")
    assert watched.measured("count(ALERTS) or vector(0)"), "its rules are loaded"
    watched.run("rm", "--stop", "--force", "prometheus", "monitoring-key")


_HEALTHY = "/usr/local/lib/portevoix/healthy/"
_SECRET = "/var/lib/portevoix-pbx/secrets.json"
_PID_OF_ASTERISK = (
    "for p in /proc/[0-9]*; do "
    'tr "\\0" " " <$p/cmdline | grep -q "asterisk -f -C" && echo ${p#/proc/}; done | tail -n 1'
)


def _prepared(api: httpx2.Client) -> int:
    """A small campaign with its own list; its number."""
    source = CLONE / "examples"
    many = len(api.get("/campaigns").json()["items"])
    lines = (source / "contacts.csv").read_text("utf-8").splitlines()
    rows = [lines[0], *lines[50 * many : 50 * many + 40]]
    wordings = EXAMPLE.lists[0].wordings
    provenance = {"supplier": "a test", "method": "a form", "purposes": ["political"]}
    listed = api.post(
        "/lists",
        files={"file": (f"list-{many}.csv", "\n".join(rows).encode())},
        data={"provenance": json.dumps({**provenance, "wordings": wordings})},
    )
    listed.raise_for_status()
    with (source / "message-court.flac").open("rb") as file:
        recording = api.post("/recordings", files={"file": ("message.flac", file)})
    recording.raise_for_status()
    made = api.post(
        "/campaigns",
        json={
            "name": f"by the API {many}",
            "purpose": "political",
            "pack": "fr-political",
            "trunk": "rehearsal",
            "caller_id": EXAMPLE.caller_id,
            "limits": {"max_channels": 30, "max_cps": 20},
            "schedule": {"any_hour": True},
            "launch": {"watch": False},
            "retry": {"max_attempts": 1, "network_delay": "00:00:02"},
            "recording_ids": [recording.json()["id"]],
            "list_ids": [listed.json()["list_id"]],
        },
    )
    assert made.is_success, made.text
    return int(made.json()["id"])
