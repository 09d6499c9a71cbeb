import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_signals import level_at, speech, tone, write
from pydub import AudioSegment

from audio import ffmpeg, g722
from audio.condition import narrowband
from audio.decode import decode
from audio.encode import CODECS, encode, pcm, read, written_here

EVERY_SAMPLE = np.arange(-(2**15), 2**15, dtype=np.int16)


def g711_alaw_decoded(octet: int) -> int:
    """ITU-T G.711 table 1, written from the standard: the 16-bit value of an A-law octet."""
    bits = octet ^ 0x55
    segment, step = (bits >> 4) & 7, bits & 15
    value = (step * 2 + 1) * 8 if segment == 0 else ((step * 2 + 33) * 8) << (segment - 1)
    return value if bits & 0x80 else -value


def test_writes_headerless_files_under_the_names_asterisk_knows(tmp_path: Path) -> None:
    narrow, wide = pcm(speech(1, 8_000)), pcm(speech(1, 16_000))
    files = encode({8_000: narrow, 16_000: wide}, tmp_path / "v1.2", wideband=True)
    assert {path.name: path.stat().st_size for path in files.values()} == {
        "v1.2.alaw": 8_000, "v1.2.ulaw": 8_000, "v1.2.sln": 16_000,
        **({"v1.2.g722": 8_000} if g722.has_encoder() else {}),
    }  # fmt: skip
    assert set(files) == set(written_here(wideband=True))
    assert files["sln"].read_bytes() == narrow.astype("<i2").tobytes()


def test_without_an_encoder_there_is_no_g722(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    samples = {8_000: pcm(speech(1, 8_000)), 16_000: pcm(speech(1, 16_000))}
    narrow = {"alaw", "ulaw", "sln"}
    assert set(encode(samples, tmp_path / "m", wideband=True)) == narrow
    assert set(written_here(wideband=True)) == set(written_here(wideband=False)) == narrow


def test_a_g722_that_cannot_be_written_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(g722, "has_encoder", lambda: True)
    monkeypatch.setattr(ffmpeg, "run", lambda _: ffmpeg.Ended(1, "no"))
    samples = {8_000: pcm(speech(1, 8_000)), 16_000: pcm(speech(1, 16_000))}
    assert "g722" not in encode(samples, tmp_path / "m", wideband=True)


@pytest.mark.skipif(not g722.has_encoder(), reason="no ffmpeg here")
def test_g722_carries_what_no_narrow_codec_does(tmp_path: Path) -> None:
    """8 octets a millisecond, as Asterisk counts positions; decoded here by ffmpeg."""
    wide = pcm(tone(5_000, 1, 16_000, -12))
    files = encode({8_000: wide[::2], 16_000: wide}, tmp_path / "m", wideband=True)
    decoded = ["-f", "g722", "-i", str(files["g722"]), "-f", "s16le", str(tmp_path / "raw")]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *decoded], check=True)
    heard = np.fromfile(tmp_path / "raw", "<i2").astype(float) / 2**15
    assert len(heard) == pytest.approx(len(wide), abs=320)
    assert level_at(heard[1_600:-1_600], 5_000, 16_000) == pytest.approx(-12, abs=1)


def test_alaw_octets_are_those_of_g711(tmp_path: Path) -> None:
    files = encode({8_000: EVERY_SAMPLE, 16_000: EVERY_SAMPLE}, tmp_path / "m")
    octets = files["alaw"].read_bytes()
    assert set(octets) == set(range(256))
    expected = np.array([g711_alaw_decoded(octet) for octet in octets])
    assert (read(files["alaw"]) == expected).all()


@pytest.mark.parametrize(("codec", "floor"), [("alaw", 16), ("ulaw", 8)])
def test_companding_errs_by_at_most_a_step(tmp_path: Path, codec: str, floor: int) -> None:
    """Sixteen steps an octave: an error within 1/16 of the sample, or the smallest step."""
    files = encode({8_000: EVERY_SAMPLE, 16_000: EVERY_SAMPLE}, tmp_path / "m")
    original = EVERY_SAMPLE.astype(np.int32)
    error = np.abs(read(files[codec]).astype(np.int32) - original)
    assert (error <= np.maximum(np.abs(original) / 16, floor)).all()


def test_speech_through_alaw_keeps_35_db_of_it(tmp_path: Path) -> None:
    original = pcm(speech(4, 8_000, -14))
    files = encode({8_000: original, 16_000: original}, tmp_path / "m")
    error = read(files["alaw"]).astype(float) - original
    assert 10 * np.log10((original.astype(float) ** 2).mean() / (error**2).mean()) > 35


def test_pcm_rounds_and_never_wraps() -> None:
    assert list(pcm(np.array([0, 0.5, 1.0, 1.5, -1.0, -2.0, 1e-9], np.float32))) == [
        0, 16_384, 32_767, 32_767, -32_768, -32_768, 0,
    ]  # fmt: skip


def test_every_codec_can_be_read_back(tmp_path: Path) -> None:
    samples = {8_000: pcm(speech(1, 8_000)), 16_000: pcm(speech(1, 16_000))}
    files = encode(samples, tmp_path / "m")
    for codec in CODECS:
        assert len(read(files[codec])) == len(samples[8_000])


def test_a_tone_above_the_telephone_band_vanishes(tmp_path: Path) -> None:
    """6 kHz at 44.1 kHz folds to 2 kHz in 8 kHz audio unless filtered: soxr filters it."""
    path = write(tmp_path / "a.wav", tone(6_000, 3, 44_100, -3), 44_100)
    narrow = narrowband(decode(path, 16_000))
    settled = narrow[800:-800]
    assert 20 * np.log10(np.sqrt((settled**2).mean())) <= -90
    assert level_at(settled, 2_000, 8_000) <= -90


def test_pydub_resampling_would_have_left_it(tmp_path: Path) -> None:
    """Why pydub never resamples here: the same tone comes out at 2 kHz, hardly weaker."""
    path = write(tmp_path / "a.wav", tone(6_000, 3, 44_100, -3), 44_100)
    samples, _ = soundfile.read(path, dtype="int16")
    segment = AudioSegment(samples.tobytes(), sample_width=2, frame_rate=44_100, channels=1)
    folded = np.frombuffer(segment.set_frame_rate(8_000).raw_data, np.int16) / 2**15
    assert level_at(folded, 2_000, 8_000) > -10
