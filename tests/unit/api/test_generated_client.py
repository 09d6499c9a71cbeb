"""A client generated from the schema works against a server, so that others' will too."""

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from api_samples import CONTACTS, EXAMPLES, PROVENANCE, Rig, campaign_values, make_rig
from api_walk import SCHEMA_FILE

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ROOT / ".venv-tools" / "bin"
CLIENT = "porte_voix_client"

LEFT_OUT = {"Unsupported content_type application/pdf", "Unsupported content_type audio/wav"}
"""What the generator has no word for: a PDF and a sound are fetched by their address."""

pytestmark = pytest.mark.skipif(
    not (TOOLS / "openapi-python-client").exists(), reason="make tools installs the generator"
)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where the client is, and what its generator said."""
    directory = tmp_path_factory.mktemp("generated")
    (directory / "config.yml").write_text("post_hooks: []\n")
    done = subprocess.run(
        [TOOLS / "openapi-python-client", "generate", "--path", SCHEMA_FILE, "--meta", "none",
         "--output-path", directory / CLIENT, "--config", directory / "config.yml"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return directory, done.stdout + done.stderr


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Rig, str]]:
    """A server on loopback, and its address."""
    rig = make_rig(tmp_path / "home")
    running = uvicorn.Server(uvicorn.Config(rig.app, port=0, log_config=None))
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive()
            thread.join(0.02)
        (listening,) = running.servers[0].sockets
        yield rig, f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()
        rig.workspace.engine.dispose()


def test_the_generator_understands_all_but_files(generated: tuple[Path, str]) -> None:
    _, said = generated
    left = {line[line.rindex("(") + 1 :].split(")")[0] for line in said.splitlines()
        if "Cannot parse" in line}  # fmt: skip
    assert left <= LEFT_OUT, said
    assert "Unable to" not in said, said


def test_a_program_prepares_a_campaign_with_it(
    generated: tuple[Path, str], server: tuple[Rig, str], tmp_path: Path
) -> None:
    (rig, address), (where, _) = server, generated
    contacts = tmp_path / "contacts.csv"
    contacts.write_text(CONTACTS)
    values = json.dumps({"provenance": PROVENANCE, "campaign": campaign_values()})
    done = subprocess.run(
        [TOOLS / "python", Path(__file__).with_name("generated_walk.py"), where, address, rig.key,
         contacts, EXAMPLES / "message-court.flac", values],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "accepted": 3,
        "campaigns": [["Réunion publique", "draft"]],
        "targets": 3,
        "missing": [404, "not_found"],
    }
