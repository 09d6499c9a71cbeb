"""Logs: for people on a terminal, one JSON object a line elsewhere, always on the error stream."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_NUMBER = re.compile(r"(?<![0-9A-Za-z])(\+?\d{4})\d{4,9}(\d{2})(?![0-9A-Za-z])")


def configure(*, verbose: bool) -> None:
    """Set up structlog and the standard library's logging, once for the process.

    Args:
        verbose: show details too.
    """
    terminal = sys.stderr.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal),
        mask_numbers,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.DEBUG if verbose else logging.INFO
        ),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_ending(terminal))
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    _quieten(verbose=verbose)


def mask_numbers(
    _logger: object, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Take the middle out of everything that looks like a phone number."""
    for name, value in entry.items():
        if name != "timestamp":
            entry[name] = _masked(value)
    return entry


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return _NUMBER.sub(r"\1…\2", value)
    if isinstance(value, dict):
        return {_masked(name): _masked(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    return value


def _ending(terminal: bool) -> list[Any]:
    if terminal:
        return [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Others would show what variables held, secrets and numbers among it.
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        mask_numbers,  # what a database says of an error holds the values it was asked about
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def _quieten(*, verbose: bool) -> None:
    """Libraries that tell of each of their steps speak up only of what is wrong."""
    level = logging.INFO if verbose else logging.WARNING
    for name in ("apscheduler", "alembic", "asyncio", "sqlalchemy"):
        logging.getLogger(name).setLevel(level)
    # That a job is left out while the one before it lasts is as it should be, and no warning.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.INFO if verbose else logging.ERROR)
