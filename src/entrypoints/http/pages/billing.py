"""The billing history, and a receipt to print."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from application.list_payments import ListPayments
from application.show_receipt import ShowReceipt
from domain.payment import PAYABLE
from entrypoints.http.pages.landing import payment_id_of
from entrypoints.http.pages.payment import payment_path
from entrypoints.http.pages.phrases import state_of
from entrypoints.http.pages.visitor import OPTIONS, PageRequest, pages_of, reader_of


@get("/dashboard/billing", **OPTIONS)
async def billing_history(
    request: PageRequest, list_payments: NamedDependency[ListPayments], starting_after: FromQuery[str] = ""
) -> Response[str]:
    """Every payment of the member, newest first."""
    member = reader_of(request)
    cursor = payment_id_of(starting_after) if starting_after else None
    history = await list_payments(member.user_id, starting_after=cursor)
    older = history.records[-1].payment.id if history.has_more else None
    return pages_of(request).page(
        request,
        "billing.html",
        rows=[(record.payment, record.invoice, *state_of(record.payment)) for record in history.records],
        older=older,
        newest=cursor is None,
        payable=PAYABLE,
        pay_path=payment_path(member),
    )


@get("/dashboard/billing/{payment_id:str}/receipt", **OPTIONS)
async def receipt(
    request: PageRequest, payment_id: FromPath[str], show_receipt: NamedDependency[ShowReceipt]
) -> Response[str]:
    """One receipt, for the screen and for A4."""
    member = reader_of(request)
    found = await show_receipt(member.user_id, payment_id_of(payment_id))
    state, tone = state_of(found.record.payment)
    return pages_of(request).page(
        request,
        "receipt.html",
        receipt=found,
        payment=found.record.payment,
        invoice=found.record.invoice,
        plan_name=found.plan.name(member.locale),
        state=state,
        tone=tone,
    )
