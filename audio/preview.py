"""A message as the phone will play it, for a browser."""

import io

import soundfile

from audio.condition import NARROW_HZ
from audio.encode import read
from audio.message import PreparedMessage


def preview(message: PreparedMessage) -> bytes:
    """Decode the A-law file that Asterisk plays.

    Returns:
        a WAV file: 8 kHz, mono, 16-bit PCM, sample for sample what a phone decodes.
    """
    wav = io.BytesIO()
    samples = read(message.files["alaw"])
    soundfile.write(wav, samples, NARROW_HZ, format="WAV", subtype="PCM_16")
    return wav.getvalue()
