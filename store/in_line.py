"""Who holds what others wait for does not stand behind all others on the processor.

Work that has time takes only what nobody else wants (`operations.giving_way`). On a machine that is
full it may be left waiting for seconds with SQLite's write lock in its hands, and a dialer with it:
so a transaction that writes waits its turn as all do.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def in_line() -> Iterator[None]:
    """Have this thread wait its turn as others do, where it stands behind them all."""
    if os.sched_getscheduler(0) != os.SCHED_IDLE:
        yield
        return
    with scheduled(os.SCHED_OTHER):
        yield


@contextmanager
def scheduled(policy: int) -> Iterator[None]:
    """Have this thread scheduled by another policy of sched(7) that knows no priorities.

    Raises:
        PermissionError: we may not; then it may stand by the other one still.
    """
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    os.sched_setscheduler(0, policy, os.sched_param(0))
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)
