"""The dialer as a process of its own: its PBX started or reached, its parts put together."""

import asyncio
import contextlib
import json
import secrets
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog

from audio.prompts import prepare_prompts
from campaigns.campaign import Limits
from campaigns.errors import InvalidInput, PbxError
from dialer.ami.adapter import AmiPbx
from dialer.ami.settings import AmiSettings
from dialer.book import Book
from dialer.callback_log import CallbackLog
from dialer.engine import Dialer
from dialer.instance.apart import access_to
from dialer.instance.configure import AMI_USER, Instance
from dialer.instance.locate import find_installation
from dialer.instance.ports import Ports, free_ports
from dialer.instance.seats import seat
from dialer.instance.supervise import Supervisor
from dialer.journal import Journal
from dialer.originate import Sounds
from dialer.portions import ALONE, Portions
from dialer.recordings import Recordings
from dialer.trunks import Trunks
from dialer.upkeep import chores
from operations import priority, suppression_key
from operations.callback_line import directory_of
from operations.callbacks import carry_out
from operations.pbx_directories import root_of
from operations.settings import PbxSettings, Settings
from operations.workspace import Workspace
from store.leases import MAIN

CONFIRMATION = "optout-confirmed"
LANGUAGE = "fr"
WATCH_S = 1.0
"""How often a local Asterisk is looked after."""

log = structlog.get_logger()


async def run(
    workspace: Workspace, ready: Callable[[], None] | None = None, node: str = MAIN
) -> None:
    """Dial for this home directory until SIGTERM or SIGINT.

    Args:
        workspace: where.
        ready: told when calls can be placed.
        node: the name of this dialer, beside others on one database.

    Raises:
        SuppressionKeyMissing: who was erased cannot be told, so nobody may be called.
        LeaseLost: another dialer drives this database.
        LoginRejected: the PBX knows the account otherwise, from the first or from now on.
        PbxError: the PBX cannot be started or reached.
    """
    suppression_key.check(workspace.engine)
    priority.in_real_time(priority.DIALER)
    settings = workspace.settings
    capacity = settings.pbx.max_channels or settings.limits.max_channels
    several = workspace.engine.dialect.name == "postgresql"
    portions = Portions(node, capacity) if several else ALONE
    async with _pbx_side(settings, node) as pbx:
        ami = AmiPbx(pbx.account)
        callers = _callers(workspace, pbx.journal)
        # Whoever asked to be called no more while nobody listened is not called first of all.
        await asyncio.to_thread(callers.catch_up)
        dialer = Dialer(
            Book(workspace.engine, node, capacity),
            ami,
            Trunks(settings.all_trunks(), pbx.endpoint, portions=portions),
            pbx.journal,
            _sounds(workspace, pbx.journal),
            Recordings(workspace.library),
            Limits(settings.limits.max_channels, settings.limits.max_cps),
            chores(workspace, node),
            portions,
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, dialer.stop)
        async with _beside(callers.watch()):
            pbx.idle = await _unless_rejected(dialer.run(ready), ami)


async def _unless_rejected(dialing: Coroutine[Any, Any, bool], ami: AmiPbx) -> bool:
    """Dial until the end, or until the PBX lets us in no more: nothing can be placed then.

    Raises:
        LoginRejected: it does not; calls that are up go on, and the next dialer settles them.
    """
    running = asyncio.create_task(dialing)
    rejected = asyncio.create_task(ami.rejected())
    try:
        await asyncio.wait({running, rejected}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await rejected
        return await running
    finally:
        for task in (running, rejected):
            task.cancel()
        await asyncio.gather(running, rejected, return_exceptions=True)


@dataclass(slots=True)
class _PbxSide:
    """The PBX in use.

    Attributes:
        account: how to reach it.
        endpoint: gives the PJSIP endpoint of a trunk's name.
        journal: what it writes.
        idle: the dialer stopped and left no call up, so a PBX of ours may stop too.
    """

    account: AmiSettings
    endpoint: Callable[[str], str]
    journal: Journal
    idle: bool = False


@asynccontextmanager
async def _pbx_side(settings: Settings, node: str) -> AsyncIterator[_PbxSide]:
    """The PBX; a local one is started or adopted, and looked after meanwhile."""
    if settings.pbx.mode == "remote":
        yield _remote(seat(settings.pbx, node))
        return
    supervisor = Supervisor(local_instance(settings, node), find_installation())
    adopted = await asyncio.to_thread(supervisor.start)
    log.info("local PBX", adopted=adopted, version=supervisor.installation.version_text)
    instance = supervisor.instance
    account = AmiSettings("127.0.0.1", instance.ami_port, AMI_USER, instance.ami_secret)
    side = _PbxSide(account, instance.endpoint, Journal(instance.journal))
    try:
        async with _beside(_watch(supervisor)):
            yield side
    finally:
        if side.idle:
            await asyncio.to_thread(supervisor.stop)


@asynccontextmanager
async def _beside(endless: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Have something go on meanwhile."""
    task = asyncio.create_task(endless)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _watch(supervisor: Supervisor) -> None:
    while True:
        await asyncio.sleep(WATCH_S)
        try:
            if await asyncio.to_thread(supervisor.ensure):
                log.warning("the PBX had died and was started again")
        except PbxError as error:
            log.error("the PBX cannot be started", why=str(error))
        except Exception:  # a fault of ours ends no watching: a dead PBX would stay dead
            log.exception("the PBX could not be looked after")


def local_instance(settings: Settings, node: str = MAIN) -> Instance:
    """The local Asterisk of a node; its ports stay the same from start to start."""
    root = root_of(settings.home, node)
    kept = _kept(settings, root / "instance.json")
    ports, pbx = kept.ports, settings.pbx
    return Instance(
        root=root,
        sip_port=pbx.sip_port or ports.sip,
        ami_port=ports.ami,
        rtp_first=pbx.rtp_start or ports.rtp_first,
        rtp_last=pbx.rtp_end or ports.rtp_last,
        sip_address=pbx.sip_bind,
        trunks=tuple(settings.all_trunks()),
        endpoint_tag=kept.endpoint_tag,
        # A line that is installed answers on every PBX of its home.
        shared_lines=None if node == MAIN else directory_of(settings),
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a local PBX keeps from start to start.

    Attributes:
        ports: where it listens.
        endpoint_tag: makes the names of its endpoints hard to guess, so that a far side which
            redirects a call to a channel of its choice names one that does not exist.
    """

    ports: Ports
    endpoint_tag: str


def _kept(settings: Settings, file: Path) -> _Kept:
    if file.is_file():
        plain = json.loads(file.read_text())
        return _Kept(Ports(**plain["ports"]), plain["endpoint_tag"])
    made = _Kept(free_ports(settings.limits.max_channels), secrets.token_hex(8))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(made)))
    file.chmod(0o600)
    return made


def _remote(pbx: PbxSettings) -> _PbxSide:
    access = access_to(pbx)
    if pbx.directory is None or not pbx.port or not access.secret:
        raise InvalidInput(
            "pbx",
            "a remote PBX needs port, secret and directory.",
            "The directory is the one where it keeps audio and journal, as seen from here; "
            "«portevoix pbx run» makes the secret itself, there.",
        )
    tls = ssl.create_default_context() if pbx.tls else None
    account = AmiSettings(pbx.host, pbx.port, pbx.username, access.secret, tls)
    return _PbxSide(
        account, lambda trunk: trunk + access.endpoint_suffix, Journal(pbx.directory / "journal")
    )


def _callers(workspace: Workspace, journal: Journal) -> CallbackLog:
    return CallbackLog(journal.directory, lambda said: carry_out(workspace.engine, said))


def _sounds(workspace: Workspace, journal: Journal) -> Sounds:
    """Paths as the PBX sees them: on another host the shared directory has another name."""
    pbx = workspace.settings.pbx
    here, there = str(pbx.directory or ""), str(pbx.directory_there or pbx.directory or "")

    @lru_cache
    def seen(path: Path) -> str:
        return str(path) if pbx.mode == "local" else str(path).replace(here, there, 1)

    prompts = {(one.language, one.name): one.base for one in prepare_prompts(workspace.library)}
    root = workspace.library.root
    return Sounds(
        confirmation=seen(prompts[LANGUAGE, CONFIRMATION]),
        journal=lambda: seen(journal.current()),
        messages=lru_cache(lambda message: seen(root / message)),
    )
