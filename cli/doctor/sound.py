"""What the PBX must be able to play: prompts, and the messages of campaigns that run."""

from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from audio import aac
from audio.library import Library
from audio.prompts import prepare_prompts
from campaigns.errors import StoreUnavailable
from campaigns.trunk import Codec
from cli.doctor.check import Check, fault, of_finding, ok, skipped
from dialer.instance.inspect import inspect_sound
from dialer.instance.supervise import Supervisor
from operations.settings import Settings
from store import campaigns as kept
from store.engine import open_engine, reading


def look(settings: Settings, supervisor: Supervisor) -> Iterator[Check]:
    """Look at every sound, in the codec of every trunk, as the PBX's own user."""
    codecs = sorted({trunk.codec for trunk in settings.all_trunks()})
    try:
        prompts = prepare_prompts(Library(settings.audio_directory, wideband=settings.wideband))
    except OSError as error:
        yield fault("prompts", str(error), "Let this user write below the home directory.")
        return
    yield _all("prompts", [str(one.base) for one in prompts], codecs, supervisor)
    messages = sorted(_messages(settings))
    if messages:
        yield _all("messages", messages, codecs, supervisor)
    yield _m4a()


def _m4a() -> Check:
    if aac.has_decoder():
        return ok("M4A, AAC", "recordings of telephones can be read")
    return skipped("M4A, AAC", "not read: no ffmpeg here; WAV, MP3, FLAC and OGG are")


def _messages(settings: Settings) -> set[str]:
    """Paths without extension of the messages that may be played now."""
    if not settings.database_url and not (settings.home / "portevoix.db").exists():
        return set()
    engine = open_engine(settings.url)
    try:
        with reading(engine) as connection:
            live = kept.live(connection)
    except (SQLAlchemyError, StoreUnavailable):
        return set()  # the look at the database has said why
    finally:
        engine.dispose()
    return {str(settings.audio_directory / one.message) for one in live}


def _all(name: str, sounds: list[str], codecs: list[Codec], supervisor: Supervisor) -> Check:
    """The first sound that cannot be played, or that all can."""
    found = [inspect_sound(supervisor, sound, codec) for sound in sounds for codec in codecs]
    bad = next((one for one in found if not one.ok), None)
    if bad is not None:
        return of_finding(bad)
    return ok(name, f"{len(sounds)}, ready in {', '.join(codecs)}")
