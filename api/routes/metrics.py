"""Counts for Prometheus: labels from our own lists of words only, never a number or a name."""

from collections.abc import Iterable
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.caller import Asking, In
from api.needs import needs
from campaigns.access import Permission
from operations.workspace import Workspace
from store import halts, leases, tallies, totals
from store.engine import reading

router = APIRouter(tags=["operation"])


@router.get(
    "/metrics", response_class=Response, summary="Metrics in Prometheus' text format",
    responses={200: {"content": {"text/plain": {}}}},
)  # fmt: skip
@needs(Permission.CAMPAIGNS_READ)
def metrics(request: Request, workspace: In, caller: Asking) -> Response:
    """Of the key's controller, of the dialer, and of this API."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Kept(workspace, caller.controller_id))
    text = generate_latest(registry) + generate_latest(request.app.state.traffic)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


class _Kept(Collector):
    """What the database says, read when it is asked for."""

    def __init__(self, workspace: Workspace, controller_id: int) -> None:
        self._workspace = workspace
        self._controller_id = controller_id

    def collect(self) -> Iterable[Metric]:
        """One transaction for all."""
        with reading(self._workspace.engine) as connection:
            states = totals.campaigns_by_state(connection, self._controller_id)
            counts = totals.tallies(connection, self._controller_id)
            dialer = leases.holder(connection, datetime.now(UTC))
            stopped = halts.current(connection) is not None
        yield _gauge("portevoix_campaigns", "Campaigns", "state", states)
        yield _gauge("portevoix_targets", "Targets", "state", _of(counts, tallies.STATE))
        yield _gauge("portevoix_refused", "Refused for good", "gate", _of(counts, tallies.GATE))
        ended = CounterMetricFamily("portevoix_attempts", "Ended attempts", labels=["outcome"])
        for outcome, count in _of(counts, tallies.OUTCOME).items():
            ended.add_metric([outcome], count)
        yield ended
        yield GaugeMetricFamily(
            "portevoix_stopped", "Somebody stopped everything", value=float(stopped)
        )
        yield from _dialer(dialer or {})


def _dialer(status: dict[str, object]) -> Iterable[Metric]:
    channels = status.get("channels", 0)
    yield GaugeMetricFamily("portevoix_dialer_up", "A dialer runs", value=float(bool(status)))
    yield GaugeMetricFamily(
        "portevoix_pbx_connected", "It reaches its PBX", value=float(bool(status.get("connected")))
    )
    yield GaugeMetricFamily(
        "portevoix_calls_up", "Calls up now",
        value=float(channels) if isinstance(channels, int | float) else 0.0,
    )  # fmt: skip


def _gauge(name: str, text: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def _of(counts: list[tuple[str, str, int]], kind: str) -> dict[str, int]:
    return {name: count for one, name, count in counts if one == kind}
