"""The API beside an installation, and the programs that ask it things."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from bench import people
from bench.figures import Span
from bench.installation import PATIENCE_S, Failed, Installation
from cli.children import Program, environment
from cli.programs import api_program
from dialer.instance.ports import free_ports
from operations import priority
from operations.keys import make_key

_ELSEWHERE = priority.PBX + 1
"""Real-time priority of what stands for other machines."""


class Client:
    """A program that asks the API, in a process of its own: it stands for other machines.

    It says that it is ready, is told of a span, and says what it found (`bench.asking`).
    """

    def __init__(self, module: str, *arguments: str, key: str) -> None:
        self.module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**environment(), "BENCH_KEY": key},
        )
        # A machine of its own would send when it is due, however full of calls this one is.
        priority.in_real_time(_ELSEWHERE, self._process.pid)

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def wait(self) -> None:
        """Wait until it is ready."""
        self._line()

    def tell(self, span: Span) -> None:
        """Have it begin, and count from the first of two epoch seconds to the second."""
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        print(*span, file=self._process.stdin, flush=True)

    def result(self) -> dict[str, Any]:
        """What it found; it stays until `close`."""
        found: dict[str, Any] = json.loads(self._line())
        return found

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"{self.module} ended (exit code {self._process.wait()}).")
        return line


class Service:
    """The API of an installation that runs, as `portevoix serve` runs it beside the dialer.

    Args:
        site: whose.
        per_minute: requests that a key may make.
    """

    def __init__(self, site: Installation, per_minute: int) -> None:
        self._log = site.home / "api.log"
        self.key = make_key(site.workspace, "Bench", "bench", people.BY)
        port = free_ports(calls=1).ami
        self.url = f"http://127.0.0.1:{port}"
        settings = {
            "PORTEVOIX_API__PORT": str(port),
            "PORTEVOIX_API__REQUESTS_PER_MINUTE": str(per_minute),
        }
        self._process = _started(api_program(site.workspace.settings), self._log, settings)

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def wait(self) -> None:
        """Wait until it answers."""
        give_up = time.monotonic() + PATIENCE_S
        while not self._answers():
            self.check()
            if time.monotonic() > give_up:
                raise Failed(f"The API does not answer; see {self._log}.")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/api/v1/openapi.json", timeout=PATIENCE_S) as answer:  # noqa: S310 - http, ours
                return bool(answer.status == 200)
        except URLError:
            return False

    def check(self) -> None:
        """Make sure that it runs.

        Raises:
            Failed: it has ended.
        """
        code = self._process.poll()
        if code is not None:
            raise Failed(f"The API ended (exit code {code}); see {self._log}.")

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


def _started(program: Program, log: Any, settings: dict[str, str]) -> "subprocess.Popen[bytes]":
    with log.open("ab") as stream:
        return subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stream,
            env={**os.environ, **environment(), **settings},
            start_new_session=True,  # Ctrl-C is for us: we end our children in order
        )


@contextmanager
def serving(site: Installation, per_minute: int) -> Iterator[Service]:
    """The API, once it answers; gone afterwards."""
    service = Service(site, per_minute)
    try:
        service.wait()
        yield service
    finally:
        service.close()
