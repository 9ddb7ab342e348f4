"""Balance transactions: what each movement of money does to the merchant's balance."""

from entrypoints.sandbox.state import State
from entrypoints.sandbox.wire import JsonObject, new_id

SETTLING_SECONDS = 7 * 86_400
DISPUTE_FEE = 1500


def book_charge(state: State, charge: JsonObject) -> JsonObject:
    """What a charge brings, after a fee of 2.9 % and 30 minor units."""
    fee = min(charge["amount"] * 29 // 1000 + 30, charge["amount"])
    return _entry(state, charge, charge["amount"], fee, "charge", charge["description"])


def book_refund(state: State, refund: JsonObject, charge: JsonObject) -> JsonObject:
    """What a refund costs. The fee of the charge is not given back."""
    description = "REFUND FOR CHARGE" + (f" ({charge['description']})" if charge["description"] else "")
    return _entry(state, refund, -refund["amount"], 0, "refund", description)


def book_refund_failure(state: State, refund: JsonObject) -> JsonObject:
    """What a failed refund brings back."""
    return _entry(state, refund, refund["amount"], 0, "refund_failure", "REFUND FAILURE")


def book_withdrawal(state: State, dispute: JsonObject) -> JsonObject:
    """What a chargeback takes: the amount, and a fee that never comes back."""
    description = f"Chargeback withdrawal for {dispute['charge']}"
    return _entry(
        state, dispute, -dispute["amount"], DISPUTE_FEE, "adjustment", description, "dispute", fee_name="Dispute fee"
    )


def book_reversal(state: State, dispute: JsonObject) -> JsonObject:
    """What a dispute that was won brings back: the amount without the fee."""
    description = f"Chargeback reversal for {dispute['charge']}"
    return _entry(state, dispute, dispute["amount"], 0, "adjustment", description, "dispute_reversal")


def _entry(
    state: State,
    source: JsonObject,
    amount: int,
    fee: int,
    type: str,
    description: str | None,
    category: str | None = None,
    fee_name: str = "Stripe processing fees",
) -> JsonObject:
    """One entry. amount, fee: minor units of the source's currency, negative for what goes out."""
    now = int(state.now())
    fees = {
        "amount": fee,
        "application": None,
        "currency": source["currency"],
        "description": fee_name,
        "type": "stripe_fee",
    }
    return state.add(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": now + SETTLING_SECONDS,
            "balance_type": "payments",
            "created": now,
            "currency": source["currency"],
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [fees] if fee else [],
            "net": amount - fee,
            "reporting_category": category or type,
            "source": source["id"],
            "status": "pending",
            "type": type,
        }
    )
