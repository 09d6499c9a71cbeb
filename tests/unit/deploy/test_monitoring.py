"""Alerts, dashboard and runbooks speak of metrics that there are."""

import json
import re
import runpy
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from operations.keys import make_key
from operations.workspace import Workspace, open_workspace
from store import leases
from store.engine import writing

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy" / "monitoring"
ALERTS = (DEPLOY / "alerts.yml").read_text()
NAME = re.compile(r"\bportevoix_[a-z_]+")


@pytest.fixture
def exposed(tmp_path: Path) -> Iterator[str]:
    """What Prometheus reads of an installation with a dialer that shows itself."""
    workspace = open_workspace(tmp_path / "home")
    _show_dialer(workspace)
    key = make_key(workspace, "Comité", "monitoring", "test")
    with TestClient(create_app(workspace)) as client:
        client.get("/health")
        yield client.get("/metrics", headers={"Authorization": f"Bearer {key}"}).text
    workspace.engine.dispose()


def _show_dialer(workspace: Workspace) -> None:
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        held = leases.acquire(connection, now)
        trunks = {"carrier": {"breaker": "open", "factor": 0.25}}
        leases.renew(connection, held, now, {"ready": True, "connected": True, "trunks": trunks})


def names(text: str) -> set[str]:
    return {re.sub(r"_bucket$", "", name) for name in NAME.findall(text)}


def defined(exposed: str) -> set[str]:
    return set(re.findall(r"(?m)^# TYPE (\S+)", exposed))


def test_alerts_and_dashboard_use_metrics_that_there_are(exposed: str) -> None:
    used = names(ALERTS) | names((DEPLOY / "grafana.json").read_text())
    assert used
    assert used <= defined(exposed)


def test_the_page_names_every_metric(exposed: str) -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text()
    ours = {one for one in defined(exposed) if one.startswith("portevoix_")}
    assert {one for one in ours if one not in page and not one.endswith("_created")} == set()


def test_a_trunk_is_in_one_state(exposed: str) -> None:
    assert 'portevoix_trunk_state{state="open",trunk="carrier"} 1.0' in exposed
    assert 'portevoix_trunk_state{state="closed",trunk="carrier"} 0.0' in exposed
    assert 'portevoix_trunk_rate_ratio{trunk="carrier"} 0.25' in exposed


def test_every_alert_has_a_runbook() -> None:
    alerts = re.findall(r"alert: (\w+)", ALERTS)
    links = re.findall(r"runbook: runbooks\.html#(\w+)", ALERTS)
    headings = re.findall(r"(?m)^## (\w+)$", (ROOT / "docs" / "runbooks.md").read_text())
    assert links == [one.lower() for one in alerts]
    assert sorted(alerts) == sorted(headings)


def test_the_dashboard_is_what_its_source_says() -> None:
    source = runpy.run_path(str(DEPLOY / "dashboard.py"))
    assert (DEPLOY / "grafana.json").read_text("utf-8") == source["text"]()
    panels = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus' own checker, from PATH or from Debian's package."""
    found = subprocess.run(
        [ROOT / "setup/promtool.sh"], capture_output=True, text=True, check=False
    )
    if found.returncode != 0:
        pytest.skip(found.stderr.strip())
    return found.stdout.strip()


def test_prometheus_takes_the_rules(promtool: str) -> None:
    done = subprocess.run(
        [promtool, "check", "rules", "--lint-fatal", DEPLOY / "alerts.yml"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_metrics(promtool: str, exposed: str) -> None:
    done = subprocess.run(
        [promtool, "check", "metrics"], input=exposed, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_alerts_fire_when_they_should(promtool: str) -> None:
    done = subprocess.run(
        [promtool, "test", "rules", "alerts_test.yml"],
        cwd=DEPLOY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
