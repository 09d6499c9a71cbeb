"""The API as a running server: streams as they go, an end that waits for nobody, and the guide."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from cli_process import may_go_first

from api.server import make_server
from operations.keys import make_key
from operations.workspace import Workspace, open_workspace

ROOT = Path(__file__).resolve().parents[2]


class Served:
    """A server in a thread of its own."""

    def __init__(self, workspace: Workspace) -> None:
        self.key = make_key(workspace, "Élan Valbourg", "test", "test")
        self.server = make_server(workspace, "127.0.0.1", 0)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started:
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.02)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.base, headers=headers, timeout=20)

    def stop(self) -> float:
        """Seconds it took to end."""
        begun = time.monotonic()
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()
        return time.monotonic() - begun


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    workspace = open_workspace(tmp_path / "home")
    made = Served(workspace)
    yield made
    made.stop()
    workspace.engine.dispose()


def guide(served: Served, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run every command of docs/api.md, in order."""
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    script = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    shutil.copytree(ROOT / "examples", cwd / "examples")
    environment = {**os.environ, "BASE": served.base, "KEY": served.key}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def events(stream: httpx.Response) -> Iterator[tuple[str, str]]:
    """(event, data) as they come."""
    event = ""
    for line in stream.iter_lines():
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield event, line.removeprefix("data: ")


def scheduled(pid: int) -> dict[int, int]:
    """How each thread of a process is scheduled."""
    threads = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
    return {one: os.sched_getscheduler(one) & ~os.SCHED_RESET_ON_FORK for one in threads}


def test_what_answers_goes_first_and_a_signal_ends_it_well(
    tmp_path: Path,
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = (
        "import sys, pathlib; from api.server import serve;"
        "from operations.workspace import open_workspace as o;"
        f"sys.exit(serve(o(pathlib.Path({str(tmp_path / 'home')!r})), '127.0.0.1', {port}))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    try:
        answer = until_answered(f"http://127.0.0.1:{port}/health")
        assert answer.json()["database"] is True
        goes_first = scheduled(process.pid)
        assert (goes_first.pop(process.pid), set(goes_first.values())) == (
            os.SCHED_RR if may_go_first() else os.SCHED_OTHER, {os.SCHED_OTHER},
        )  # fmt: skip
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        process.kill()


def until_answered(url: str) -> httpx.Response:
    deadline = time.monotonic() + 30
    while True:
        try:
            return httpx.get(url)
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide is written for curl")
def test_the_guide_does_what_it_says(served: Served, tmp_path: Path) -> None:
    done = guide(served, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "preview.wav").read_bytes()[:4] == b"RIFF"
    assert '"too_short"' in done.stdout
    assert '"state":"stopping"' in done.stdout
    assert '"targets":990' in done.stdout


def prepared(client: httpx.Client) -> int:
    provenance = {"supplier": "a", "method": "b", "purposes": ["political"]}
    made = client.post(
        "/api/v1/lists",
        files={"file": ("a.csv", b"telephone\n0639980001\n0639980002\n")},
        data={"provenance": json.dumps(provenance)},
    )
    with (ROOT / "examples" / "message-court.flac").open("rb") as file:
        recording = client.post("/api/v1/recordings", files={"file": ("m.flac", file)})
    campaign = client.post(
        "/api/v1/campaigns",
        json={
            "name": "live", "purpose": "political", "pack": "fr-political",
            "trunk": "rehearsal", "caller_id": "+33199000001", "schedule": {"any_hour": True},
            "recording_ids": [recording.json()["id"]], "list_ids": [made.json()["list_id"]],
        },
    )  # fmt: skip
    return int(campaign.json()["id"])


def test_progress_streams_as_it_changes(served: Served) -> None:
    with served.client() as client:
        path = f"/api/v1/campaigns/{prepared(client)}"
        with client.stream("GET", f"{path}/progress/stream") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            coming = events(stream)
            event, data = next(coming)
            assert event == "progress"
            assert json.loads(data) == client.get(f"{path}/progress").json()
            client.post(f"{path}/launch")
            assert json.loads(next(coming)[1])["state"] == "running"


def test_a_stream_of_nothing_is_a_problem_and_not_a_stream(served: Served) -> None:
    with served.client() as client:
        answer = client.get("/api/v1/campaigns/9/progress/stream")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_server_ends_at_once_though_somebody_listens(served: Served) -> None:
    with served.client() as client:
        path = f"/api/v1/campaigns/{prepared(client)}/progress/stream"
        with client.stream("GET", path) as stream:
            coming = events(stream)
            next(coming)
            assert served.stop() < 5
            assert list(coming) == []
