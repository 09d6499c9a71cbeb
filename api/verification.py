"""Looking the whole audit over: once at a time, on a thread of its own, with its last result kept.

It reads every act there is, which takes minutes after a year of campaigns.
"""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import Engine

from campaigns.errors import PortevoixError
from operations.audit_proof import Fault, Proof, Share, Shares, prove

_FAULTS = 20
"""Faults that are kept: the first ones."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Verified:
    """One look that came to its end.

    Attributes:
        at: when.
        proof: what was looked at.
        faults: the first ones.
        shares: what of it was each controller's.
    """

    at: datetime
    proof: Proof
    faults: tuple[Fault, ...]
    shares: Shares

    def of(self, controller_id: int) -> Share:
        """What of it was one controller's."""
        return self.shares.get(controller_id, Share())


class Verification:
    """The look that goes on, if any, and the last one, as this process knows them.

    Args:
        engine: of the database.

    Attributes:
        begun_at: since when one goes on; None where none does.
        last: the last one that came to its end; None where there was none since the start.
        fault: why the last one did not; None where it did.
        over: set while none goes on.
    """

    def __init__(self, engine: Engine) -> None:
        self.begun_at: datetime | None = None
        self.last: Verified | None = None
        self.fault: PortevoixError | None = None
        self.over = threading.Event()
        self.over.set()
        self._engine = engine
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Begin one, where none goes on."""
        with self._lock:
            if self.begun_at is not None:
                return
            self.begun_at = datetime.now(UTC)
            self.over.clear()
        threading.Thread(target=self._run, name="verification", daemon=True).start()

    def _run(self) -> None:
        try:
            self.last, self.fault = self._look(), None
        except PortevoixError as error:
            self.fault = error
            log.warning("the audit could not be verified", why=str(error))
        except Exception:
            self.fault = PortevoixError("It was not verified to the end. Ask for it again.")
            log.exception("the audit could not be verified")
        finally:
            self.begun_at = None
            self.over.set()

    def _look(self) -> Verified:
        faults: list[Fault] = []
        shares: Shares = {}

        def tell(fault: Fault) -> None:
            if len(faults) < _FAULTS:
                faults.append(fault)

        proof = prove(self._engine, tell, shares)
        return Verified(datetime.now(UTC), proof, tuple(faults), shares)
