"""Settings of the environment that are in files: `PORTEVOIX_DATABASE_URL_FILE=/run/secrets/url`.

So no secret stands in an environment, which every program that is started inherits. Containers have
such files (https://docs.docker.com/compose/how-tos/use-secrets/), and systemd credentials are some
(systemd.exec(5), `LoadCredential=`).
"""

from collections.abc import Mapping
from pathlib import Path

from campaigns.errors import InvalidInput

_PREFIX, _SUFFIX = "portevoix_", "_file"


def read_files(environment: Mapping[str, str | None]) -> dict[str, str | None]:
    """An environment in which what a file holds stands under its setting's own name.

    Args:
        environment: by names in small letters.

    Raises:
        InvalidInput: a setting is given twice, or its file cannot be read.
    """
    found = dict(environment)
    for name, path in environment.items():
        if path is not None and name.startswith(_PREFIX) and name.endswith(_SUFFIX):
            del found[name]
            found[_own_name(name, environment)] = _text_of(name, Path(path))
    return found


def _own_name(name: str, environment: Mapping[str, str | None]) -> str:
    own = name.removesuffix(_SUFFIX)
    if own in environment:
        raise InvalidInput(
            name.upper(), f"is set, and {own.upper()} is set too.", "Keep one of them."
        )
    return own


def _text_of(name: str, file: Path) -> str:
    """What a file holds, less the end of its last line."""
    try:
        return file.read_text("utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(name.upper(), f"«{file}» cannot be read: {error}.") from error
