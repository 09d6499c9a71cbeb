"""Text that may be kept for ever: no phone number stands in it whole."""

import re
from collections.abc import Mapping
from typing import Any

_SEPARATED = r"[\s.\-/()\u2010-\u2015]*"
_NUMBER = re.compile(
    rf"(?<![0-9A-Za-z])(?:\+|00)[1-9](?:{_SEPARATED}\d){{6,14}}"  # E.164, however it is spaced
    rf"|(?<![0-9A-Za-z])0[1-9](?:{_SEPARATED}\d){{8}}(?![0-9A-Za-z])"  # as written in France
    r"|(?<![0-9A-Za-z])\d{10,15}(?![0-9A-Za-z])"  # E.164 without its sign
)


def hidden(text: str) -> str:
    """The text with all but the last two digits taken out of whatever looks like a phone number.

    Rather too much is taken for a number than too little.
    """
    return _NUMBER.sub(lambda found: f"•• •• {found[0][-2:]}", text)


def without_numbers(value: Any) -> Any:
    """What goes into JSON, with every text in it hidden so, keys included."""
    if isinstance(value, Mapping):
        return {hidden(key): without_numbers(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_numbers(one) for one in value]
    return hidden(value) if isinstance(value, str) else value
