"""Users and controllers of the whole installation, for a key that an administrator made for it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.caller import Asking, Caller, In
from api.needs import needs
from api.once import DoneOnce
from api.paging import Asked
from api.schemas import Id, Page
from campaigns.access import Permission, Role
from campaigns.campaign import LEAST_CPS, MOST_CHANNELS, MOST_CPS
from operations import accounts, controllers, second_factor, sign_in
from operations.accounts import User
from operations.values import Line, Name
from operations.workspace import Workspace

router = APIRouter(prefix="/installation", tags=["installation"])


class ControllerName(BaseModel):
    """A controller, on whose behalf calls are made."""

    id: int
    name: str
    max_channels: int | None = Field(
        description="Concurrent calls of all its campaigns together; null for no limit."
    )
    max_cps: float | None = Field(
        description="Calls that all its campaigns together start in a second; null for no limit."
    )


class ControllerChange(BaseModel):
    """Limits to change; what is absent stays as it is, and null lifts one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"max_channels": 50, "max_cps": None}}
    )

    max_channels: int | None = Field(None, ge=1, le=MOST_CHANNELS)
    max_cps: float | None = Field(None, ge=LEAST_CPS, le=MOST_CPS)


class NewController(BaseModel):
    """A controller to add."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "Comité"}})

    name: Name


class NewUser(BaseModel):
    """Somebody to add, without any role yet."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"email": "zoe@example.org", "administrator": False}},
    )

    email: Line
    administrator: bool = False


class UserChange(BaseModel):
    """What to change of somebody; what is absent stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"disabled": True}})

    administrator: bool | None = None
    disabled: bool | None = Field(None, description="Sessions and links end now.")


class RolesWanted(BaseModel):
    """Exactly the roles somebody is to have for a controller; none takes them away."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"roles": ["operator", "officer"]}}
    )

    roles: list[Role] = Field(max_length=len(Role))


class UserAnswer(BaseModel):
    """Somebody who may sign in; nothing of it is secret."""

    id: int
    email: str
    administrator: bool
    roles: Mapping[int, list[Role]] = Field(description="By the id of the controller.")
    has_password: bool
    has_identity: bool = Field(description="Known to an identity provider, and came by it.")
    second_factor: bool
    created_at: datetime
    signed_in_at: datetime | None
    disabled_at: datetime | None


class MadeUser(UserAnswer):
    """Somebody who was added now."""

    link: str | None = Field(
        description="Sets their password, once; null where the answer is repeated for an "
        "Idempotency-Key."
    )


class LinkAnswer(BaseModel):
    """A way in."""

    link: str = Field(description="Sets a password, once and within a week; shown this once.")


@router.get("/controllers", summary="List every controller")
@needs(Permission.INSTALLATION)
def every_controller(
    workspace: In, caller: Asking, asked: Annotated[Asked, Query()]
) -> Page[ControllerName]:
    """By id, all on one page."""
    del caller, asked
    items = [ControllerName(**one) for one in controllers.every(workspace)]
    return Page(items=items, next=None)


@router.post(
    "/controllers", status_code=201, response_model=ControllerName, summary="Add a controller"
)
@needs(Permission.INSTALLATION)
def add_controller(
    values: NewController, workspace: In, caller: Asking, once: DoneOnce
) -> Response:
    """Whoever has that name already is answered as if made now."""

    def do() -> ControllerName:
        return _controller(workspace, controllers.add(workspace, values.name, caller.name))

    return once(values, do)


@router.patch("/controllers/{controller_id}", summary="Limit what a controller may call")
@needs(Permission.INSTALLATION)
def limit_controller(
    controller_id: Id, values: ControllerChange, workspace: In, caller: Asking
) -> ControllerName:
    """Of all its campaigns together, besides every other limit; in force within a second."""
    changes = values.model_dump(exclude_unset=True)
    controllers.limit(workspace, controller_id, changes, caller.name)
    return _controller(workspace, controller_id)


def _controller(workspace: Workspace, controller_id: int) -> ControllerName:
    return ControllerName(**controllers.one(workspace, controller_id))


@router.get("/users", summary="List users")
@needs(Permission.INSTALLATION)
def every(workspace: In, caller: Asking, asked: Annotated[Asked, Query()]) -> Page[UserAnswer]:
    """Everybody, by e-mail address, all on one page."""
    del caller, asked
    return Page(items=[_answer(one) for one in accounts.users(workspace)], next=None)


@router.post("/users", status_code=201, response_model=MadeUser, summary="Add a user")
@needs(Permission.INSTALLATION)
def add(
    request: Request, values: NewUser, workspace: In, caller: Asking, once: DoneOnce
) -> Response:
    """With a link to pass on, by which they choose a password. No mail is sent."""

    def do() -> MadeUser:
        id_ = accounts.add_user(
            workspace, values.email, caller.name, administrator=values.administrator
        )
        link = _link(request, workspace, id_, caller)
        return MadeUser(**_answer(accounts.user(workspace, id_)).model_dump(), link=link)

    return once(values, do, location="/api/v1/installation/users/{id}", secrets=("link",))


@router.get("/users/{user_id}", summary="One user")
@needs(Permission.INSTALLATION)
def one(user_id: Id, workspace: In, caller: Asking) -> UserAnswer:
    """Their roles, and how they sign in."""
    del caller
    return _answer(accounts.user(workspace, user_id))


@router.patch("/users/{user_id}", summary="Change a user")
@needs(Permission.INSTALLATION)
def change(user_id: Id, values: UserChange, workspace: In, caller: Asking) -> UserAnswer:
    """The last administrator can be neither disabled nor demoted."""
    accounts.user(workspace, user_id)
    if values.administrator is not None:
        accounts.set_administrator(
            workspace, user_id, caller.name, administrator=values.administrator
        )
    if values.disabled is not None:
        act = accounts.disable if values.disabled else accounts.enable
        act(workspace, user_id, caller.name)
    return one(user_id, workspace, caller)


@router.put("/users/{user_id}/roles/{controller_id}", summary="Give roles")
@needs(Permission.INSTALLATION)
def set_roles(
    user_id: Id, controller_id: Id, values: RolesWanted, workspace: In, caller: Asking
) -> UserAnswer:
    """For one controller; those for others stay."""
    accounts.set_roles(workspace, user_id, controller_id, values.roles, caller.name)
    return one(user_id, workspace, caller)


@router.post("/users/{user_id}/link", summary="Make another link for a password")
@needs(Permission.INSTALLATION)
def link(request: Request, user_id: Id, workspace: In, caller: Asking) -> LinkAnswer:
    """The one before is worth nothing any more; the password stays until another is chosen."""
    return LinkAnswer(link=_link(request, workspace, user_id, caller))


@router.delete("/users/{user_id}/second-factor", summary="Take a second factor away")
@needs(Permission.INSTALLATION)
def remove_second_factor(user_id: Id, workspace: In, caller: Asking) -> UserAnswer:
    """For who lost phone and recovery codes."""
    second_factor.remove(workspace, user_id, caller.name)
    return one(user_id, workspace, caller)


@router.delete("/users/{user_id}/identity", summary="Forget an identity")
@needs(Permission.INSTALLATION)
def forget_identity(user_id: Id, workspace: In, caller: Asking) -> UserAnswer:
    """For who got another account at the identity provider: the e-mail address counts again."""
    sign_in.forget_identity(workspace, user_id, caller.name)
    return one(user_id, workspace, caller)


def _link(request: Request, workspace: Workspace, user_id: int, caller: Caller) -> str:
    return f"{request.base_url}password/{accounts.make_link(workspace, user_id, caller.name)}"


def _answer(user: User) -> UserAnswer:
    roles = {id_: sorted(held) for id_, held in sorted(user.roles.items())}
    return UserAnswer.model_validate({**asdict(user.account), "roles": roles})
