from pathlib import Path

import pytest

from audio.library import Library
from audio.probe import probe
from audio.prompts import SHIPPED, prepare_prompts

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("library"))


def test_every_language_has_the_same_prompts(library: Library) -> None:
    names = {"fr": set(), "en": set()}
    for prompt in prepare_prompts(library):
        names[prompt.language].add(prompt.name)
    assert names["fr"] == names["en"] >= {"optout-confirmed", "optout-reminder", "goodbye"}


def test_a_prompt_lies_where_the_dialplan_looks(library: Library) -> None:
    for prompt in prepare_prompts(library):
        assert prompt.base == library.root / "prompts" / prompt.language / prompt.name
        alaw = prompt.base.with_suffix(".alaw")
        assert alaw.stat().st_size == pytest.approx(prompt.seconds * 8_000)
        assert alaw.stat().st_mode & 0o444 == 0o444


def test_preparing_again_touches_nothing_but_mends_what_is_damaged(library: Library) -> None:
    first, *_ = prepare_prompts(library)
    alaw, ulaw = first.base.with_suffix(".alaw"), first.base.with_suffix(".ulaw")
    alaw.write_bytes(b"?")
    untouched = ulaw.stat().st_mtime_ns
    prepare_prompts(library)
    assert alaw.stat().st_size > 1_000
    assert ulaw.stat().st_mtime_ns == untouched


@pytest.mark.parametrize(
    "recording", [*SHIPPED.glob("*/*.flac"), *EXAMPLES.glob("message-*.flac")], ids=lambda p: p.stem
)
def test_what_is_shipped_is_fit_to_be_heard(recording: Path) -> None:
    found = probe(recording)
    assert (found.format, found.rate_hz, found.channels) == ("FLAC", 16_000, 1)
    assert found.clipped_share == 0
    assert found.peak_dbfs <= -2.9
    assert -30 < found.rms_dbfs < -15


def test_the_sample_campaign_message_is_short_enough_to_be_listened_to(library: Library) -> None:
    parts = [EXAMPLES / f"message-{name}.flac" for name in ("identite", "desinscription", "corps")]
    message = library.prepare(parts, "exemple")
    assert message.parts[1].start_ms < 5_000, "the way to refuse comes too late"
    assert message.seconds < 20
    assert library.prepare([EXAMPLES / "message-court.flac"], "court").seconds < 6
