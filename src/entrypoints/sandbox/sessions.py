"""Checkout Sessions: made from their parameters, expired by call or by time."""

from entrypoints.sandbox.errors import invalid
from entrypoints.sandbox.metadata import set_metadata
from entrypoints.sandbox.state import SessionNotes, State
from entrypoints.sandbox.wire import JsonObject, new_id

DAY_SECONDS = 86_400


def new_session(state: State, given: JsonObject, base_url: str, account_name: str) -> JsonObject:
    """A new open session; its parameters were checked before."""
    created = int(state.now())
    identifier = new_id("cs_test_a1")
    lines = [_line_item(state, line, created) for line in given["line_items"]]
    total = sum(line["amount_total"] for line in lines)
    customer = state.find("customer", given.get("customer"))
    invoice_creation = given.get("invoice_creation") or {}
    invoice_data = invoice_creation.get("invoice_data") or {}
    creation = None if customer else given.get("customer_creation") or "if_required"
    session: JsonObject = {
        "id": identifier,
        "object": "checkout.session",
        **_constants(account_name),
        "adaptive_pricing": {"enabled": (given.get("adaptive_pricing") or {}).get("enabled", True)},
        "allow_promotion_codes": given.get("allow_promotion_codes"),
        "amount_subtotal": total,
        "amount_total": total,
        "billing_address_collection": given.get("billing_address_collection"),
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "created": created,
        "currency": lines[0]["currency"],
        "customer": customer["id"] if customer else None,
        "customer_creation": "always" if creation and invoice_creation.get("enabled") else creation,
        "customer_details": _details(customer, given.get("customer_email")),
        "customer_email": given.get("customer_email"),
        "expires_at": given.get("expires_at") or created + DAY_SECONDS,
        "integration_identifier": given.get("integration_identifier"),
        "invoice_creation": {
            "enabled": bool(invoice_creation.get("enabled")),
            "invoice_data": _invoice_data(invoice_data),
        },
        "locale": given.get("locale"),
        "metadata": set_metadata(given),
        "origin_context": given.get("origin_context"),
        "payment_method_collection": given.get("payment_method_collection") or "if_required",
        "payment_method_types": given.get("allowed_payment_method_types") or ["card", "sepa_debit"],
        "submit_type": given.get("submit_type"),
        "success_url": given["success_url"],
        "url": f"{base_url}/c/pay/{identifier}#sandbox",
    }
    state.line_items[identifier] = lines
    state.notes[identifier] = SessionNotes(
        payment_intent_data=given.get("payment_intent_data") or {}, invoice_data=invoice_data
    )
    return state.add(session)


def check_can_expire(session: JsonObject) -> None:
    """Only an open session can be expired by call. Raises StripeFault (400)."""
    if session["status"] != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`."
        )


def close(session: JsonObject, status: str) -> None:
    """A session that is not open any more has no page."""
    session["status"] = status
    session["url"] = None


def is_overdue(state: State, session: JsonObject) -> bool:
    """Whether an open session has outlived its expires_at."""
    return bool(session["status"] == "open" and session["expires_at"] <= state.now())


def _details(customer: JsonObject | None, email: str | None) -> JsonObject | None:
    if customer is None and email is None:
        return None
    return buyer_details(customer["email"] if customer else email, customer["name"] if customer else None)


def buyer_details(email: str | None, name: str | None) -> JsonObject:
    """The customer_details of a session."""
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def _invoice_data(given: JsonObject) -> JsonObject:
    names = ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")
    return {**{name: given.get(name) for name in names}, "metadata": set_metadata(given)}


def _line_item(state: State, line: JsonObject, created: int) -> JsonObject:
    given = line["price_data"]
    product_data = given["product_data"]
    product = state.add(
        {
            "id": new_id("prod"),
            "object": "product",
            "active": False,
            "attributes": [],
            "created": created,
            "default_price": None,
            "description": product_data.get("description"),
            "images": product_data.get("images") or [],
            "livemode": False,
            "marketing_features": [],
            "metadata": product_data.get("metadata") or {},
            "name": product_data["name"],
            "package_dimensions": None,
            "shippable": None,
            "statement_descriptor": None,
            "tax_code": product_data.get("tax_code"),
            "type": "service",
            "unit_label": product_data.get("unit_label"),
            "updated": created,
            "url": None,
        }
    )
    amount = given["unit_amount"] * line["quantity"]
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": given["currency"],
        "description": product["name"],
        "metadata": line.get("metadata") or {},
        "price": _price(state, given, product["id"], created),
        "quantity": line["quantity"],
    }


def _price(state: State, given: JsonObject, product_id: str, created: int) -> JsonObject:
    return state.add(
        {
            "id": new_id("price"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": created,
            "currency": given["currency"],
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": product_id,
            "recurring": None,
            "tax_behavior": given.get("tax_behavior") or "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": given["unit_amount"],
            "unit_amount_decimal": str(given["unit_amount"]),
        }
    )


def _constants(account_name: str) -> JsonObject:
    absent = (
        "after_expiration client_secret consent consent_collection currency_conversion customer_account invoice "
        "payment_intent payment_link permissions recovered_from setup_intent shipping_address_collection shipping_cost "
        "subscription wallet_options"
    )
    return {
        **dict.fromkeys(absent.split()),
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "branding_settings": {
            "background_color": "#ffffff",
            "border_style": "rounded",
            "button_color": "#0074d4",
            "display_name": account_name,
            "font_family": "default",
            "icon": None,
            "logo": None,
        },
        "collected_information": {"business_name": None, "individual_name": None, "shipping_details": None},
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "discounts": [],
        "livemode": False,
        "mode": "payment",
        "payment_method_configuration_details": {"id": "pmc_1SandboxSandboxSandbox01", "parent": None},
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "saved_payment_method_options": {
            "allow_redisplay_filters": ["always"],
            "payment_method_remove": "disabled",
            "payment_method_save": None,
        },
        "shipping_options": [],
        "status": "open",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
    }
