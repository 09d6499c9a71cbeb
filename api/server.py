"""Serving the API and the page: one process, which ends its streams when it is told to stop."""

import gc
import signal
import socket
from typing import Any

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.listen import listening
from operations import priority
from operations.workspace import Workspace

_LONGEST_GOODBYE_S = 10
"""How long requests in hand may take once the server is told to stop."""


class _Server(uvicorn.Server):
    """Lets streams go first, which would otherwise keep it waiting."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._hub = app.state.hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.close()
        await super().shutdown(sockets)


def serve(workspace: Workspace, host: str, port: int) -> int:
    """Serve until SIGINT or SIGTERM; the exit code.

    Args:
        workspace: an opened one.
        host: address to listen on.
        port: TCP; 0 for any that is free.

    Raises:
        InvalidInput: nothing can listen there.
    """
    place = listening(host, port)
    server = make_server(workspace, host, port)
    # Half a million objects that stay: to look through them again and again for what can go takes
    # tenths of a second, during which nobody is answered.
    gc.collect()
    gc.freeze()
    priority.thread_in_real_time(priority.API)
    # uvicorn raises the signal that ended it once more, which would end the process with a fault.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: None)
    server.run(sockets=[place])
    return 0 if server.started else 1


def make_server(workspace: Workspace, host: str, port: int, **settings: Any) -> uvicorn.Server:
    """The server, not started."""
    app = create_app(workspace)
    config = uvicorn.Config(
        app, host, port, access_log=False, log_config=None, server_header=False,
        timeout_graceful_shutdown=_LONGEST_GOODBYE_S, **settings,
    )  # fmt: skip
    return _Server(config, app)
