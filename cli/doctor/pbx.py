"""The PBX: installed, running, what its AMI account may do, its trunks."""

import asyncio
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from campaigns.errors import PbxError
from cli.doctor.check import Check, Level, fault, of_finding, ok, warning
from dialer.ami.actions import action
from dialer.ami.link import Link
from dialer.ami.settings import AmiSettings
from dialer.instance.apart import access_to
from dialer.instance.configure import AMI_USER, LOOPBACK
from dialer.instance.inspect import inspect_installation, inspect_instance
from dialer.instance.locate import find_installation
from dialer.instance.ports import free_ports
from dialer.instance.supervise import Supervisor
from dialer.pbx import Capabilities
from dialer.process import local_instance
from operations.settings import PbxSettings, Settings
from store.leases import MAIN

NEEDED = frozenset({"Originate", "Hangup", "Getvar", "CoreShowChannels", "CoreStatus"})
"""AMI actions that calls are made of."""
TOO_MUCH = frozenset({"Command", "UpdateConfig", "ModuleLoad", "DBPut", "Filter"})
"""Actions of which none is used: an account that may use them may do more than it must."""

_CALLS = 10
"""Concurrent calls that a PBX started for a look keeps ports for."""


def look(settings: Settings) -> Iterator[Check]:
    """Is there a PBX to be had? Nothing is started."""
    if settings.pbx.mode == "local":
        yield of_finding(inspect_installation())


@contextmanager
def running(settings: Settings, node: str = MAIN) -> Iterator[Supervisor]:
    """The local PBX of a node of this home; where none runs, one started for the time of a look.

    Raises:
        PbxError: it does not start.
        InvalidInput: a trunk cannot be configured.
    """
    supervisor = Supervisor(local_instance(settings, node), find_installation())
    if supervisor.running:
        yield supervisor
        return
    with _passing_directory(settings.home) as root:
        ports = free_ports(_CALLS)
        instance = replace(
            supervisor.instance, root=root / "pbx", sip_port=ports.sip, ami_port=ports.ami,
            rtp_first=ports.rtp_first, rtp_last=ports.rtp_last, shared_lines=None,
        )  # fmt: skip
        passing = Supervisor(instance, supervisor.installation)
        try:
            passing.start()
            yield passing
        finally:
            passing.stop()


@contextmanager
def _passing_directory(home: Path) -> Iterator[Path]:
    """A directory that is gone afterwards, and that the PBX's own user may enter."""
    with tempfile.TemporaryDirectory(prefix="dr-", dir=home) as directory:
        root = Path(directory)
        root.chmod(0o711)
        yield root


def look_at_local(supervisor: Supervisor) -> Iterator[Check]:
    """Look at a running local PBX, console and AMI."""
    for finding in inspect_instance(supervisor):
        check = of_finding(finding)
        # Calls go out from a PBX of root's all the same.
        as_root = check.name == "PBX user" and check.level is Level.FAULT
        yield replace(check, level=Level.WARNING) if as_root else check
    instance = supervisor.instance
    yield from look_at_account(
        AmiSettings(LOOPBACK, instance.ami_port, AMI_USER, instance.ami_secret)
    )


def remote_account(pbx: PbxSettings) -> AmiSettings:
    """The account that the settings name on a remote PBX."""
    tls = ssl.create_default_context() if pbx.tls else None
    return AmiSettings(pbx.host, pbx.port, pbx.username, access_to(pbx).secret, tls)


def look_at_account(account: AmiSettings) -> Iterator[Check]:
    """Log in as the dialer does, and see what the account may do."""
    where = f"{account.host}:{account.port}"
    try:
        capabilities, actions = asyncio.run(_log_in(account))
    except PbxError as error:
        yield fault("AMI", f"{where}: {error}", "Check host, port, username and secret of [pbx].")
        return
    yield ok("AMI", f"{where}: logged in as {account.username}")
    yield _version(capabilities)
    yield _rights(actions)


async def _log_in(account: AmiSettings) -> tuple[Capabilities, set[str]]:
    """What the PBX can do, and the names of the actions that this account may use."""
    link = Link(account, lambda _: None, lambda _: None)
    try:
        capabilities = await link.open()
        reply = await link.ask(action("ListCommands"))
        return capabilities, {name for name, value in reply.headers.pairs if "(Priv:" in value}
    finally:
        await link.close(1.0)


def _version(found: Capabilities) -> Check:
    lacking = [
        *([] if found.advanced_filters else ["event filters by name"]),
        *([] if found.tech_cause else ["SIP codes in Hangup"]),
    ]
    if lacking:
        return warning(
            "PBX version", f"Asterisk {found.version} lacks {' and '.join(lacking)}.",
            "It works, at the cost of more events; Asterisk 22.7 or later has both.",
        )  # fmt: skip
    return ok("PBX version", f"Asterisk {found.version}")


def _rights(actions: set[str]) -> Check:
    missing, excess = NEEDED - actions, TOO_MUCH & actions
    remedy = "In manager.conf: read = call,user and write = originate,call,reporting."
    if missing:
        return fault("AMI account", f"It may not {', '.join(sorted(missing))}.", remedy)
    if excess:
        return warning("AMI account", f"It may also {', '.join(sorted(excess))}.", remedy)
    return ok("AMI account", f"{len(actions)} actions, no console and no configuration among them.")
