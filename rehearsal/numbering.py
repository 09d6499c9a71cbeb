"""One form for a number, however it was dialled."""

import re

_SEPARATORS = re.compile(r"[\s.()/-]")
_NATIONAL = re.compile(r"0[1-9]\d{8}")
_DIGITS = re.compile(r"\d{8,15}")


def e164(dialled: str) -> str:
    """Write a dialled number as E.164, so that ledger and attempts can be compared.

    Knows `+33199000012`, `0033199000012`, `33199000012` and the national `0199000012`.
    What is none of these (a name, a service number) is returned as it came.
    """
    bare = _SEPARATORS.sub("", dialled)
    if bare.startswith("+"):
        return bare
    if bare.startswith("00"):
        return "+" + bare[2:]
    if _NATIONAL.fullmatch(bare):
        return "+33" + bare[1:]
    return "+" + bare if _DIGITS.fullmatch(bare) and not bare.startswith("0") else dialled
