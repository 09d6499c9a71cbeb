"""Whether calls can be placed."""

from datetime import UTC, datetime
from importlib.metadata import version

from fastapi import APIRouter, Response

from api.caller import In
from api.schemas import Health
from campaigns.errors import StoreUnavailable
from store import halts, leases
from store.engine import reading

router = APIRouter(tags=["operation"])


@router.get("/health", summary="Health", responses={503: {"model": Health}})
def health(workspace: In, response: Response) -> Health:
    """200 while the database answers; `degraded` without a dialer that is connected to its PBX."""
    try:
        with reading(workspace.engine) as connection:
            dialer = leases.holder(connection, datetime.now(UTC))
            stopped = halts.current(connection) is not None
    except StoreUnavailable:
        response.status_code = 503
        return _health(database=False, dialer=False, pbx=False)
    ready = bool((dialer or {}).get("ready"))
    return _health(database=True, dialer=dialer is not None, pbx=ready, stopped=stopped)


def _health(*, database: bool, dialer: bool, pbx: bool, stopped: bool = False) -> Health:
    status = "down" if not database else "ok" if pbx else "degraded"
    return Health(
        status=status,
        database=database,
        dialer=dialer,
        pbx=pbx,
        stopped=stopped,
        version=version("portevoix"),
    )
