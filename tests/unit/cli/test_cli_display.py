"""One moment of a campaign, as a line and as a picture."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from campaigns.states import CampaignState
from cli import display
from cli.display import Lines, line
from operations.progress import Progress


def progress(**values: Any) -> Progress:
    moment: dict[str, Any] = {
        "campaign_id": 1, "name": "Essai [bold]", "state": CampaignState.RUNNING,
        "rehearsal": True, "targets": 1000, "done": 618, "attempts": 700, "states": {},
        "outcomes": {"busy": 41, "delivered": 312}, "gates": {}, "answer_seizure_ratio": 0.6,
        "channels": 96, "calls_per_second": 24.6, "max_channels": 250, "max_cps": 25.0,
        "launched_at": None, "ended_at": None, "dialing": True,
        "finish_at": datetime.now(UTC) + timedelta(minutes=3),
    }  # fmt: skip
    return Progress(**{**moment, **values})


def drawn(moment: Progress, waiting: str = "") -> str:
    text = StringIO()
    Console(file=text, width=100).print(display._picture(moment, waiting))
    return text.getvalue()


@pytest.mark.parametrize("shown", [line, drawn])
def test_everything_worth_knowing_is_there(shown: Any) -> None:
    text = shown(progress(), "")
    for part in (
        "running", "618 of 1,000 people done (62%)", "96 of 250 calls up", "24.6 of 25 calls/s",
        "delivered 312", "busy 41", "done about",
    ):  # fmt: skip
        assert part in text


def test_what_keeps_calls_from_starting_stands_where_the_end_would() -> None:
    text = line(progress(), "waiting: outside_window until 10:00")
    assert "waiting: outside_window" in text
    assert "done about" not in text


def test_a_name_is_text_and_never_markup() -> None:
    assert "Essai [bold]" in drawn(progress())


def test_a_campaign_with_nobody_is_done() -> None:
    assert "0 of 0 people done (100%)" in line(progress(targets=0, done=0), "")


def test_lines_come_now_and_then_and_at_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    for _ in range(50):
        lines.show(progress(), "")
    lines.show(progress(state=CampaignState.FINISHED), "")
    assert len(capsys.readouterr().err.splitlines()) == 2
