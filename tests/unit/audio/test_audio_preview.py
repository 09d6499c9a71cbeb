import io
from pathlib import Path

import numpy as np
import soundfile
from audio_signals import speech, write

from audio.encode import read
from audio.library import Library
from audio.preview import preview


def test_the_preview_is_sample_for_sample_what_the_phone_decodes(tmp_path: Path) -> None:
    voice = write(tmp_path / "a.wav", speech(3, 44_100), 44_100)
    message = Library(tmp_path / "library").prepare([voice], "essai")
    heard, rate_hz = soundfile.read(io.BytesIO(preview(message)), dtype="int16")
    information = soundfile.info(io.BytesIO(preview(message)))
    assert (rate_hz, information.channels, information.subtype) == (8_000, 1, "PCM_16")
    assert (heard == read(message.files["alaw"])).all()
    clean = read(message.files["sln"]).astype(int)
    assert 0 < np.abs(heard - clean).max() <= np.abs(clean).max() / 16
