"""The long texts of rows, made by the service's own code, with words in @ where each row differs."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from adapters.catalogue import load_catalogue
from adapters.email.letters import JinjaLetterWriter
from adapters.stripe.gateway import StripeGateway
from adapters.wording.catalogues import BabelWording
from application.ports.gateway import CheckoutOrder
from application.ports.installation import InstallationId
from application.ports.mail import Letter, PaymentConfirmation, RefundNotice
from bench.events import template
from domain.member import Locale, Member, UserId, UserType
from domain.money import Money
from domain.payment import PaymentId

ZONE: Final = ZoneInfo("Africa/Casablanca")
APP_URL: Final = "https://pay.example.org"
CURRENCY: Final = "mad"
MODEL: Final = UUID("00000000-0000-7000-8000-00000000d0d0")
NAME: Final = "Salma Bennani"
EMAIL: Final = "someone@example.org"
RECEIPT: Final = "2026-987654"
INSTALLATION: Final = InstallationId("0" * 32)
AT: Final = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)


class Fee(Struct, frozen=True):
    """What a kind of member pays: minor units of CURRENCY."""

    user_type: str
    plan: str
    amount: int


class Texts(Struct, frozen=True, kw_only=True):
    """All of them, ready to stand in a column of COPY's text format.

    checkout: the request that opened a checkout (@PAYMENT@ @USER@ @CUSTOMER@ @EXPIRES@). customer: the one that made a customer
    (@EMAIL@ @USER@). event: the body of an event (@NUMBER@ @SESSION@ @PAYMENT@ @USER@). The others are by language.
    """

    fees: dict[str, Fee]
    event: str
    customer: str
    checkout: dict[str, str]
    confirmation: dict[str, str]
    refund: dict[str, str]


def escaped(text: str) -> str:
    """A text as COPY reads it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def columns_of(letter: Letter) -> str:
    """The columns of a letter, with words for what differs."""
    text = "\t".join(escaped(part) for part in (letter.subject, letter.html, letter.text))
    for model, word in ((EMAIL, "@EMAIL@"), (str(MODEL), "@PAYMENT@"), (RECEIPT, "@RECEIPT@")):
        text = text.replace(model, word)
    return text


def all_texts() -> Texts:
    """The texts of members of every language, worded by what serves."""
    catalogue = load_catalogue(None, [CURRENCY])
    plans = {kind: catalogue.plan_for(kind) for kind in UserType}
    fees = {
        kind.value: Fee(kind.value, str(plan.id), plan.price(frozenset()).amount_minor) for kind, plan in plans.items()
    }
    gateway = StripeGateway(secret_key="sk_test_of_the_bench", api_base=None, app_url=APP_URL)  # noqa: S106 # calls nobody
    member = Member(user_id=UserId("@USER@"), user_type=UserType.TALENT, email="@EMAIL@", name=NAME)
    writer = JinjaLetterWriter(BabelWording(ZONE))
    amount = plans[UserType.TALENT].price(frozenset())
    checkouts, confirmations, refunds = {}, {}, {}
    for locale in Locale:
        plan = plans[UserType.TALENT]
        order = CheckoutOrder(
            payment_id=PaymentId(MODEL),
            user_id=UserId("@USER@"),
            customer_id="@CUSTOMER@",
            plan=plan.id,
            plan_name=plan.name(locale),
            amount=amount,
            locale=locale,
            expires_at=AT,
            installation=INSTALLATION,
        )
        request = gateway.prepare_checkout(order).replace(str(MODEL), "@PAYMENT@")
        checkouts[locale.value] = escaped(request).replace(str(int(AT.timestamp())), "@EXPIRES@")
        confirmations[locale.value] = columns_of(writer.confirmation(_confirmation(locale, plan.name(locale), amount)))
        refunds[locale.value] = columns_of(writer.refund_notice(_notice(locale, plan.name(locale), amount)))
    return Texts(
        fees=fees,
        event=escaped(template(int(AT.timestamp()))),
        customer=escaped(gateway.prepare_customer(member, INSTALLATION)),
        checkout=checkouts,
        confirmation=confirmations,
        refund=refunds,
    )


def _confirmation(locale: Locale, plan_name: str, amount: Money) -> PaymentConfirmation:
    return PaymentConfirmation(
        to=EMAIL,
        name=NAME,
        locale=locale,
        plan_name=plan_name,
        amount=amount,
        paid_at=AT,
        period_start=AT,
        period_end=AT.replace(year=2027),
        receipt_number=RECEIPT,
        receipt_url=f"{APP_URL}/dashboard/billing/{MODEL}/receipt",
    )


def _notice(locale: Locale, plan_name: str, amount: Money) -> RefundNotice:
    return RefundNotice(
        to=EMAIL,
        name=NAME,
        locale=locale,
        plan_name=plan_name,
        amount=amount,
        duplicate=False,
        history_url=f"{APP_URL}/dashboard/billing",
    )
