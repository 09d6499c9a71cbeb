"""The configuration of an Asterisk on a host without Porte-voix, written to be carried there."""

import shlex
from pathlib import Path

from campaigns.errors import InvalidInput
from dialer.instance import canary
from dialer.instance.configure import Instance, check, render, values_of
from dialer.instance.identity import myself
from dialer.instance.locate import Installation
from operations import priority

_INSTALL = "install.sh"


def export(
    directory: Path,
    instance: Instance,
    kept: dict[str, str],
    installation: Installation,
    user: str,
) -> None:
    """Write everything that the other host needs, and what puts it in its place.

    Args:
        directory: absent or empty. It then holds the AMI secret and the trunks' logins, and nobody
            else may read it.
        instance: what the other host is to run.
        kept: its secrets.
        installation: the Asterisk that is there.
        user: who runs it there.

    Raises:
        InvalidInput: there is something in the directory; or the instance cannot be configured.
    """
    check(instance)
    _make_empty(directory)
    command = shlex.join(installation.asterisk("-f", "-C", str(instance.etc / "asterisk.conf")))
    values = {**values_of(instance, installation, kept), "user": user, "command": command}
    values["priority"] = priority.PBX
    _write(directory / instance.etc.name, render("*.conf*", values))
    _write(directory, render("elsewhere/*", values))
    (directory / _INSTALL).chmod(0o700)
    canary.write(directory / instance.programs.name, installation, myself())


def _make_empty(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise InvalidInput(
            str(directory), "there is something in it.", "Name a directory that is empty or new."
        )
    directory.chmod(0o700)


def _write(directory: Path, files: dict[str, str]) -> None:
    directory.mkdir(mode=0o700, exist_ok=True)
    for name, text in files.items():
        (directory / name).touch(0o600)
        (directory / name).write_text(text)
