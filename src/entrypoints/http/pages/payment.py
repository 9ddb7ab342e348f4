"""The page on which a member pays."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from application.show_standing import ShowStanding, Standing
from application.start_checkout import CheckoutWish, StartCheckout
from domain.errors import AlreadySubscribed, PaymentInProgress
from domain.member import Member
from domain.money import Money
from domain.payment import PaymentStatus
from entrypoints.http.identity import PAGE
from entrypoints.http.pages.phrases import SUBSCRIPTION
from entrypoints.http.pages.visitor import OPTIONS, PageRequest, checked_form, pages_of, reader_of
from entrypoints.http.rate_limits import STARTS_CHECKOUT

PATH = "/dashboard/{user_type:str}/payment"


@get("/", **OPTIONS)
async def home(request: PageRequest) -> Response[None]:
    """To the member's own payment page."""
    pages = pages_of(request)
    return pages.see_other(pages.link(payment_path(reader_of(request))))


@get(PATH, **OPTIONS)
async def payment_page(
    request: PageRequest, user_type: FromPath[str], show_standing: NamedDependency[ShowStanding]
) -> Response[str]:
    """What the fee costs, what it buys, and one button."""
    member = own_page(request, user_type)
    return standing_page(request, await show_standing(member))


@post(PATH, opt={PAGE: True, STARTS_CHECKOUT: True}, include_in_schema=False)
async def pay(
    request: PageRequest, user_type: FromPath[str], start_checkout: NamedDependency[StartCheckout]
) -> Response[Any]:  # Any: a page or a redirect
    """To the hosted checkout, unless the price is no longer the one that the member saw."""
    member = own_page(request, user_type)
    fields = await checked_form(request)
    here = payment_path(member)
    try:
        offered = await start_checkout(CheckoutWish(member=member))
    except (AlreadySubscribed, PaymentInProgress):
        # The page itself says so, and why.
        return pages_of(request).see_other(pages_of(request).link(here))
    if not is_shown_price(fields, offered.payment.amount):
        asked = offered.payment.amount
        refused = fields.get("currency", "").upper() if fields.get("currency") != asked.currency else ""
        return pages_of(request).page(
            request, "price_changed.html", status=409, amount=asked, refused=refused[:3], pay_path=here
        )
    return pages_of(request).see_other(offered.url)


def own_page(request: PageRequest, user_type: str) -> Member:
    """The member, on the page of their own user type. Raises NotFoundException on another one's."""
    member = reader_of(request)
    if user_type != member.user_type.value:
        raise NotFoundException
    return member


def payment_path(member: Member) -> str:
    """Where a member pays."""
    return f"/dashboard/{member.user_type.value}/payment"


def is_shown_price(fields: dict[str, str], asked: Money) -> bool:
    """Whether the price that is asked for is the one that stood on the page whose form was sent."""
    return (fields.get("amount"), fields.get("currency")) == (str(asked.amount_minor), asked.currency)


def standing_page(request: PageRequest, standing: Standing) -> Response[str]:
    """The page of where a member stands."""
    unfinished = standing.unfinished
    open_payment = unfinished if unfinished is not None and unfinished.status is PaymentStatus.PENDING else None
    return pages_of(request).page(
        request,
        "payment.html",
        standing=standing,
        plan_name=standing.plan.name(pages_of(request).words(request).locale),
        subscription=SUBSCRIPTION[standing.access.status],
        open_payment=open_payment,
        processing=unfinished if open_payment is None else None,
        fallback=standing.plan.prices[0] if standing.price != standing.plan.prices[0] else None,
    )
