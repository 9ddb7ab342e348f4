"""PaymentIntents, payment methods, charges and balance transactions, as their API shows them."""

from entrypoints.sandbox.cards import Card, Decline
from entrypoints.sandbox.metadata import set_metadata
from entrypoints.sandbox.state import State
from entrypoints.sandbox.wire import JsonObject, new_id, random_text

_NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def new_payment_intent(state: State, session: JsonObject, given: JsonObject) -> JsonObject:
    """The PaymentIntent of a session, at the buyer's first attempt. Its metadata comes from payment_intent_data alone."""
    identifier = new_id("pi")
    absent = (
        "application application_fee_amount canceled_at cancellation_reason customer_account excluded_payment_method_types "
        "last_payment_error latest_charge next_action on_behalf_of payment_method processing review transfer_data"
    )
    return state.add(
        {
            "id": identifier,
            "object": "payment_intent",
            **dict.fromkeys(absent.split()),
            "amount": session["amount_total"],
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "automatic_payment_methods": None,
            "capture_method": given.get("capture_method") or "automatic_async",
            "client_secret": f"{identifier}_secret_{random_text(25)}",
            "confirmation_method": "automatic",
            "created": int(state.now()),
            "currency": session["currency"],
            "customer": session["customer"],
            "description": given.get("description"),
            "livemode": False,
            "metadata": set_metadata(given),
            "payment_method_configuration_details": None,
            "payment_method_options": {
                "card": {
                    "installments": None,
                    "mandate_options": None,
                    "network": None,
                    "request_three_d_secure": "automatic",
                }
            },
            "payment_method_types": list(session["payment_method_types"]),
            "receipt_email": given.get("receipt_email"),
            "setup_future_usage": given.get("setup_future_usage"),
            "shipping": given.get("shipping"),
            "statement_descriptor": given.get("statement_descriptor"),
            "statement_descriptor_suffix": given.get("statement_descriptor_suffix"),
            "status": "requires_payment_method",
            "transfer_group": given.get("transfer_group"),
        }
    )


def new_payment_method(state: State, card: Card | None, session: JsonObject) -> JsonObject:
    """What the buyer pays with: a card, or a delayed bank debit when there is none."""
    method: JsonObject = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": _billing(session),
        "created": int(state.now()),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card" if card else "sepa_debit",
    }
    if card is None:
        method["sepa_debit"] = {
            "bank_code": "37040044",
            "branch_code": "",
            "country": "DE",
            "fingerprint": random_text(16),
            "generated_from": {"charge": None, "setup_attempt": None},
            "last4": "3000",
        }
    else:
        method["card"] = {
            **_card(card),
            "display_brand": card.brand if card.brand != "amex" else "american_express",
            "generated_from": None,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
        }
    return state.add(method)


def new_charge(
    state: State, intent: JsonObject, method: JsonObject, card: Card | None, session: JsonObject, base_url: str
) -> JsonObject:
    """A charge that has not been decided; see `decide_charge`."""
    identifier = new_id("ch")
    absent = (
        "application application_fee application_fee_amount balance_transaction failure_balance_transaction failure_code "
        "failure_message on_behalf_of outcome receipt_number review source_transfer transfer_data"
    )
    charge: JsonObject = {
        "id": identifier,
        "object": "charge",
        **dict.fromkeys(absent.split()),
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": _billing(session),
        "calculated_statement_descriptor": "SANDBOX MERCHANT",
        "captured": False,
        "created": int(state.now()),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _method_details(method, card, intent),
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_url": f"{base_url}/receipts/{identifier}",
        "refunded": False,
        "shipping": intent["shipping"],
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "pending",
        "transfer_group": intent["transfer_group"],
    }
    return state.add(charge)


def decide_charge(charge: JsonObject, decline: Decline | None) -> None:
    """Lets a charge succeed, or fail for a reason."""
    if decline is None:
        charge.update(status="succeeded", paid=True, captured=True, amount_captured=charge["amount"])
    else:
        charge.update(
            status="failed",
            failure_code=decline.code,
            failure_message=decline.message,
            receipt_url=None,
        )
    by_network = decline is None or decline.network_decline_code
    charge["outcome"] = {
        "advice_code": decline.advice_code if decline else None,
        "network_advice_code": decline.network_advice_code if decline else None,
        "network_decline_code": decline.network_decline_code if decline else None,
        "network_status": ("declined_by_network" if decline else "approved_by_network")
        if by_network
        else "not_sent_to_network",
        "reason": decline.decline_code if decline else None,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": (
            "The bank did not return any further details with this decline." if decline else "Payment complete."
        ),
        "type": "issuer_declined" if decline else "authorized",
    }


def decline_error(decline: Decline, charge: JsonObject | None, method: JsonObject) -> JsonObject:
    """The last_payment_error of an intent."""
    code = decline.code.replace("_", "-")
    error: JsonObject = {
        "advice_code": decline.advice_code,
        "charge": charge["id"] if charge else None,
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": f"https://stripe.com/docs/error-codes/{code}",
        "message": decline.message,
        "network_advice_code": decline.network_advice_code,
        "network_decline_code": decline.network_decline_code,
        "param": decline.param,
        "type": "card_error" if decline.decline_code else "invalid_request_error",
    }
    return {**{key: value for key, value in error.items() if value is not None}, "payment_method": dict(method)}


def _billing(session: JsonObject) -> JsonObject:
    details = session["customer_details"] or {}
    return {
        "address": dict(_NO_ADDRESS),
        "email": details.get("email"),
        "name": details.get("name"),
        "phone": None,
        "tax_id": None,
    }


def _card(card: Card) -> JsonObject:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"Sandbox{card.last4}00000",
        "funding": "credit",
        "last4": card.last4,
        "wallet": None,
    }


def _method_details(method: JsonObject, card: Card | None, intent: JsonObject) -> JsonObject:
    if card is None:
        kept = ("bank_code", "branch_code", "country", "fingerprint", "last4")
        return {
            "type": "sepa_debit",
            "sepa_debit": {**{key: method["sepa_debit"][key] for key in kept}, "mandate": None},
        }
    return {
        "card": {
            **_card(card),
            "amount_authorized": intent["amount"],
            "authorization_code": random_text(6).upper(),
            "extended_authorization": {"status": "disabled"},
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": card.brand,
            "network_token": {"used": False},
            "network_transaction_id": random_text(15),
            "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": None,
        },
        "type": "card",
    }
