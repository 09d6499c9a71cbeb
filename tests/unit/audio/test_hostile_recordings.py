"""Two thousand damaged or lying files: refused in plain words or survived, within bounds.

M4A are among them where this machine can read it.
"""

import io
import random
import resource
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from audio_signals import speech

from audio import aac
from audio.condition import WIDE_HZ
from audio.decode import decode
from audio.probe import probe
from campaigns.errors import InvalidInput

FILES = 2_000
CONTAINERS = (
    ("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"),
    ("OGG", "OPUS"), ("AIFF", "PCM_16"), ("AU", "PCM_16"),
)  # fmt: skip
SECONDS_EACH = 5
MEMORY_MB = 512
"""Of what the process holds more than when it began."""


def wholes() -> list[bytes]:
    """Good recordings, one in each container."""
    found = []
    for container, codec in CONTAINERS:
        memory = io.BytesIO()
        soundfile.write(memory, speech(1.2, 16_000), 16_000, format=container, subtype=codec)
        found.append(memory.getvalue())
    return [*found, m4a_of(found[0])] if aac.has_decoder() else found


def m4a_of(wav: bytes) -> bytes:
    """The same as telephones record it."""
    with tempfile.TemporaryDirectory() as directory:
        given, made = Path(directory) / "a.wav", Path(directory) / "a.m4a"
        given.write_bytes(wav)
        command = ["ffmpeg", "-nostdin", "-v", "error", "-i", given, "-c:a", "aac", made]
        subprocess.run(command, check=True)
        return made.read_bytes()


def flipped(whole: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Bits of the header, or of anywhere."""
    del others
    damaged = bytearray(whole)
    reach = chance.choice([44, 200, len(damaged)])
    for _ in range(chance.randint(1, 12)):
        damaged[chance.randrange(reach)] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def lying(whole: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """A length, a rate or a count that is absurd: four bytes of the header all ones, or none."""
    del others
    at = chance.randrange(min(120, len(whole) - 4))
    return (
        whole[:at]
        + chance.choice([b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff"])
        + whole[at + 4 :]
    )


def cut(whole: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Its end is missing; of some, nearly everything or all of it."""
    del others
    return whole[: chance.choice([0, chance.randrange(64), chance.randrange(len(whole))])]


def spliced(whole: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """The beginning of one, the rest of another."""
    other = chance.choice(others)
    return whole[: chance.randrange(200)] + other[chance.randrange(200) :]


def stuffed(whole: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Noise in the middle, or before everything."""
    del others
    at = chance.choice([0, chance.randrange(len(whole))])
    return whole[:at] + chance.randbytes(chance.randint(1, 4096)) + whole[at:]


Damage = Callable[[bytes, list[bytes], random.Random], bytes]
DAMAGES: tuple[Damage, ...] = (flipped, lying, cut, spliced, stuffed)


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """End what takes longer."""

    def over(*_: object) -> None:
        raise TimeoutError(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def judge(path: Path) -> str:
    """What becomes of one: taken, or refused with a message."""
    try:
        with within(SECONDS_EACH):
            probe(path)
            decode(path, WIDE_HZ)
    except InvalidInput as error:
        return "refused" if error.why and error.remedy else "refused without a word"
    return "taken"


def judged(directory: Path, seed: int, results: Any) -> None:
    """Make and judge all of them, in a process whose memory is bounded."""
    chance, good = random.Random(seed), wholes()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts: Counter[str] = Counter()
    path = directory / "recording"
    for number in range(FILES):
        damage = DAMAGES[number % len(DAMAGES)]
        path.write_bytes(damage(chance.choice(good), good, chance))
        counts[judge(path)] += 1
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    results.put((dict(counts), grown / 1024))


def test_two_thousand_damaged_files_are_refused_or_survived(tmp_path: Path) -> None:
    processes = get_context("spawn")
    results = processes.Queue()
    child = processes.Process(target=judged, args=(tmp_path, 20_261_126, results))
    child.start()
    child.join()
    assert child.exitcode == 0, "it crashed, hung or raised what is no refusal"
    counts, grown_mb = results.get(timeout=5)
    assert set(counts) == {"refused", "taken"}
    assert sum(counts.values()) == FILES
    assert counts["refused"] > FILES / 4
    assert counts["taken"] > FILES / 20
    assert grown_mb < MEMORY_MB


def test_ten_hours_in_a_small_file_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", 8_000, 1, "PCM_16", format="FLAC") as file:
        hour = np.zeros(3600 * 8_000, np.int16)
        for _ in range(10):
            file.write(hour)
    assert path.stat().st_size < 20 * 1024**2
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(InvalidInput, match="longer than 10 minutes"):
        probe(path)
    assert time.process_time() - begun < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
