"""The Grafana dashboard as code: running this writes `grafana.json` beside it.

Written by hand its JSON is forty lines a panel, and says nothing that is not here. State at a
glance on top, time on the x axis, thresholds drawn (schema version 39 of Grafana's dashboards).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("grafana.json")
SOURCE = {"type": "prometheus", "uid": "${source}"}
_GOOD, _BAD, _WARN = "#1a7f37", "#b42318", "#b58105"
_WIDTH = 24


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        title: the finding it lets one read.
        kind: Grafana's panel type: `stat` or `timeseries`.
        queries: (PromQL, legend).
        unit: Grafana's unit.
        width: of 24 columns.
        steps: (from which value on, colour), the first from None.
    """

    title: str
    kind: str
    queries: Sequence[tuple[str, str]]
    unit: str = "short"
    width: int = 4
    steps: Sequence[tuple[float | None, str]] = ((None, _GOOD),)

    @property
    def height(self) -> int:
        """In rows of the grid."""
        return 4 if self.kind == "stat" else 8


_UP = ((None, _BAD), (1, _GOOD))
_NONE = ((None, _GOOD), (1, _WARN))

_FAILED = (
    'sum(rate(portevoix_attempts_total{outcome=~"congestion|carrier_failure|carrier_refused|'
    'auth_blocked|analytics_blocked|config_error|pbx_lost"}[5m])) / '
    "sum(rate(portevoix_attempts_total[5m]))"
)
_PRESSED = (
    'sum(rate(portevoix_attempts_total{outcome="opted_out"}[15m])) / '
    'sum(rate(portevoix_attempts_total{outcome=~"delivered|hung_up_early|opted_out|'
    'silent_call"}[15m]))'
)
_P99 = "histogram_quantile(0.99, sum by (le) (rate(portevoix_http_seconds_bucket[5m])))"
_BACKUP_AGE = "time() - max(portevoix_backup_timestamp_seconds)"

PANELS = (
    Panel("Dialer runs", "stat", [("min(portevoix_dialer_up)", "")], steps=_UP),
    Panel("PBX reached", "stat", [("min(portevoix_pbx_connected)", "")], steps=_UP),
    Panel("May place calls", "stat", [("min(portevoix_dialer_ready)", "")], steps=_UP),
    Panel("Campaigns held", "stat", [("sum(portevoix_campaigns_held)", "")], steps=_NONE),
    Panel("People in doubt", "stat", [('sum(portevoix_targets{state="in_doubt"})', "")],
          steps=_NONE),
    Panel("Since the last backup", "stat", [(_BACKUP_AGE, "")], "s",
          steps=((None, _GOOD), (93_600, _BAD))),
    Panel("Calls up", "timeseries", [("sum(portevoix_calls_up)", "calls up")], width=12),
    Panel("Calls ended each second, by outcome", "timeseries",
          [("sum by (outcome) (rate(portevoix_attempts_total[1m]))", "{{outcome}}")], "cps",
          width=12),
    Panel("People, by where they stand", "timeseries",
          [("sum by (state) (portevoix_targets)", "{{state}}")], width=12),
    Panel("Share of its limit at which each trunk is called", "timeseries",
          [("portevoix_trunk_rate_ratio", "{{trunk}}")], "percentunit", 12,
          ((None, _BAD), (0.5, _GOOD))),
    Panel("Share of calls that fail by no fault of the person called", "timeseries",
          [(_FAILED, "failed")],
          "percentunit", 12, ((None, _GOOD), (0.1, _BAD))),
    Panel("Share of people who pressed 9, of those who answered", "timeseries",
          [(_PRESSED, "pressed 9")],
          "percentunit", 12, ((None, _GOOD), (0.02, _WARN))),
    Panel("Answers of the API, 99th percentile", "timeseries",
          [(_P99, "p99")],
          "s", 12),
    Panel("Room on the disk of the home directory", "timeseries",
          [("portevoix_home_free_bytes", "free")], "bytes", 12, ((None, _BAD), (2e9, _GOOD))),
)  # fmt: skip


def dashboard(panels: Sequence[Panel] = PANELS) -> dict[str, Any]:
    """The dashboard, as Grafana takes it."""
    return {
        "uid": "portevoix",
        "title": "Porte-voix",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "15s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {
            "list": [{"name": "source", "type": "datasource", "query": "prometheus"}],
        },
        "panels": list(_laid_out(panels)),
    }


def _laid_out(panels: Sequence[Panel]) -> Sequence[dict[str, Any]]:
    """Each beside the one before, a row further down where there is no room."""
    made, x, y, deep = [], 0, 0, 0
    for number, one in enumerate(panels, start=1):
        if x + one.width > _WIDTH:
            x, y, deep = 0, y + deep, 0
        made.append(_panel(number, one, {"x": x, "y": y, "w": one.width, "h": one.height}))
        x, deep = x + one.width, max(deep, one.height)
    return made


def _panel(number: int, one: Panel, place: dict[str, int]) -> dict[str, Any]:
    steps = [{"value": value, "color": colour} for value, colour in one.steps]
    drawn = {"thresholdsStyle": {"mode": "line" if len(steps) > 1 else "off"}}
    targets = [
        {"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
        for index, (expr, legend) in enumerate(one.queries)
    ]
    return {
        "id": number,
        "title": one.title,
        "type": one.kind,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": targets,
        "fieldConfig": {
            "defaults": {
                "unit": one.unit,
                "min": 0,
                "thresholds": {"mode": "absolute", "steps": steps},
                **({"custom": drawn} if one.kind == "timeseries" else {}),
            },
            "overrides": [],
        },
    }


def text() -> str:
    """As the file has it."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
