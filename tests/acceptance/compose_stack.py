"""The stack of docker-compose.yml, brought up for a test under a project name of its own."""

import json
import os
import shlex
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dialer.instance.ports import free_ports

CLONE = Path(__file__).resolve().parents[2]
JUDGE = Path(__file__).with_name("compose_judge.py")
LONGEST_S = 900


@dataclass(frozen=True, slots=True)
class Stack:
    """One project: its containers, networks and volumes.

    Attributes:
        compose: the command line of Docker Compose.
        project: its name.
        port: of the API, on loopback.
        profiles: of docker-compose.yml, that are brought up.
    """

    compose: list[str]
    project: str
    port: int
    profiles: tuple[str, ...] = ("rehearsal",)

    @property
    def _profiles(self) -> list[str]:
        return [word for one in self.profiles for word in ("--profile", one)]

    @classmethod
    def new(cls, compose: str) -> "Stack":
        """A project that nobody else has."""
        project = f"portevoix-test-{uuid.uuid4().hex[:8]}"
        return cls(shlex.split(compose), project, free_ports(1).ami)

    def run(self, *arguments: str, given: str | None = None, check: bool = True) -> str:
        """Run one command of Compose; what it printed."""
        done = subprocess.run(  # noqa: PLW1510 - judged below, with what it said
            [*self.compose, "--project-name", self.project, *self._profiles, *arguments],
            cwd=CLONE,
            env={
                **os.environ,
                "PORTEVOIX_IMAGE": "portevoix-test",
                "PROMETHEUS_IMAGE": "portevoix-test-prometheus",
                "PORTEVOIX_PORT": str(self.port),
            },
            input=given,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(arguments)}: {done.stdout}\n{done.stderr}")
        return done.stdout

    def up(self, *options: str) -> None:
        """Bring everything up, and wait until it is healthy."""
        self.run("up", "--detach", "--wait", "--wait-timeout", "180", *options)

    def down(self, *options: str) -> None:
        """End every container, in order."""
        self.run("down", *options)

    def inside(self, service: str, *command: str) -> str:
        """Run a command in a running container."""
        return self.run("exec", "-T", service, *command)

    def verdict(self, controller: str, campaign: int) -> dict[str, Any]:
        """Hold a campaign against what the simulated network saw."""
        said = self.run(
            "run", "--rm", "-T", "--no-deps", "--volume", f"{self.project}_rehearsal:/seen:ro",
            "dialer", "/opt/portevoix/bin/python", "-P", "-", controller, str(campaign),
            "/seen/ledger.jsonl", given=JUDGE.read_text(),
        )  # fmt: skip
        verdict: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
        return verdict

    def nodes(self) -> list[dict[str, Any]]:
        """Every dialer that runs or ran."""
        said = self.inside("api", "portevoix", "node", "list", "--json")
        found: list[dict[str, Any]] = json.loads(said.strip().splitlines()[-1])
        return found

    def callers(self) -> set[str]:
        """The seats whose Asterisk ever wrote of a call in its journal."""
        places = "/var/lib/portevoix-pbx/journal /var/lib/portevoix-pbx/seats/*/journal"
        said = self.inside("dialer", "bash", "-c", f"grep -rl start {places}")
        return {line.partition("/journal/")[0] for line in said.split()}

    def measured(self, expression: str) -> list[Any]:
        """What Prometheus answers to a query."""
        query = quote(expression)
        said = self.inside(
            "prometheus", "bash", "-c",
            "exec 3<>/dev/tcp/127.0.0.1/9090; "
            f"printf '%s\\r\\n\\r\\n' 'GET /api/v1/query?query={query} HTTP/1.0' >&3; cat <&3",
        )  # fmt: skip
        found: list[Any] = json.loads(said.splitlines()[-1])["data"]["result"]
        return found
