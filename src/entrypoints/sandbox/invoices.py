"""The invoice that a paid session gets when invoice_creation is enabled."""

from entrypoints.sandbox.metadata import set_metadata
from entrypoints.sandbox.state import State
from entrypoints.sandbox.wire import JsonObject, new_id, random_text

_ABSENT = (
    "account_tax_ids application automatically_finalizes_at confirmation_secret customer_account customer_address "
    "customer_phone customer_shipping default_payment_method default_source due_date effective_at ending_balance "
    "from_invoice hosted_invoice_url invoice_pdf last_finalization_error latest_revision next_payment_attempt number "
    "on_behalf_of parent receipt_number shipping_cost shipping_details statement_descriptor test_clock webhooks_delivered_at"
)
_EMPTY = "customer_tax_ids default_tax_rates discounts total_discount_amounts total_pretax_credit_amounts total_taxes"
_ZERO = (
    "amount_overpaid amount_paid amount_paid_off_stripe amount_shipping attempt_count post_payment_credit_notes_amount "
    "pre_payment_credit_notes_amount starting_balance"
)


def draft_invoice(state: State, session: JsonObject, given: JsonObject) -> JsonObject:
    """A draft with the lines of the session. Its metadata comes from invoice_creation.invoice_data alone."""
    now = int(state.now())
    identifier = new_id("in")
    customer = state.find("customer", session["customer"]) or {}
    details = session["customer_details"] or {}
    total = session["amount_total"]
    return state.add(
        {
            "id": identifier,
            "object": "invoice",
            **dict.fromkeys(_ABSENT.split()),
            **{name: [] for name in _EMPTY.split()},
            **dict.fromkeys(_ZERO.split(), 0),
            "account_country": "FR",
            "account_name": session["branding_settings"]["display_name"],
            "amount_due": total,
            "amount_remaining": total,
            "attempted": False,
            "auto_advance": False,
            "automatic_tax": {
                "disabled_reason": None,
                "enabled": False,
                "liability": None,
                "provider": None,
                "status": None,
            },
            "billing_reason": "manual",
            "collection_method": "charge_automatically",
            "created": now,
            "currency": session["currency"],
            "custom_fields": given.get("custom_fields"),
            "customer": session["customer"],
            "customer_email": details.get("email") or customer.get("email"),
            "customer_name": details.get("name") or customer.get("name"),
            "customer_tax_exempt": "none",
            "description": given.get("description"),
            "footer": given.get("footer"),
            "issuer": {"type": "self"},
            "lines": _lines(state, session, identifier, now),
            "livemode": False,
            "metadata": set_metadata(given),
            "payment_settings": {
                "default_mandate": None,
                "payment_method_options": None,
                "payment_method_types": None,
            },
            "period_end": now,
            "period_start": now,
            "rendering": None,
            "status": "draft",
            "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
            "subtotal": total,
            "subtotal_excluding_tax": total,
            "total": total,
            "total_excluding_tax": total,
        }
    )


def finalize(state: State, invoice: JsonObject, base_url: str) -> None:
    """Gives an invoice its number and its addresses."""
    now = int(state.now())
    customer = state.find("customer", invoice["customer"])
    prefix, number = "SANDBOX", len(state.kind("invoice"))
    if customer is not None:
        prefix, number = customer["invoice_prefix"], customer["next_invoice_sequence"]
        customer["next_invoice_sequence"] += 1
    address = f"{base_url}/i/{invoice['id']}/{random_text(24)}"
    invoice.update(
        number=f"{prefix}-{number:04d}",
        status="open",
        effective_at=now,
        ending_balance=0,
        hosted_invoice_url=address,
        invoice_pdf=f"{address}/pdf",
    )
    invoice["status_transitions"]["finalized_at"] = now


def pay(state: State, invoice: JsonObject, intent: JsonObject | None) -> JsonObject | None:
    """Marks an invoice paid. Returns the invoice payment that links it to the PaymentIntent, if there was one."""
    now = int(state.now())
    invoice.update(
        status="paid", amount_paid=invoice["amount_due"], amount_remaining=0, attempted=True, webhooks_delivered_at=now
    )
    invoice["status_transitions"]["paid_at"] = now
    if intent is None:
        return None
    return state.add(
        {
            "id": new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": invoice["amount_paid"],
            "amount_requested": invoice["amount_paid"],
            "created": now,
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": "paid",
            "status_transitions": {"canceled_at": None, "paid_at": now},
        }
    )


def _lines(state: State, session: JsonObject, invoice_id: str, now: int) -> JsonObject:
    lines = [
        {
            "id": new_id("il"),
            "object": "line_item",
            "amount": item["amount_total"],
            "currency": item["currency"],
            "description": item["description"],
            "discount_amounts": [],
            "discountable": True,
            "discounts": [],
            "invoice": invoice_id,
            "livemode": False,
            "metadata": {},
            "parent": None,
            "period": {"end": now, "start": now},
            "pretax_credit_amounts": [],
            "pricing": {
                "price_details": {"price": item["price"]["id"], "product": item["price"]["product"]},
                "type": "price_details",
                "unit_amount_decimal": item["price"]["unit_amount_decimal"],
            },
            "quantity": item["quantity"],
            "quantity_decimal": str(item["quantity"]),
            "subtotal": item["amount_subtotal"],
            "subscription": None,
            "taxes": [],
        }
        for item in state.line_items[session["id"]]
    ]
    return {
        "object": "list",
        "data": lines,
        "has_more": False,
        "total_count": len(lines),
        "url": f"/v1/invoices/{invoice_id}/lines",
    }
