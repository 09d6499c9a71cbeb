"""`portevoix user`: who signs in on the page, for whoever may read the home directory."""

from typing import Annotated

import typer

from campaigns.access import Role
from campaigns.errors import InvalidInput
from cli.console import local, row, say, show, table
from cli.lookup import one_controller
from cli.session import By, Controller, open_home, page_address
from operations import accounts, controllers, second_factor
from operations.accounts import User
from operations.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Users of the page, and their roles.")

Email = Annotated[str, typer.Argument(help="E-mail address.")]
Roles = Annotated[
    list[Role] | None, typer.Option("--role", help="Role for --controller, once or more.")
]


@app.command()
def add(
    ctx: typer.Context,
    email: Email,
    role: Roles = None,
    controller: Controller = None,
    administrator: Annotated[
        bool, typer.Option("--administrator", help="Of the whole installation.")
    ] = False,
    by: By = "command line",
) -> None:
    """Add somebody, and print the link with which they choose their password."""
    workspace = open_home(ctx)
    if not role and not administrator:
        raise InvalidInput("--role", "it would be somebody who may do nothing.",
            "Give --role, --administrator or both.")  # fmt: skip
    # A controller that is named is made; one that is not is the only one there is.
    owner = _controller(workspace, controller, by) if role else None
    account_id = accounts.add_user(workspace, email, by, administrator=administrator)
    if owner is not None:
        accounts.set_roles(workspace, account_id, owner, role or (), by)
    _say_link(workspace, account_id, by)


@app.command("list")
def show_all(ctx: typer.Context) -> None:
    """Show everybody with their roles."""
    workspace = open_home(ctx)
    names = controllers.names(workspace)
    made = table("user", "state", "second factor", "last signed in", "roles")
    for one in accounts.users(workspace):
        factor = "on" if one.account.second_factor else "off"
        row(
            made, one.account.email, _state(one), factor, local(one.account.signed_in_at),
            _roles(one, names),
        )  # fmt: skip
    show(made)


@app.command()
def role(
    ctx: typer.Context,
    email: Email,
    role: Roles = None,
    controller: Controller = None,
    by: By = "command line",
) -> None:
    """Give somebody exactly these roles for a controller; none where none is given."""
    workspace = open_home(ctx)
    found = accounts.user_named(workspace, email)
    owner = one_controller(workspace, controller)
    accounts.set_roles(workspace, found.account.id, owner, role or (), by)
    say(f"{found.account.email}: {', '.join(role or ()) or 'no role'}.")


@app.command()
def disable(ctx: typer.Context, email: Email, by: By = "command line") -> None:
    """Let somebody in no more; their sessions end now."""
    workspace = open_home(ctx)
    found = accounts.user_named(workspace, email)
    accounts.disable(workspace, found.account.id, by)
    say(f"{found.account.email} is disabled.")


@app.command()
def password(ctx: typer.Context, email: Email, by: By = "command line") -> None:
    """Print a link with which somebody chooses another password, once and within a week."""
    workspace = open_home(ctx)
    _say_link(workspace, accounts.user_named(workspace, email).account.id, by)


@app.command("second-factor")
def second_factor_away(ctx: typer.Context, email: Email, by: By = "command line") -> None:
    """Take somebody's second factor away, for who lost phone and recovery codes."""
    workspace = open_home(ctx)
    found = accounts.user_named(workspace, email)
    second_factor.remove(workspace, found.account.id, by)
    say(f"{found.account.email} signs in without a second factor.")


def _controller(workspace: Workspace, name: str | None, by: str) -> int:
    return controllers.add(workspace, name, by) if name else one_controller(workspace, None)


def _say_link(workspace: Workspace, account_id: int, by: str) -> None:
    token = accounts.make_link(workspace, account_id, by)
    say(f"{page_address(workspace.settings)}/password/{token}")


def _state(one: User) -> str:
    if one.account.disabled_at is not None:
        return "disabled"
    return "may sign in" if one.account.has_password else "no password yet"


def _roles(one: User, names: dict[int, str]) -> str:
    own = ["administrator"] if one.account.administrator else []
    theirs = [
        f"{names[controller_id]}: {', '.join(sorted(roles))}"
        for controller_id, roles in one.roles.items()
    ]
    return "; ".join([*own, *theirs]) or "–"
