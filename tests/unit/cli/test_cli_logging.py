"""Logs carry no phone number and no line that a program cannot read."""

import json
import logging as standard

import pytest
import structlog

from cli import logging


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> "Lines":
    return Lines(capsys)


class Lines:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._capsys.readouterr().err.splitlines()]


def test_each_line_is_json_whoever_logs(lines: Lines) -> None:
    logging.configure(verbose=False)
    structlog.get_logger().info("call ended", outcome="busy")
    standard.getLogger("uvicorn").warning("slow")
    assert [line["event"] for line in lines()] == ["call ended", "slow"]


@pytest.mark.parametrize("written", ["+33639980001", "0639980001", "call to +33639980001 failed"])
def test_a_number_loses_its_middle(lines: Lines, written: str) -> None:
    logging.configure(verbose=False)
    structlog.get_logger().info("x", number=written)
    standard.getLogger("any").warning(written)
    found = [{**line, "timestamp": ""} for line in lines()]  # whose digits may be any
    assert len(found) == 2
    assert "9980" not in json.dumps(found)
    assert "…01" in json.dumps(found, ensure_ascii=False)


def test_nor_does_one_within_a_value_or_an_exception_stay_whole(lines: Lines) -> None:
    logging.configure(verbose=False)
    try:
        int("+33639980001 or so")
    except ValueError:
        structlog.get_logger().error("failed", exc_info=True, detail={"to": ["+33639980001"]})
    (line,) = lines()
    assert "ValueError" in str(line["exception"])
    assert "39980001" not in json.dumps(line)


def test_ids_and_times_stay_whole(lines: Lines) -> None:
    logging.configure(verbose=False)
    attempt = "01M7ZYXW1EAKNT1PA78T3Z8S9W"
    structlog.get_logger().info("x", attempt=attempt, port=31007)
    (line,) = lines()
    assert (line["attempt"], line["port"]) == (attempt, 31007)


def test_libraries_are_heard_only_of_what_is_wrong(lines: Lines) -> None:
    logging.configure(verbose=False)
    standard.getLogger("apscheduler.executors").info("job executed")
    standard.getLogger("apscheduler.executors").error("job failed")
    standard.getLogger("apscheduler.scheduler").warning("skipped: the one before lasts")
    assert [line["event"] for line in lines()] == ["job failed"]
