from pathlib import Path

import pytest

from audio.library import Library
from audio.spoken_code import DIGITS, LANGUAGES, speak


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_digit_can_be_spoken_and_is_told_twice(language: str, tmp_path: Path) -> None:
    assert {path.stem for path in (DIGITS / language).glob("*.flac")} == {
        *"0123456789", "code", "again",
    }  # fmt: skip
    speak("0123456789", language, tmp_path / "all.wav")
    speak("01234", language, tmp_path / "half.wav")
    library = Library(tmp_path / "audio")
    whole, half = (library.prepare([tmp_path / name], "c") for name in ("all.wav", "half.wav"))
    assert whole.seconds > half.seconds + 5


def test_another_code_is_another_recording(tmp_path: Path) -> None:
    speak("1234", "fr", tmp_path / "one.wav")
    speak("1243", "fr", tmp_path / "two.wav")
    assert (tmp_path / "one.wav").read_bytes() != (tmp_path / "two.wav").read_bytes()
