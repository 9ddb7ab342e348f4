"""What may be said when a Checkout Session is created, and the rules that go over more than one parameter."""

from entrypoints.sandbox.errors import invalid, missing_parameter, no_such
from entrypoints.sandbox.money import CURRENCIES, LEAST_MINOR, MOST_MINOR, THREE_DECIMAL, written_in_errors
from entrypoints.sandbox.parameters import (
    Anything,
    Choice,
    Email,
    Fields,
    Flag,
    Integer,
    Items,
    Kind,
    Metadata,
    NotHere,
    Text,
    Url,
)
from entrypoints.sandbox.state import State
from entrypoints.sandbox.wire import JsonObject

_LOCALES = (
    "auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk "
    "sl sv th tr vi zh zh-HK zh-TW"
).split()
_REQUIRED_TEXT = Text(can_be_unset=False)
_PRODUCT: dict[str, Kind] = {
    "name": _REQUIRED_TEXT,
    "description": Text(40000, can_be_unset=False),
    "images": Items(Text(2048), 8),
    "metadata": Metadata(),
    "tax_code": Text(),
    "tax_details": Anything(),
    "unit_label": Text(12),
}
_PRICE: dict[str, Kind] = {
    "currency": _REQUIRED_TEXT,
    "product": Text(),
    "product_data": Fields(_PRODUCT, ("name",)),
    "recurring": NotHere(),
    "tax_behavior": Choice("exclusive", "inclusive", "unspecified"),
    "unit_amount": Integer(0),
    "unit_amount_decimal": NotHere(),
}
_LINE: dict[str, Kind] = {
    "adjustable_quantity": NotHere(),
    "dynamic_tax_rates": NotHere(),
    "metadata": Metadata(),
    "price": Text(),
    "price_data": Fields(_PRICE, ("currency",)),
    "quantity": Integer(1, 999_999),
    "tax_rates": NotHere(),
}
_PAYMENT_INTENT: dict[str, Kind] = {
    "capture_method": Choice("automatic", "automatic_async"),
    "description": Text(1000),
    "metadata": Metadata(),
    "receipt_email": Email(),
    "setup_future_usage": Choice("off_session", "on_session"),
    "shipping": Anything(),
    "statement_descriptor": Text(22),
    "statement_descriptor_suffix": Text(22),
    "transfer_group": Text(),
    **dict.fromkeys(("application_fee_amount", "on_behalf_of", "transfer_data"), NotHere()),
}
_INVOICE: dict[str, Kind] = {
    "account_tax_ids": NotHere(),
    "custom_fields": Items(Fields({"name": Text(40), "value": Text(140)}, ("name", "value")), 4),
    "description": Text(1500),
    "footer": Text(),
    "issuer": Anything(),
    "metadata": Metadata(),
    "rendering_options": Anything(),
}
_ENABLED = Fields({"enabled": Flag()}, ("enabled",))
CREATE = Fields(
    {
        "adaptive_pricing": Fields({"enabled": Flag()}),
        "after_expiration": NotHere(),
        "allow_promotion_codes": Flag(),
        "allowed_payment_method_types": Items(_REQUIRED_TEXT),
        "automatic_tax": Fields({"enabled": Choice("false"), "liability": Anything()}, ("enabled",)),
        "billing_address_collection": Choice("auto", "required"),
        "branding_settings": Anything(),
        "cancel_url": Url(),
        "client_reference_id": Text(200),
        "consent_collection": Anything(),
        "currency": Text(3),
        "custom_fields": NotHere(),
        "custom_text": Anything(),
        "customer": Text(),
        "customer_account": NotHere(),
        "customer_creation": Choice("always", "if_required"),
        "customer_email": Email(800),
        "customer_update": Fields({name: Choice("auto", "never") for name in ("address", "name", "shipping")}),
        "discounts": NotHere(),
        "excluded_payment_method_types": Items(_REQUIRED_TEXT),
        "expand": Anything(),
        "expires_at": Integer(),
        "integration_identifier": Text(),
        "invoice_creation": Fields({"enabled": Flag(), "invoice_data": Fields(_INVOICE)}, ("enabled",)),
        "line_items": Items(Fields(_LINE), 100),
        "locale": Choice(*_LOCALES),
        "managed_payments": NotHere(),
        "metadata": Metadata(),
        "mode": Choice("payment", "setup", "subscription"),
        "name_collection": Anything(),
        "optional_items": NotHere(),
        "origin_context": Choice("mobile_app", "web"),
        "payment_intent_data": Fields(_PAYMENT_INTENT),
        "payment_method_collection": Choice("always", "if_required"),
        "payment_method_configuration": Text(),
        "payment_method_data": Anything(),
        "payment_method_options": Anything(),
        "permissions": Anything(),
        "phone_number_collection": _ENABLED,
        "redirect_on_completion": NotHere(),
        "return_url": NotHere(),
        "saved_payment_method_options": Anything(),
        "setup_intent_data": NotHere(),
        "shipping_address_collection": NotHere(),
        "shipping_options": NotHere(),
        "submit_type": Choice("auto", "book", "donate", "pay", "subscribe"),
        "subscription_data": NotHere(),
        "success_url": Url(),
        "tax_id_collection": NotHere(),
        "ui_mode": Choice("elements", "embedded_page", "hosted_page"),
        "wallet_options": Anything(),
    }
)


def check(state: State, given: JsonObject) -> None:
    """Refuses what no single parameter shows to be wrong. Raises StripeFault (400)."""
    if "mode" not in given:
        raise missing_parameter("mode")
    if given["mode"] != "payment":
        raise invalid("The local sandbox offers Checkout Sessions in `payment` mode only.", "mode")
    if given.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid("The local sandbox offers hosted pages only.", "ui_mode")
    if "success_url" not in given:
        raise missing_parameter("success_url")
    if not given.get("line_items"):
        raise missing_parameter("line_items")
    for other in ("customer_email", "customer_creation"):
        if given.get("customer") and given.get(other):
            raise invalid(f"You may only specify one of these parameters: customer, {other}.", "customer")
    if given.get("customer_update") and not given.get("customer"):
        raise invalid("`customer_update` can only be used with `customer`.", "customer_update")
    if given.get("customer") and state.find("customer", given["customer"]) is None:
        raise no_such("customer", given["customer"], "customer", 400)
    _check_expiry(state, given)
    for index, line in enumerate(given["line_items"]):
        _check_line(state, line, f"line_items[{index}]")
    _check_total(given["line_items"])


def _check_expiry(state: State, given: JsonObject) -> None:
    now = state.now()
    expires_at = given.get("expires_at")
    if expires_at is None:
        return
    if expires_at >= int(now) + 86_400:
        text = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise invalid(text, "expires_at")
    if expires_at <= now + 1_800:
        text = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise invalid(text, "expires_at")


def _check_line(state: State, line: JsonObject, name: str) -> None:
    if line.get("price"):
        raise no_such("price", line["price"], f"{name}[price]", 400)
    price = line.get("price_data")
    if price is None:
        raise missing_parameter(f"{name}[price_data]")
    if price.get("product"):
        raise no_such("product", price["product"], f"{name}[price_data][product]", 400)
    if "product_data" not in price:
        raise missing_parameter(f"{name}[price_data][product_data]")
    if "unit_amount" not in price:
        raise missing_parameter(f"{name}[price_data][unit_amount]")
    if "quantity" not in line:
        raise missing_parameter(f"{name}[quantity]")
    currency = price["currency"] = price["currency"].lower()
    if currency not in CURRENCIES or currency in state.unsupported_currencies:
        offered = [one for one in CURRENCIES if one not in state.unsupported_currencies]
        text = f"Invalid currency: {currency[:50]}. Stripe currently supports these currencies: {', '.join(offered)}"
        raise invalid(text, f"{name}[price_data][currency]")
    if currency in THREE_DECIMAL and price["unit_amount"] % 10:
        text = f"Invalid amount. Amounts in {currency} must be a multiple of 10."
        raise invalid(text, f"{name}[price_data][unit_amount]")


def _check_total(lines: list[JsonObject]) -> None:
    currency = lines[0]["price_data"]["currency"]
    if any(line["price_data"]["currency"] != currency for line in lines):
        raise invalid("All line items must have the same currency.", "line_items")
    total = sum(line["price_data"]["unit_amount"] * line["quantity"] for line in lines)
    least = LEAST_MINOR.get(currency, 1)
    if 0 < total < least:
        raise invalid(
            f"The Checkout Session's total amount due must add up to at least {written_in_errors(least, currency)}"
        )
    if total > MOST_MINOR:
        most = written_in_errors(MOST_MINOR, currency)
        text = f"The Checkout Session's total amount due must be no more than {most}"
        raise invalid(text, "line_items", "amount_too_large")
