"""Counts for Prometheus: labels from our own lists of words and the names of trunks alone.

Never a telephone number, nor a name of a person, list or campaign. Names and units follow
https://prometheus.io/docs/practices/naming/. Alerts and a dashboard are in `deploy/monitoring/`.
"""

import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from api.caller import Asking, In
from api.needs import needs
from api.problems import MEDIA_TYPE
from campaigns.access import Permission
from campaigns.outcome import Outcome
from campaigns.states import TargetState
from campaigns.trunk_health import Breaker
from operations import suppression_key
from operations.suppression_key import KeyState
from operations.workspace import Workspace
from store import audit, halts, leases, tallies, totals, verdicts
from store.engine import reading
from store.leases import Node

router = APIRouter(tags=["operation"])


@router.get(
    "/metrics", response_class=Response, summary="Metrics in Prometheus' text format",
    responses={
        200: {"content": {"text/plain": {}}},
        401: {"description": "No key, or one that is not in force",
            "content": {MEDIA_TYPE: {}}},
    },
)  # fmt: skip
@needs(Permission.CAMPAIGNS_READ)
def metrics(request: Request, workspace: In, caller: Asking) -> Response:
    """Of the key's controller and of the dialer; with `trunks:read` of the whole installation too.

    That is its trunks, all calls up, its disk and backup, and requests to this API.
    """
    everything = caller.may(Permission.TRUNKS_READ)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Kept(workspace, caller.controller_id, everything=everything))
    text = generate_latest(registry)
    if everything:
        text += generate_latest(request.app.state.traffic)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


class _Kept(Collector):
    """What the database says, read when it is asked for.

    Args:
        workspace: where.
        controller_id: whose campaigns.
        everything: what concerns every controller's calls too.
    """

    def __init__(self, workspace: Workspace, controller_id: int, *, everything: bool) -> None:
        self._workspace = workspace
        self._controller_id = controller_id
        self._everything = everything

    def collect(self) -> Iterable[Metric]:
        """One transaction for all."""
        with reading(self._workspace.engine) as connection:
            states = totals.campaigns_by_state(connection, self._controller_id)
            counts = totals.tallies(connection, self._controller_id)
            nodes = leases.nodes(connection, datetime.now(UTC))
            stopped = halts.current(connection) is not None
            held = totals.campaigns_held(connection, self._controller_id)
            backed_up = audit.last_at(connection, self._controller_id, "backup.make")
        yield InfoMetricFamily(
            "portevoix_build", "The version that answers", value={"version": version("portevoix")}
        )
        yield _gauge("portevoix_campaigns", "Campaigns by state", "state", states)
        yield _gauge(
            "portevoix_targets",
            "People to be called, by where they stand",
            "state",
            {**dict.fromkeys(TargetState, 0), **_of(counts, tallies.STATE)},
        )
        yield _gauge(
            "portevoix_targets_refused",
            "People refused for good",
            "gate",
            _of(counts, tallies.GATE),
        )
        yield from _attempts(_of(counts, tallies.OUTCOME), _of(counts, tallies.TAKEN_BACK))
        yield GaugeMetricFamily(
            "portevoix_stopped", "Somebody stopped everything", value=float(stopped)
        )
        yield GaugeMetricFamily(
            "portevoix_campaigns_held", "Campaigns that wait for a person", value=float(held)
        )
        key = suppression_key.state(self._workspace.settings, self._workspace.engine)
        yield GaugeMetricFamily(
            "portevoix_suppression_key_usable", "Who was erased can be told",
            value=float(key is KeyState.FITS),
        )  # fmt: skip
        dialer = leases.as_one(nodes) or {}
        yield from _dialer(dialer)
        if self._everything:
            yield from self._place(backed_up)
            yield from _calls(dialer)
            yield from _nodes(nodes)

    def _place(self, backed_up: datetime | None) -> Iterable[Metric]:
        """The home directory: what it needs to go on, and to be had again when it is lost."""
        yield GaugeMetricFamily(
            "portevoix_home_free_bytes", "Free bytes on the disk of the home directory",
            value=float(shutil.disk_usage(self._workspace.settings.home).free),
        )  # fmt: skip
        yield GaugeMetricFamily(
            "portevoix_backup_timestamp_seconds", "When the last backup was made; 0 for never",
            value=backed_up.timestamp() if backed_up else 0.0,
        )  # fmt: skip


def _attempts(outcomes: Mapping[str, int], taken_back: Mapping[str, int]) -> Iterable[Metric]:
    """Counts that never go down; each outcome is there from the beginning, so that none is missed.

    https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics
    """
    ended = CounterMetricFamily("portevoix_attempts", "Ended attempts", labels=["outcome"])
    counts = verdicts.as_ended(outcomes, taken_back)
    for outcome in Outcome:
        if outcome is not Outcome.IN_DOUBT:  # such a call has not ended
            ended.add_metric([outcome.value], counts.get(outcome.value, 0))
    yield ended
    back = CounterMetricFamily(
        "portevoix_attempts_taken_back",
        "Ended attempts whose outcome was taken back, as a trunk out of order had spoken it",
        labels=["outcome"],
    )
    back.add_metric([Outcome.INVALID_NUMBER.value], 0)
    for outcome_had, count in taken_back.items():
        back.add_metric([outcome_had], count)
    yield back


def _nodes(nodes: Iterable[Node]) -> Iterable[Metric]:
    """Each dialer by itself: the others tell nothing of one that is gone."""
    up, ready, calls, draining = (
        GaugeMetricFamily(f"portevoix_node_{name}", text, labels=["node"])
        for name, text in (
            ("up", "This dialer runs"),
            ("ready", "It may place calls: nothing is left to be settled first"),
            ("calls_up", "Calls up now on its PBX"),
            ("draining", "It was told to place no more calls"),
        )
    )
    for one in nodes:
        up.add_metric([one.name], float(one.alive))
        ready.add_metric([one.name], float(bool(one.status.get("ready"))))
        calls.add_metric([one.name], float(one.status.get("channels", 0)))
        draining.add_metric([one.name], float(one.draining))
    yield from (up, ready, calls, draining)


def _dialer(status: dict[str, object]) -> Iterable[Metric]:
    """What `/health` tells everybody."""
    yield GaugeMetricFamily("portevoix_dialer_up", "A dialer runs", value=float(bool(status)))
    yield GaugeMetricFamily(
        "portevoix_pbx_connected", "It reaches its PBX", value=float(bool(status.get("connected")))
    )
    yield GaugeMetricFamily(
        "portevoix_dialer_ready", "It may place calls: nothing is left to be settled first",
        value=float(bool(status.get("ready"))),
    )  # fmt: skip


def _calls(status: dict[str, object]) -> Iterable[Metric]:
    """Of all controllers together."""
    channels = status.get("channels", 0)
    yield GaugeMetricFamily(
        "portevoix_calls_up", "Calls up now",
        value=float(channels) if isinstance(channels, int | float) else 0.0,
    )  # fmt: skip
    yield from _trunks(status.get("trunks"))


def _trunks(shown: object) -> Iterable[Metric]:
    """Of each trunk: 1 for the state it is in, 0 for the others, and how fast it is used."""
    states = GaugeMetricFamily(
        "portevoix_trunk_state", "State of the trunk's breaker", labels=["trunk", "state"]
    )
    factors = GaugeMetricFamily(
        "portevoix_trunk_rate_ratio", "Share of its limit at which it is called", labels=["trunk"]
    )
    for name, one in shown.items() if isinstance(shown, dict) else ():
        for state in Breaker:
            states.add_metric([name, state.value], float(one.get("breaker") == state.value))
        factors.add_metric([name], float(one.get("factor", 0)))
    yield states
    yield factors


def _gauge(name: str, text: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def _of(counts: list[tuple[str, str, int]], kind: str) -> dict[str, int]:
    return {name: count for one, name, count in counts if one == kind}
