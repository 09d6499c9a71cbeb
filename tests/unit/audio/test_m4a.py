"""M4A, read by the system's ffmpeg where there is one."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from audio_signals import speech, tone, write

from audio import aac
from audio.decode import Samples, decode
from audio.probe import probe
from campaigns.errors import InvalidInput

decoded_here = pytest.mark.skipif(not aac.has_decoder(), reason="no ffmpeg here")

RATE_HZ = 44_100
AAC = ("-c:a", "aac", "-aac_pns", "0")
"""Without noise in the place of what was said, which the encoder would take for as good."""


def recorded(path: Path, samples: Samples, *how: str, rate_hz: int = RATE_HZ) -> Path:
    """What a telephone would have made of it."""
    wav = write(path.with_suffix(".wav"), samples, rate_hz)
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(wav), *(how or AAC)]
    subprocess.run([*command, str(path)], check=True)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        probe(path)
    assert caught.value.remedy
    return caught.value.why


def boxes(*named: tuple[bytes, bytes]) -> bytes:
    return b"".join((len(body) + 8).to_bytes(4, "big") + name + body for name, body in named)


def sample_table(codec: bytes) -> bytes:
    return boxes((b"stsd", bytes(4) + (1).to_bytes(4, "big") + boxes((codec, bytes(28)))))


@decoded_here
@pytest.mark.parametrize("codec", ["AAC", "ALAC"])
def test_measures_what_a_telephone_recorded(tmp_path: Path, codec: str) -> None:
    path = recorded(tmp_path / "memo.m4a", tone(440, 3, RATE_HZ, -10), "-c:a", codec.lower())
    found = probe(path)
    assert (found.format, found.codec, found.rate_hz, found.channels) == ("M4A", codec, RATE_HZ, 1)
    assert found.seconds == pytest.approx(3, abs=0.1)
    assert found.peak_dbfs == pytest.approx(-10, abs=1.5)


@decoded_here
def test_hears_what_was_said(tmp_path: Path) -> None:
    said = speech(3, RATE_HZ)
    original = decode(write(tmp_path / "a.wav", said, RATE_HZ), 16_000)
    heard = decode(recorded(tmp_path / "a.m4a", said, *AAC, "-b:a", "192k"), 16_000)
    shared = min(len(original), len(heard))
    assert np.corrcoef(original[:shared], heard[:shared])[0, 1] > 0.98


@decoded_here
def test_takes_the_sound_of_a_film(tmp_path: Path) -> None:
    film = ("-f", "lavfi", "-i", "color=size=64x64:duration=2", "-c:v", "mpeg4", "-c:a", "aac")
    assert probe(recorded(tmp_path / "a.mp4", speech(2, RATE_HZ), *film)).codec == "AAC"


@decoded_here
@pytest.mark.parametrize("index", ["first", "last"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.9])
def test_refuses_a_file_cut_off(tmp_path: Path, index: str, kept: float) -> None:
    how = ("-movflags", "+faststart") if index == "first" else ()
    path = recorded(tmp_path / "a.m4a", speech(5, RATE_HZ), *AAC, *how)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    assert "cut off" in refusal(path)


@decoded_here
def test_refuses_a_file_cut_off_whose_last_box_goes_to_the_end(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.m4a", speech(5, RATE_HZ), *AAC, "-movflags", "+faststart")
    whole = bytearray(path.read_bytes())
    at = whole.index(b"mdat") - 4
    whole[at : at + 4] = bytes(4)
    path.write_bytes(whole)
    assert probe(path).seconds == pytest.approx(5, abs=0.1)
    for kept in (0.5, 0.8, 0.95):
        path.write_bytes(whole[: int(len(whole) * kept)])
        assert re.search("cut off|damaged", refusal(path))


@decoded_here
def test_refuses_a_stream_that_does_not_say_how_long_it_is(tmp_path: Path) -> None:
    flags = "+frag_keyframe+empty_moov+default_base_moof"
    path = recorded(tmp_path / "a.mp4", speech(5, RATE_HZ), *AAC, "-movflags", flags)
    assert "does not say how long" in refusal(path)


@decoded_here
def test_takes_a_cover_and_what_some_programs_add(tmp_path: Path) -> None:
    cover = ("-f", "lavfi", "-i", "color=size=64x64:duration=0.1", "-map", "0", "-map", "1",
        "-c:v", "png", "-frames:v", "1", "-disposition:v", "attached_pic", *AAC)  # fmt: skip
    path = recorded(tmp_path / "a.m4a", speech(2, RATE_HZ), *cover)
    whole = path.read_bytes()
    for end in (b"", b"\0\0\0", b"TAG" + bytes(125)):
        path.write_bytes(whole + end)
        assert probe(path).codec == "AAC"


@decoded_here
def test_decodes_nothing_but_what_it_says(tmp_path: Path) -> None:
    """AC-3, and the words for AAC where nobody decodes them."""
    path = recorded(tmp_path / "a.mp4", speech(2, 48_000), "-c:a", "ac3", rate_hz=48_000)
    assert "AAC or ALAC" in refusal(path)
    path.write_bytes(path.read_bytes() + boxes((b"free", sample_table(b"mp4a"))))
    assert "damaged" in refusal(path)


@decoded_here
def test_refuses_what_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audio.ffmpeg._OUTPUT_BYTES", 4096)
    assert "more time or room" in refusal(recorded(tmp_path / "a.m4a", speech(5, RATE_HZ)))


@decoded_here
def test_refuses_sound_that_cannot_be_decoded(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.m4a", speech(5, RATE_HZ))
    whole = bytearray(path.read_bytes())
    at = whole.index(b"mdat") + 4
    whole[at : at + 4000] = b"\xa5" * 4000
    path.write_bytes(whole)
    assert "damaged" in refusal(path)


@decoded_here
def test_refuses_more_than_ten_minutes(tmp_path: Path) -> None:
    long = np.tile(tone(440, 1, 8_000), 603)
    path = recorded(tmp_path / "a.m4a", long, "-c:a", "aac", "-b:a", "16k", rate_hz=8_000)
    assert "10 minutes" in refusal(path)


@decoded_here
def test_refuses_silence(tmp_path: Path) -> None:
    assert "silent" in refusal(recorded(tmp_path / "a.m4a", tone(440, 3, RATE_HZ) * 0))


def test_says_where_nothing_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    path = tmp_path / "memo.m4a"
    path.write_bytes(boxes((b"ftyp", b"M4A "), (b"moov", sample_table(b"mp4a")), (b"mdat", b"x")))
    assert "nothing is installed here" in refusal(path)


@pytest.mark.parametrize("codec", [b"samr", b"avc1"])
def test_refuses_what_is_neither_aac_nor_alac(tmp_path: Path, codec: bytes) -> None:
    path = tmp_path / "memo.m4a"
    path.write_bytes(boxes((b"ftyp", b"3gp4"), (b"moov", sample_table(codec)), (b"mdat", b"x")))
    assert "AAC or ALAC" in refusal(path)


def test_a_million_boxes_are_none(tmp_path: Path) -> None:
    path = tmp_path / "memo.m4a"
    path.write_bytes(boxes((b"ftyp", b"M4A ")) + b"".join(
        b"\0\0\0\x08" + name.to_bytes(4, "big") for name in range(1_000_000)
    ))  # fmt: skip
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("size", [0, 1, 7, 9, 0xFFFFFFFF])
def test_walks_boxes_whose_sizes_lie(tmp_path: Path, size: int) -> None:
    path = tmp_path / "memo.m4a"
    path.write_bytes(boxes((b"ftyp", b"M4A ")) + size.to_bytes(4, "big") + b"free" + bytes(20))
    assert "cut off" in refusal(path)
