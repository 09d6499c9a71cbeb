"""Forms that only our own pages can send."""

import hmac
from typing import Annotated

from fastapi import Depends, Request

from api.caller import Asking, form_token
from api.problems import Refusal
from campaigns.errors import InvalidInput

FIELD = "form_token"


async def sent_token(request: Request) -> str:
    """What the form carries."""
    form = await request.form()
    value = form.get(FIELD, "")
    return value if isinstance(value, str) else ""


Sent = Annotated[str, Depends(sent_token)]


def check(token: str, sent: str) -> None:
    """Refuse a form that another site may have sent.

    Raises:
        Refusal: it does not carry what our page put in.
    """
    if not token or not hmac.compare_digest(form_token(token).encode(), sent.encode()):
        raise Refusal("forbidden", "The form is too old. Open the page again and repeat.")


def checked(caller: Asking, sent: Sent) -> None:
    """The form of a signed-in person."""
    check(caller.token, sent)


def passwords(password: str, again: str) -> str:
    """A password that was typed twice.

    Raises:
        InvalidInput: the second time it was another one.
    """
    if password != again:
        raise InvalidInput("again", "The two passwords differ.", "Type the same one twice.")
    return password
