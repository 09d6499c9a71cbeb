"""Asterisk's canary: the little process that tells it whether others still get to run.

An Asterisk in real time gives that up two minutes after its start, and for good, unless
`astcanary`, which runs like any other process, has touched a file within the last minute
(`canary_thread` of its main/asterisk.c). It starts the program that has this name in `astsbindir`;
the one of a private tree runs through the tree's own loader alone.
"""

import shlex
from pathlib import Path

from dialer.instance.identity import Identity
from dialer.instance.locate import Installation

_NAME = "astcanary"


def write(directory: Path, installation: Installation, identity: Identity) -> None:
    """Put a program of this name there, which runs the installation's."""
    directory.mkdir(exist_ok=True)
    identity.share(directory, 0o750)
    command = shlex.join(installation.canary())
    new = directory / f"{_NAME}.new"
    new.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    identity.share(new, 0o750)
    new.replace(directory / _NAME)
