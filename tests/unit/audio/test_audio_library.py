import io
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from audio_signals import silence, speech, tone, write

from audio import g722
from audio import library as library_module
from audio.condition import TARGET_LUFS
from audio.encode import read, written_here
from audio.library import Library
from audio.probe import MAX_BYTES
from campaigns.errors import InvalidInput, NotFound


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library")


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return write(tmp_path / "voix d'été.wav", speech(4, 44_100), 44_100)


def left_over(library: Library) -> list[Path]:
    return list((library.root / "incoming").iterdir())


def test_keeps_an_original_byte_for_byte_and_read_only(library: Library, voice: Path) -> None:
    stored = library.add(voice, voice.name)
    assert stored.path.read_bytes() == voice.read_bytes()
    assert stat.S_IMODE(stored.path.stat().st_mode) == 0o440
    assert library.original(stored.sha256) == stored.path
    assert stored.probe.seconds == pytest.approx(4)
    assert not left_over(library)


def test_the_same_bytes_are_kept_once(library: Library, voice: Path) -> None:
    first = library.add(voice, "a.wav")
    inode = first.path.stat().st_ino
    second = library.add(io.BytesIO(voice.read_bytes()), "b.wav")
    assert (second.sha256, second.path, second.name) == (first.sha256, first.path, "b.wav")
    assert second.path.stat().st_ino == inode


def test_a_refused_recording_leaves_nothing(library: Library) -> None:
    with pytest.raises(InvalidInput):
        library.add(io.BytesIO(b"no sound at all"), "a.wav")
    assert not left_over(library)
    assert not list((library.root / "originals").iterdir())


def test_a_stream_without_end_is_stopped_at_the_size_limit(library: Library) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return bytes(size)

    endless = Endless()
    with pytest.raises(InvalidInput, match="larger than 100 MB"):
        library.add(endless, "a.wav")
    assert endless.given <= MAX_BYTES + 2**21
    assert not left_over(library)


@pytest.mark.parametrize("missing", ["0" * 64, "../../etc/passwd", ""])
def test_an_unknown_original_or_message_is_not_found(library: Library, missing: str) -> None:
    with pytest.raises(NotFound):
        library.original(missing)
    with pytest.raises(NotFound):
        library.message(missing)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.wav", {}),
        ("a.flac", {}),
        ("a.mp3", {}),
        ("a.ogg", {}),
        ("a.opus", {"format": "OGG", "subtype": "OPUS"}),
    ],
)
def test_every_container_becomes_a_message(
    library: Library, tmp_path: Path, name: str, how: dict[str, str]
) -> None:
    stored = library.add(write(tmp_path / name, speech(4, 48_000), 48_000, **how), name)
    message = library.prepare([stored.path], "essai")
    assert message.loudness_lufs == pytest.approx(TARGET_LUFS, abs=0.5)
    assert message.peak_dbfs <= -3
    assert set(message.files) == {"alaw", "ulaw", "sln"}
    assert len(read(message.files["alaw"])) == round(message.seconds * 8_000)


def test_parts_are_joined_in_order_with_their_places(library: Library, tmp_path: Path) -> None:
    parts = [
        write(tmp_path / f"{hz}.wav", tone(hz, seconds, 44_100), 44_100)
        for hz, seconds in [(400, 1.5), (900, 2.0), (2_000, 3.25)]
    ]
    message = library.prepare(parts, "essai")
    assert [(part.start_ms, part.end_ms) for part in message.parts] == [
        (60, 1_560), (1_760, 3_760), (3_960, 7_210),
    ]  # fmt: skip
    assert message.seconds == 7.21
    samples = read(message.files["sln"]).astype(float)
    for part, hz in zip(message.parts, [400, 900, 2_000], strict=True):
        inside = samples[part.start_ms * 8 + 400 : part.end_ms * 8 - 400]
        strongest = np.argmax(np.abs(np.fft.rfft(inside))) * 8_000 / len(inside)
        assert strongest == pytest.approx(hz, abs=2)
        edge = samples[part.start_ms * 8 : part.start_ms * 8 + 160]
        assert np.abs(edge).max() > 500, "the part does not begin where the timeline says"


@pytest.mark.parametrize(("codec", "silence"), [("alaw", 8), ("ulaw", 0), ("sln", 0)])
def test_the_first_two_packets_of_a_message_may_be_lost(
    library: Library, tmp_path: Path, codec: str, silence: int
) -> None:
    """Speech that begins with the recording's first sample; A-law has no zero but 8 of 32,768."""
    path = write(tmp_path / "a.wav", tone(700, 2, 44_100), 44_100)
    samples = read(library.prepare([path], "essai").files[codec]).astype(int)
    assert np.abs(samples[: 40 * 8]).max() == silence
    assert np.abs(samples[60 * 8 : 80 * 8]).max() > 500


def test_the_same_parts_make_the_same_message_and_others_another(
    library: Library, tmp_path: Path, voice: Path
) -> None:
    other = write(tmp_path / "b.wav", speech(3, 16_000), 16_000)
    first = library.prepare([voice, other], "un")
    written = {path: path.stat().st_mtime_ns for path in first.files.values()}
    again = library.prepare([voice, other], "deux")
    assert again.message_id == first.message_id
    assert again.sha256s == first.sha256s
    assert {path: path.stat().st_mtime_ns for path in again.files.values()} == written
    assert library.prepare([other, voice], "un").message_id != first.message_id
    assert library.prepare([voice], "un").message_id != first.message_id


def test_a_library_for_a_wideband_trunk_has_other_messages(tmp_path: Path, voice: Path) -> None:
    narrow, wide = (Library(tmp_path / "library", wideband=one) for one in (False, True))
    found = wide.prepare([voice], "x")
    assert set(found.files) == set(written_here(wideband=True))
    same = found.message_id == narrow.prepare([voice], "x").message_id
    assert same is (not g722.has_encoder())


def test_two_libraries_make_identical_files(tmp_path: Path, voice: Path) -> None:
    one, two = (Library(tmp_path / name).prepare([voice], "x") for name in ("one", "two"))
    assert (one.message_id, one.sha256s) == (two.message_id, two.sha256s)


def test_a_peak_that_only_the_phone_hears_is_limited_too(library: Library, tmp_path: Path) -> None:
    """6 kHz flattens the crests of 2 kHz; at 8 kHz it is gone and they stand up again."""
    times = np.arange(6 * 44_100) / 44_100
    bursts = np.exp(-(((times % 1.0 - 0.5) / 0.003) ** 2))
    wave = np.cos(2 * np.pi * 2_000 * times) - np.cos(2 * np.pi * 6_000 * times) / 6
    path = write(tmp_path / "a.wav", (0.9 * bursts * wave).astype(np.float32), 44_100)
    message = library.prepare([path], "essai")
    assert -4 <= message.peak_dbfs <= -3, "the limit was not reached"


def test_the_message_id_is_fit_for_the_dialplan(library: Library, voice: Path) -> None:
    message = library.prepare([voice], "voix d'été, (essai)")
    assert re.fullmatch(r"[A-Za-z0-9_-]+", message.message_id)
    assert re.fullmatch(
        r"[A-Za-z0-9_-]+/[a-z]+", str(message.base.relative_to(message.directory.parent))
    )


def test_asterisk_can_read_what_it_plays_whatever_the_umask(tmp_path: Path, voice: Path) -> None:
    before = os.umask(0o077)
    try:
        message = Library(tmp_path / "library").prepare([voice], "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(message.directory.stat().st_mode) == 0o755
    assert stat.S_IMODE(message.directory.parent.stat().st_mode) == 0o755
    assert {stat.S_IMODE(path.stat().st_mode) for path in message.files.values()} == {0o644}


def test_a_message_is_found_again_by_its_id(library: Library, voice: Path) -> None:
    message = library.prepare([voice], "essai")
    assert library.message(message.message_id, "essai") == message


def test_a_damaged_message_is_noticed_and_made_again(library: Library, voice: Path) -> None:
    message = library.prepare([voice], "essai")
    assert message.damaged() == []
    message.files["alaw"].write_bytes(b"?")
    message.files["sln"].unlink()
    assert message.damaged() == ["alaw", "sln"]
    assert library.prepare([voice], "essai").damaged() == []


def test_a_failure_midway_leaves_no_message(
    library: Library, voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(library_module, "_make_durable", fail)
    with pytest.raises(OSError, match="No space"):
        library.prepare([voice], "essai")
    assert not list((library.root / "messages").iterdir())
    assert not left_over(library)


def test_several_at_once_agree(library: Library, voice: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        messages = list(pool.map(lambda _: library.prepare([voice], "x"), range(24)))
    assert len({message.message_id for message in messages}) == 1
    assert messages[0].damaged() == []
    assert not left_over(library)


def test_who_comes_second_leaves_the_first_ones_message_alone(
    library: Library, voice: Path
) -> None:
    """Both saw no message and built one; somebody may be hearing the first already."""
    message = library.prepare([voice], "x")
    inode = message.directory.stat().st_ino
    library._build([voice], "x", message.directory)
    assert message.directory.stat().st_ino == inode
    assert not left_over(library)


def test_a_message_needs_a_part_that_can_be_heard(
    library: Library, tmp_path: Path, voice: Path
) -> None:
    with pytest.raises(InvalidInput, match="no recording"):
        library.prepare([], "x")
    with pytest.raises(InvalidInput, match="silent"):
        library.prepare([voice, write(tmp_path / "s.wav", silence(3, 8_000), 8_000)], "x")


def test_parts_too_long_together_are_refused(library: Library, tmp_path: Path) -> None:
    part = write(tmp_path / "long.flac", tone(700, 301, 8_000), 8_000)
    with pytest.raises(InvalidInput, match="10 minutes"):
        library.prepare([part, part], "x")
