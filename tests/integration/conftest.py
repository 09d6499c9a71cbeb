"""Fixtures shared by the tests against a real Asterisk."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from far_side import FarSide
from raw_ami import RawAmi
from stage import Staging, staged

from campaigns.errors import PbxError
from campaigns.trunk import Trunk
from dialer.instance.configure import Instance
from dialer.instance.locate import Installation, find_installation
from dialer.instance.ports import free_ports
from dialer.instance.supervise import Supervisor


@pytest.fixture(scope="session")
def pbx_binary() -> Installation:
    """The Asterisk of this machine; without one these tests fail unless told to be skipped."""
    try:
        return find_installation()
    except PbxError as error:
        if os.environ.get("PORTEVOIX_ALLOW_NO_PBX"):
            pytest.skip(f"no Asterisk on this machine, and PORTEVOIX_ALLOW_NO_PBX is set: {error}")
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def pbx_root() -> Iterator[Path]:
    """A directory that the unprivileged user of Asterisk can reach, unlike tmp_path."""
    root = Path(tempfile.mkdtemp(prefix="portevoix-pbx-"))
    root.chmod(0o755)
    yield root
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def staging(
    pbx_binary: object, pbx_root: Path, request: pytest.FixtureRequest
) -> Iterator[Staging]:
    """Makes stages that end with the test."""
    with ExitStack() as stack:
        yield lambda **kwargs: stack.enter_context(staged(pbx_root, request.node.name, **kwargs))


@pytest.fixture(scope="session")
def far_side() -> Iterator[FarSide]:
    """The callees of the `loop` trunk, one script for each number."""
    far = FarSide()
    yield far
    far.close()


@pytest.fixture(scope="session")
def asterisk(pbx_binary: Installation, pbx_root: Path, far_side: FarSide) -> Iterator[Supervisor]:
    """A started Asterisk with one loopback trunk, `loop`, to the far side."""
    ports = free_ports(calls=300)
    trunk = Trunk("loop", "127.0.0.1", far_side.port)
    supervisor = Supervisor(
        Instance(
            pbx_root / "asterisk", ports.sip, ports.ami, ports.rtp_first, ports.rtp_last, (trunk,)
        ),
        pbx_binary,
    )
    supervisor.start()
    yield supervisor
    supervisor.stop()


@pytest.fixture
def ami(asterisk: Supervisor) -> Iterator[RawAmi]:
    """A bare AMI session with the rights the dialer has."""
    client = RawAmi(asterisk.instance.ami_port, asterisk.instance.ami_secret)
    yield client
    client.close()
