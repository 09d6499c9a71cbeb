"""The thread of the API's process that tells other programs what happened."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from campaigns.errors import PortevoixError
from operations.telling import Teller
from operations.webhook_post import post
from operations.workspace import Workspace

LOOK_EVERY_S = 1.0
FORGET_EVERY = timedelta(hours=1)

log = structlog.get_logger()


@contextmanager
def telling(workspace: Workspace) -> Iterator[None]:
    """Tell what happens for as long as this lasts; what is under way then is told to its end."""
    allowed = workspace.settings.webhooks.allow_loopback
    teller = Teller(workspace.engine, partial(post, allow_loopback=allowed))
    ended = threading.Event()
    thread = threading.Thread(target=_keep, args=(teller, ended), name="telling")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        teller.wake()
        thread.join()
        teller.close()


def _keep(teller: Teller, ended: threading.Event) -> None:
    forget_at = datetime.now(UTC)
    while not ended.is_set():
        now = datetime.now(UTC)
        try:
            teller.begin(now)
            if now >= forget_at:
                teller.forget(now)
                forget_at = now + FORGET_EVERY
        except PortevoixError as error:
            log.warning("events wait to be told", why=str(error))
        except Exception:  # a fault of ours is said, and keeps nobody from being told later
            log.exception("events could not be told")
        if not ended.is_set():
            teller.wait(LOOK_EVERY_S)
