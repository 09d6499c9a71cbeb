import contextlib
import io
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_signals import silence, speech, tone, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio.decode import decode
from audio.probe import MAX_BYTES, MOST_CLIPPED_SHARE, probe
from campaigns.errors import InvalidInput

ACCEPTED = [
    ("a.wav", 44_100, {"subtype": "PCM_16"}, "WAV", "PCM_16"),
    ("a.wav", 48_000, {"subtype": "FLOAT"}, "WAV", "FLOAT"),
    ("a.wav", 8_000, {"subtype": "ALAW"}, "WAV", "ALAW"),
    ("a.flac", 44_100, {"subtype": "PCM_24"}, "FLAC", "PCM_24"),
    ("a.mp3", 44_100, {}, "MP3", "MPEG_LAYER_III"),
    ("a.ogg", 44_100, {}, "OGG", "VORBIS"),
    ("a.opus", 48_000, {"format": "OGG", "subtype": "OPUS"}, "OGG", "OPUS"),
]


def refusal(path: Path, name: str | None = None) -> str:
    with pytest.raises(InvalidInput) as caught:
        probe(path, name)
    assert caught.value.field == "recording"
    assert caught.value.remedy
    return caught.value.why


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(("name", "rate_hz", "how", "container", "codec"), ACCEPTED)
def test_measures_what_it_accepts(
    tmp_path: Path, name: str, rate_hz: int, how: dict[str, str], container: str, codec: str
) -> None:
    found = probe(write(tmp_path / name, tone(440, 3, rate_hz, -10), rate_hz, **how))
    assert (found.format, found.codec, found.rate_hz, found.channels) == (
        container, codec, rate_hz, 1,
    )  # fmt: skip
    assert found.seconds == pytest.approx(3, abs=0.2)
    assert found.peak_dbfs == pytest.approx(-10, abs=1.5)
    assert found.rms_dbfs == pytest.approx(-13, abs=0.5)
    assert found.clipped_share == 0


def test_measures_the_one_channel_a_phone_plays(tmp_path: Path) -> None:
    left = tone(440, 2, 16_000, -6)
    found = probe(write(tmp_path / "a.wav", np.stack([left, left * 0], 1), 16_000))
    assert found.channels == 2
    assert found.peak_dbfs == pytest.approx(-12, abs=0.1)


def test_says_how_much_is_clipped(tmp_path: Path) -> None:
    loud = tone(440, 2, 16_000, -20)
    loud[:320] = 1
    assert probe(write(tmp_path / "a.wav", loud, 16_000)).clipped_share == pytest.approx(0.01)


def test_refuses_what_is_clipped_so_much_that_hardly_a_word_is_left(tmp_path: Path) -> None:
    loud = np.clip(tone(440, 2, 16_000, 6), -1, 1)
    said = refusal(write(tmp_path / "a.wav", loud, 16_000))
    assert "distorted" in said
    share = MOST_CLIPPED_SHARE - 0.01
    loud = tone(440, 2, 16_000, -20)
    loud[: int(share * len(loud))] = 1
    assert probe(write(tmp_path / "b.wav", loud, 16_000)).clipped_share > 0.03


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    assert "no file" in refusal(tmp_path / "nowhere.wav")


def test_refuses_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert "empty" in refusal(tmp_path / "a.wav")


@pytest.mark.parametrize(
    "content", [b"\xff\xe1" * 99, b"x", b"Name;Number\n" * 40, b"\x89PNG\r\n\x1a\n" * 9, bytes(99)]
)
def test_refuses_what_is_not_audio(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    assert "not a WAV, MP3, FLAC, OGG, M4A or AAC" in refusal(path)


def test_refuses_an_extension_that_lies(tmp_path: Path) -> None:
    path = write(tmp_path / "stored", speech(2, 16_000), 16_000, format="WAV")
    assert "named .mp3 but what it holds is WAV" in refusal(path, "message.MP3")
    assert probe(path, "message.wav").format == "WAV"
    assert probe(path, "message").format == "WAV"


@pytest.mark.parametrize(("name", "rate_hz", "how", "container", "codec"), ACCEPTED)
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_refuses_a_file_cut_off(
    tmp_path: Path,
    name: str,
    rate_hz: int,
    how: dict[str, str],
    container: str,
    codec: str,
    kept: float,
) -> None:
    path = write(tmp_path / name, speech(5, rate_hz), rate_hz, **how)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    assert "cut off" in refusal(path)


def test_accepts_a_wav_of_unknown_size_from_a_pipe(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", speech(3, 16_000), 16_000)
    whole = bytearray(path.read_bytes())
    at = whole.index(b"data") + 4
    whole[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(whole)
    assert probe(path).seconds == pytest.approx(3)


def test_refuses_silence(tmp_path: Path) -> None:
    assert "silent" in refusal(write(tmp_path / "a.wav", silence(3, 16_000), 16_000))


def test_refuses_a_direct_current(tmp_path: Path) -> None:
    steady = np.full(48_000, 0.5, np.float32)
    assert "silent" in refusal(write(tmp_path / "a.wav", steady, 16_000))


def test_refuses_two_channels_that_cancel(tmp_path: Path) -> None:
    left = tone(440, 2, 16_000)
    assert "silent" in refusal(write(tmp_path / "a.wav", np.stack([left, -left], 1), 16_000))


def test_refuses_less_than_a_second(tmp_path: Path) -> None:
    assert "0.50 s" in refusal(write(tmp_path / "a.wav", tone(440, 0.5, 16_000), 16_000))


def test_refuses_more_than_ten_minutes_by_its_header(tmp_path: Path) -> None:
    assert "10 minutes" in refusal(write(tmp_path / "a.flac", silence(601, 8_000), 8_000))


def test_refuses_a_flac_that_hides_its_length(tmp_path: Path) -> None:
    """36 bits of zero in STREAMINFO: unknown (RFC 9639, section 8.2). It could be ten hours."""
    path = write(tmp_path / "a.flac", silence(601, 8_000), 8_000)
    whole = bytearray(path.read_bytes())
    whole[21] &= 0xF0
    whole[22:26] = bytes(4)
    path.write_bytes(whole)
    assert "does not say how long" in refusal(path)


def test_refuses_more_than_the_size_limit_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    assert "larger than 100 MB" in refusal(path)


def wav_header(channels: int, rate_hz: int, data_bytes: int) -> bytes:
    block = channels * 2
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * block & 0xFFFFFFFF, block, 16)
    return (
        b"RIFF" + struct.pack("<I", 36 + data_bytes) + b"WAVEfmt " + struct.pack("<I", 16)
        + form + b"data" + struct.pack("<I", data_bytes)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("channels", "rate_hz", "why"),
    [(700, 44_100, "700 channels"), (1, 1, "1 Hz"), (1, 4_000_000, "4000000 Hz")],
)
def test_refuses_absurd_headers(tmp_path: Path, channels: int, rate_hz: int, why: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_header(channels, rate_hz, 140_000) + os.urandom(140_000))
    assert why in refusal(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_refuses_samples_that_are_no_sound(tmp_path: Path, bad: float) -> None:
    samples = tone(440, 2, 16_000)
    samples = np.stack([samples, samples], 1)
    samples[20_000] = [bad, -bad]
    assert "damaged" in refusal(write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT"))


def test_a_refusal_leaves_no_file_open(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(b"fLaC" + bytes(100))
    before = open_files()
    for _ in range(20):
        refusal(path)
    assert open_files() == before


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", speech(300, 8_000), 8_000)
    tracemalloc.start()
    probe(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 1024**2


def _whole_files() -> list[bytes]:
    files = []
    for container, subtype in [("WAV", None), ("FLAC", None), ("MP3", None), ("OGG", None)]:
        memory = io.BytesIO()
        soundfile.write(memory, speech(1.2, 16_000), 16_000, format=container, subtype=subtype)
        files.append(memory.getvalue())
    return files


WHOLE = _whole_files()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    whole=st.sampled_from(WHOLE),
    changes=st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=8)), max_size=6),
    cut=st.integers(0, 60_000),
)
def test_damage_is_refused_or_survived_and_nothing_else(
    tmp_path: Path, whole: bytes, changes: list[tuple[int, bytes]], cut: int
) -> None:
    mutated = bytearray(whole)
    for at, content in changes:
        mutated[at : at + len(content)] = content
    path = tmp_path / "mutated"
    path.write_bytes(mutated[: max(0, len(mutated) - cut)])
    with contextlib.suppress(InvalidInput):
        assert probe(path).seconds >= 1
        decode(path, 16_000)
