"""Workspaces with a database on which the dialer's status can be put by hand."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from store_subjects import World

from audio.library import Library
from operations.settings import FILE_NAME, load
from operations.workspace import Workspace
from store import leases
from store.engine import writing

CARRIER = """
[trunks.carrier]
host = "sip.carrier.example"
caller_ids = ["+33162000001", "+33140000000"]
"""


SAYS = ["label", "identity", "opt_out", "body", "data_source", "callback"]
"""What a message says that has one recording, and that every pack is content with."""


def a_workspace(engine: Engine, home: Path, settings: str = CARRIER) -> Workspace:
    (home / FILE_NAME).write_text(settings)
    return Workspace(load(home), engine, Library(home / "audio"))


def show(world: World, **status: Any) -> None:
    """Put in what a running dialer shows of itself."""
    now = datetime.now(UTC)
    with writing(world.engine) as connection:
        own = leases.acquire(connection, now)
        leases.renew(connection, own, now, {"ready": True, "campaigns": {}, "trunks": {}, **status})
