import numpy as np
import pytest
from audio_signals import tone
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.condition import LEAD_MS
from audio.encode import pcm
from audio.join import FADE_IN_MS, FADE_OUT_MS, PAUSE_MS, join

PER_MS = 16


def part(milliseconds: int, hz: float = 700) -> np.ndarray:
    return tone(hz, milliseconds / 1000, 16_000)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(60, 4_000), min_size=1, max_size=6))
def test_the_timeline_is_exact_to_the_millisecond(lengths: list[int]) -> None:
    message, spans = join([part(length) for length in lengths])
    assert len(message) == PER_MS * (LEAD_MS + sum(lengths) + PAUSE_MS * (len(lengths) - 1))
    start = LEAD_MS
    for span, length in zip(spans, lengths, strict=True):
        assert (span.start_ms, span.end_ms) == (start, start + length)
        start = span.end_ms + PAUSE_MS


def test_each_part_lies_where_the_timeline_says_untouched_but_for_its_fades() -> None:
    parts = [part(1_234, 400), part(777, 900), part(2_001, 1_500)]
    message, spans = join(parts)
    for given_part, span in zip(parts, spans, strict=True):
        there = message[span.start_ms * PER_MS : span.end_ms * PER_MS].astype(int)
        inner = slice(FADE_IN_MS * PER_MS, -FADE_OUT_MS * PER_MS)
        assert np.abs(there[inner] - pcm(given_part)[inner]).max() == 0


def test_between_parts_there_is_silence_and_nothing_else() -> None:
    message, spans = join([part(500), part(500)])
    gap = message[spans[0].end_ms * PER_MS : spans[1].start_ms * PER_MS]
    assert len(gap) == PAUSE_MS * PER_MS
    assert not gap.any()


def test_a_message_begins_with_silence_of_its_own() -> None:
    message, spans = join([np.full(16_000, 0.7, np.float32)])
    assert spans[0].start_ms == LEAD_MS
    assert not message[: LEAD_MS * PER_MS].any()


@pytest.mark.parametrize("end", [slice(0, 8), slice(-8, None)])
def test_no_part_begins_or_ends_with_a_click(end: slice) -> None:
    loud = np.full(16_000, 0.7, np.float32)
    message = join([loud])[0][LEAD_MS * PER_MS :]
    assert np.abs(message[end].astype(int)).max() < 0.12 * 2**15
