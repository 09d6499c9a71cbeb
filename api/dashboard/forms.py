"""Forms that only our own pages can send."""

import hmac
from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from api.caller import Asking, form_token
from api.language import Language
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


async def sent_form(request: Request) -> FormData:
    """All that the form carries."""
    return await request.form()


Filled = Annotated[FormData, Depends(sent_form)]


def text_of(form: FormData, name: str, otherwise: str = "") -> str:
    """One field of it, without blanks around."""
    value = form.get(name, otherwise)
    return value.strip() if isinstance(value, str) else otherwise


def texts_of(form: FormData, name: str) -> list[str]:
    """Every value of one field, such as boxes that were ticked."""
    return [one for one in form.getlist(name) if isinstance(one, str)]


def pointed(text: str) -> str:
    """A number or a sum of euros as it is typed here or there, with a point and nothing around."""
    return "".join(text.split()).replace("€", "").replace(",", ".")


def faults_of(error: InvalidInput, language: Language, names: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, under the field of the form where it is.

    Args:
        error: says which value is wrong in our own terms.
        language: to say it in.
        names: the form's field by ours, where they differ.
    """
    said = f"{language.say(error.why)} {language.say(error.remedy)}".strip()
    return {names.get(error.field, error.field): said[:1].upper() + said[1:]}
