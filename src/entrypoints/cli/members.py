"""`payments member`: what the law gives to members, a copy of their data and the right to be forgotten."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click
import msgspec

from application.erase_member import REASON_LENGTH_MAX
from application.errors import ProviderRefused, ProviderUnavailable
from application.ports.privacy import Erasure
from domain.errors import DomainError
from domain.member import UserId, is_user_id
from entrypoints.cli.environment import Unusable
from entrypoints.cli.operating import JSON, OPERATOR, with_service

if TYPE_CHECKING:
    from entrypoints.container import Container
    from entrypoints.http.member_bodies import MemberDataBody

Result = TypeVar("Result")


def a_user_id(_context: click.Context, _argument: click.Parameter, value: str) -> UserId:
    """A user's id, as the platform has it."""
    if not is_user_id(value):
        raise click.BadParameter("a user's id has 1 to 128 printable characters and no slash")
    return UserId(value)


def a_reason(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """A few words for the audit."""
    if not 1 <= len(value.strip()) <= REASON_LENGTH_MAX or not value.isprintable():
        raise click.BadParameter(f"1 to {REASON_LENGTH_MAX} printable characters")
    return value.strip()


USER_ID = click.argument("user_id", callback=a_user_id)


@click.group()
def member() -> None:
    """Give a member a copy of their data, or forget them.

    \b
    Example: payments member export user_1
    """


@member.command()
@USER_ID
@OPERATOR
def export(user_id: UserId, operator: str) -> None:
    """Print all that is kept about a member as JSON. The audit keeps who asked. Exit code 1 when nothing is kept.

    \b
    Example: payments member export user_1
    """

    async def copy(service: "Container") -> "MemberDataBody":
        from entrypoints.http.member_bodies import MemberDataBody

        data = await service.export_member()(user_id, operator=operator)
        return MemberDataBody.of(data, service.clock().now())

    click.echo(msgspec.json.encode(with_members(copy)).decode())


@member.command()
@USER_ID
@click.option("--reason", required=True, callback=a_reason, help="Why; the audit keeps it, so name nobody.")
@click.option("--forfeit-access", is_flag=True, help="Erase although paid time is left, which is then lost.")
@OPERATOR
@JSON
def erase(user_id: UserId, reason: str, forfeit_access: bool, operator: str, as_json: bool) -> None:
    """Put a pseudonym in the place of a member, here and at Stripe, for good. Payments and receipts stay under it.

    Refused, with exit code 1, while money may still come or work is still to be done. To erase twice does nothing twice.

    \b
    Example: payments member erase user_1 --reason "asked for in writing on 2026-11-20"
    """

    async def forget(service: "Container") -> Erasure:
        return await service.erase_member()(user_id, reason=reason, operator=operator, forfeit_access=forfeit_access)

    from entrypoints.http.member_bodies import ErasureBody

    done = with_members(forget)
    click.echo(msgspec.json.encode(ErasureBody.of(done)).decode() if as_json else said_of(done))


def with_members(do: Callable[["Container"], Awaitable[Result]]) -> Result:
    """What comes of it. Raises Unusable, with what to do, when it cannot be carried out now."""
    try:
        return with_service(do)
    except DomainError as refusal:
        raise click.ClickException(str(refusal)) from refusal
    except ProviderUnavailable as fault:
        raise Unusable(f"{fault}. Nothing was changed here: try again in a moment.") from fault
    except ProviderRefused as refusal:
        raise click.ClickException(f"Stripe refused: {refusal}") from refusal


def said_of(done: Erasure) -> str:
    """An erasure for people."""
    if done.pseudonym is None:
        return "Nothing is kept about this user: there was nothing to erase."
    return (
        f"The member is now {done.pseudonym}: {done.payments} payments stay under it, "
        f"{done.mails} mails and {done.events} events lost what they said."
    )
