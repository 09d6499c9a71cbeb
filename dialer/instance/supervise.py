"""Start, adopt, reload and stop a local Asterisk.

It runs in a session of its own, so that calls go on when the dialer dies; the next dialer finds
it by its pid file and takes it over. Every function here blocks: call it in a thread from
asyncio.
"""

import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from campaigns.errors import PbxError
from dialer.instance.configure import LOOPBACK, Instance, configure
from dialer.instance.identity import Identity, choose_identity
from dialer.instance.locate import Installation
from dialer.instance.ports import is_free
from dialer.instance.process import Process, every_process, remembered
from operations import priority

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0

_RELOADED = (
    "res_pjsip.so",
    "res_pjsip_endpoint_identifier_ip.so",
    "res_pjsip_outbound_registration.so",
)
_INFO = "res_pjsip_dtmf_info.so"
_READY = "fully booted"

_children: list[subprocess.Popen[bytes]] = []
"""What we started, kept so that Python does not complain of one left running on purpose."""


class Supervisor:
    """Keeps one local Asterisk in the state we want.

    Args:
        instance: its directories, ports and trunks.
        installation: the program.
    """

    def __init__(self, instance: Instance, installation: Installation) -> None:
        self.instance = instance
        self.installation = installation

    @property
    def identity(self) -> Identity:
        """The system user that runs it."""
        self.instance.root.parent.mkdir(parents=True, exist_ok=True)
        return choose_identity(self.instance.root, self.installation.program)

    @property
    def process(self) -> Process | None:
        """The running Asterisk of this instance, whoever started it."""
        _collect()
        found = remembered(self._pid_file)
        return found if found and self._is_ours(found) else None

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None

    def start(self) -> bool:
        """Configure and start it, or adopt it where it runs already.

        Returns:
            Whether a running one was adopted.

        Raises:
            PbxError: it did not start; the message ends with what Asterisk said.
            InvalidInput: a trunk cannot be configured.
        """
        changed = configure(self.instance, self.installation, self.identity)
        if self.running:
            self._take_over(changed)
            return True
        self._end_strays()
        self._refuse_taken_ports()
        self._launch()
        self._wait_until_ready()
        self._require_modules()
        return False

    def ensure(self) -> bool:
        """Start it again if it died; True where that was needed."""
        return not self.running and not self.start()

    def apply(self, instance: Instance) -> None:
        """Take over new trunks while calls go on.

        Args:
            instance: the same instance with other trunks.

        Raises:
            PbxError: the address or port of the SIP transport changed, which takes a restart.
            InvalidInput: a trunk cannot be configured.
        """
        old, new = self.instance, instance
        if (old.bound_address, old.sip_port) != (new.bound_address, new.sip_port):
            raise PbxError("A new SIP address or port takes a restart of Asterisk.")
        self.instance = new
        self._take_over(configure(new, self.installation, self.identity))

    def _take_over(self, changed: set[str]) -> None:
        """Have a running Asterisk read what changed of its trunks, and how their keys are taken."""
        if "pjsip.conf" in changed:
            self.reload_trunks()
        if "modules.conf" in changed:
            self.command(f"module {'load' if self.instance.takes_info else 'unload'} {_INFO}")
        if "globals.conf" in changed:
            self.command("dialplan reload")

    def reload_trunks(self) -> None:
        """Have a running Asterisk read its trunks again; calls go on."""
        for module in _RELOADED:
            self.command(f"module reload {module}")

    def stop(self) -> None:
        """Stop it, ending its calls: softly, then by force."""
        process = self.process
        if process and not process.end(signal.SIGTERM, STOP_TIMEOUT_S):
            process.end(signal.SIGKILL, STOP_TIMEOUT_S)
        _collect()
        self._pid_file.unlink(missing_ok=True)

    def command(self, text: str) -> str:
        """Run one command on Asterisk's own console.

        Raises:
            PbxError: the console cannot be reached.
        """
        done = subprocess.run(  # noqa: S603 - our own program and fixed commands
            self.installation.asterisk("-C", str(self._main_configuration), "-rx", text),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=START_TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise PbxError(f"Asterisk's console does not answer: {done.stderr.strip()}")
        return done.stdout

    def missing_modules(self) -> list[str]:
        """Modules that calls need and that the running Asterisk has not loaded.

        Raises:
            PbxError: the console cannot be reached.
        """
        wanted = re.findall(r"(?m)^load = (\S+)", (self.instance.etc / "modules.conf").read_text())
        loaded = re.findall(r"(?m)^(\S+\.so) .* Running ", self.command("module show"))
        return sorted(set(wanted) - set(loaded))

    def _is_ours(self, process: Process) -> bool:
        line = process.command_line
        return str(self._main_configuration) in line and "-rx" not in line

    def _end_strays(self) -> None:
        """End an Asterisk of this very directory that we have lost track of.

        Its directory was removed under it, with its secret: nobody can reach it any more, and
        beside the new one it would go on calling.
        """
        for process in every_process():
            if self._is_ours(process) and not process.end(signal.SIGTERM, STOP_TIMEOUT_S):
                process.end(signal.SIGKILL, STOP_TIMEOUT_S)

    def _require_modules(self) -> None:
        missing = self.missing_modules()
        if missing:
            self.stop()
            raise PbxError(
                f"This Asterisk has not loaded {', '.join(missing)}. See {self.instance.log}, "
                "and install all of its modules or run «make pbx»."
            )

    def _refuse_taken_ports(self) -> None:
        """Another's Asterisk on our port would seem to be ours, ready at once."""
        for port, kind in (
            (self.instance.ami_port, socket.SOCK_STREAM),
            (self.instance.sip_port, socket.SOCK_DGRAM),
        ):
            if not is_free(port, kind):
                raise PbxError(f"Port {port} is in use by another program: choose another.")

    @property
    def _main_configuration(self) -> Path:
        return self.instance.etc / "asterisk.conf"

    @property
    def _pid_file(self) -> Path:
        return self.instance.root / "asterisk.json"

    @property
    def _console(self) -> Path:
        return self.instance.root / "console.log"

    def _launch(self) -> None:
        identity = self.identity
        with self._console.open("wb") as console:
            child = subprocess.Popen(  # noqa: S603 - our own program and arguments
                self.installation.asterisk("-f", "-C", str(self._main_configuration)),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=self.instance.state,
                umask=0o077,
                start_new_session=True,
                user=identity.uid if identity.changes else None,
                group=identity.gid if identity.changes else None,
                extra_groups=[] if identity.changes else None,
            )
        priority.in_real_time(priority.PBX, child.pid)
        _children.append(child)
        process = Process.of(child.pid)
        if process:
            process.remember(self._pid_file)

    def _wait_until_ready(self) -> None:
        """Wait until AMI answers and every module is loaded.

        Asterisk tells nobody that its console and AMI are there, so they are tried.
        """
        give_up = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up:
            if not self.running:
                raise PbxError(f"Asterisk ended while starting. {self._last_words()}")
            if self._answers() and self._booted():
                return
            time.sleep(0.1)
        self.stop()
        raise PbxError(f"Asterisk was not ready in {START_TIMEOUT_S:.0f} s. {self._last_words()}")

    def _answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.instance.ami_port), 1.0) as link:
                return link.recv(64).startswith(b"Asterisk Call Manager")
        except OSError:
            return False

    def _booted(self) -> bool:
        try:
            return _READY in self.command("core waitfullybooted")
        except (PbxError, subprocess.TimeoutExpired):
            return False

    def _last_words(self) -> str:
        """What Asterisk complained of last, in its log and on its console."""
        said = [
            line
            for file in (self._console, self.instance.log / "messages")
            if file.exists()
            for line in file.read_text(errors="replace").splitlines()
            if line and " NOTICE[" not in line
        ]
        return "It said: " + " / ".join(said[-5:]) if said else "It said nothing."


def _collect() -> None:
    """Take note of those of our children that ended, so that none stays a zombie."""
    _children[:] = [child for child in _children if child.poll() is None]
