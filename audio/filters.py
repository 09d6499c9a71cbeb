"""Second-order filters, applied by overlap-add in the frequency domain.

numpy has no recursive filter, and a loop over samples in Python would be a thousand times too
slow. A filter whose ringing dies within the padding gives the same samples either way.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from audio.decode import Samples

_BLOCK = 1 << 17
# One second at 16 kHz: a filter at 38 Hz has then decayed by far more than float32 can hold.
_RINGING = 1 << 14


@dataclass(frozen=True, slots=True)
class Biquad:
    """H(z) = (b0 + b1/z + b2/z^2) / (1 + a1/z + a2/z^2)."""

    b: tuple[float, float, float]
    a: tuple[float, float]

    def response(self, omega: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
        """Return the filter's gain and phase at omega radians per sample."""
        z1 = np.exp(-1j * omega)
        above = self.b[0] + z1 * (self.b[1] + z1 * self.b[2])
        return np.asarray(above / (1 + z1 * (self.a[0] + z1 * self.a[1])), np.complex128)


def high_pass(rate_hz: int, cutoff_hz: float, q: float) -> Biquad:
    """Design a high-pass by the bilinear transform, its numerator (1, -2, 1) left unscaled.

    Unscaled as in ITU-R BS.1770, whose second stage it is with 38.1 Hz and Q 0.5003; above the
    cut-off the gain is then a little over 1 (by 0.04 dB at 8 kHz for 38 Hz).
    """
    k = math.tan(math.pi * cutoff_hz / rate_hz)
    a0 = 1 + k / q + k * k
    return Biquad((1.0, -2.0, 1.0), (2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0))


def high_shelf(rate_hz: int, centre_hz: float, gain_db: float, q: float) -> Biquad:
    """Design the high shelf that is the first stage of ITU-R BS.1770, for any sampling rate.

    At 48 kHz it reproduces the coefficients printed in the Recommendation (tested).
    """
    k = math.tan(math.pi * centre_hz / rate_hz)
    vh = 10 ** (gain_db / 20)
    vb = vh**0.4996667741545416
    a0 = 1 + k / q + k * k
    b = ((vh + vb * k / q + k * k) / a0, 2 * (k * k - vh) / a0, (vh - vb * k / q + k * k) / a0)
    return Biquad(b, (2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0))


def apply(stages: tuple[Biquad, ...], samples: Samples) -> Samples:
    """Filter samples through the stages in turn; the result has the same length and no delay."""
    block = min(_BLOCK, 1 << max(_RINGING, len(samples)).bit_length())
    size = block + _RINGING
    response = _response(stages, size)
    filtered = np.zeros(len(samples) + size, np.float32)
    for start in range(0, len(samples), block):
        spectrum = np.fft.rfft(samples[start : start + block], size)
        filtered[start : start + size] += np.fft.irfft(spectrum * response, size)
    return filtered[: len(samples)]


@lru_cache(maxsize=16)
def _response(stages: tuple[Biquad, ...], size: int) -> npt.NDArray[np.complex64]:
    """All stages together: three kinds of filters, and as many sizes as recordings have."""
    omega = np.linspace(0, np.pi, size // 2 + 1)
    product = np.prod([stage.response(omega) for stage in stages], axis=0)
    return np.asarray(product, np.complex64)
