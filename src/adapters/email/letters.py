"""The writing desk: words each letter in the member's language, as HTML and as a plain text that says the same."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from application.ports.mail import Letter, PaymentConfirmation, RefundNotice
from application.ports.wording import Wording, Words, message

BRAND: Final = "Talents Acting"

TEMPLATES_FOLDER: Final = Path(__file__).parent / "templates"

WEB_ADDRESS: Final = re.compile(r"https?://[!-~]+")

ALWAYS_LEFT_TO_RIGHT: Final = frozenset({"receipt", "contact"})
"""Digits and addresses: between Arabic words, 2026-000001 would show as 000001-2026."""

ON_ONE_LINE: Final = frozenset({"paid_on", "start", "end", "end_time", "brand"})
"""Dates, times and who we are: they read badly when a line ends within them, Latin words between Arabic ones worst of all."""


COMMON: Final = {
    # What stands between a label and its value; French wants a space before it.
    "colon": message(": "),
    "greeting": message("Hello %(name)s,"),
    "greeting_without_name": message("Hello,"),
    "signature": message("The %(brand)s team"),
    "reason": message("You are receiving this e-mail because a payment was made with this address on %(brand)s."),
}
"""What every letter says, by the place in it."""

CONFIRMATION: Final = COMMON | {
    "subject": message("Your payment of %(amount)s is confirmed (receipt %(receipt)s)"),
    "preheader": message("%(plan)s, from %(start)s to %(end)s."),
    "title": message("Payment confirmed"),
    "thanks": message("Thank you. We have received your payment. Here are the details."),
    "label_plan": message("Plan"),
    "label_amount": message("Amount paid"),
    "label_paid_on": message("Paid on"),
    "label_period": message("Period"),
    "period": message("From %(start)s to %(end)s"),
    "label_receipt": message("Receipt number"),
    "until": message(
        "Your access runs until %(end)s at %(end_time)s (%(place)s time). It does not renew automatically."
    ),
    "button": message("View your receipt"),
    "question_reply": message(
        "Was this payment not made by you? Please reply to this e-mail as soon as you can, and we will look into it with you."
    ),
    "question_write": message(
        "Was this payment not made by you? Please write to %(contact)s as soon as you can, and we will look into it with you."
    ),
}

REFUND: Final = COMMON | {
    "subject": message("Your payment of %(amount)s was refunded"),
    "preheader": message("The money is on its way back to you."),
    "title": message("Refunded in full"),
    "what_happened": message("We have given back your payment of %(amount)s in full."),
    "what_stays": message(
        "It no longer counts: time that it had bought has ended. All that you paid for otherwise stays yours."
    ),
    "when": message("It goes back the way you paid. Banks usually show it within 5 to 10 days."),
    "button": message("View your payments"),
    "question_reply": message(
        "Did you not expect this? Please reply to this e-mail, and we will look into it with you."
    ),
    "question_write": message(
        "Did you not expect this? Please write to %(contact)s, and we will look into it with you."
    ),
}

DUPLICATE: Final = REFUND | {
    "subject": message("You paid twice: %(amount)s was refunded"),
    "what_happened": message(
        "You had already paid when this payment of %(amount)s arrived too. It bought nothing more, so we have given it back in full."
    ),
    "what_stays": message("Your first payment and the access it bought stay as they are. You need to do nothing."),
}


class JinjaLetterWriter:
    """Writes letters from templates. Satisfies LetterWriter."""

    def __init__(self, wording: Wording, *, brand: str = BRAND, contact: str | None = None) -> None:
        """brand: who signs.

        contact: the e-mail address to write to about a payment that somebody else made; None asks for a reply.
        """
        self._wording = wording
        self._brand = brand
        self._contact = contact
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES_FOLDER),
            autoescape=select_autoescape(enabled_extensions=("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        # Nothing is ever fetched; the rules of screens.css (phones, dark mode) cannot be inlined and stay in the head.
        self._inliner = css_inline.CSSInliner(minify_css=True, load_remote_stylesheets=False)

    def confirmation(self, facts: PaymentConfirmation) -> Letter:
        """The letter that confirms a payment.

        Raises ValueError for a link that is no absolute http or https address, and for times without an offset.
        """
        words = self._wording.of(facts.locale)
        values = {
            "receipt": words.clean(facts.receipt_number),
            "paid_on": words.day(facts.paid_at),
            "start": words.day(facts.period_start),
            "end": words.day(facts.period_end),
            "end_time": words.clock(facts.period_end),
            "place": words.place(),
        }
        return self._letter("confirmation", facts, CONFIRMATION, values, facts.receipt_url)

    def refund_notice(self, facts: RefundNotice) -> Letter:
        """The letter that tells of a full refund. Raises ValueError for a link that is no absolute http or https address."""
        phrases = DUPLICATE if facts.duplicate else REFUND
        return self._letter("refund_notice", facts, phrases, {}, facts.history_url)

    def _letter(
        self,
        template: str,
        facts: PaymentConfirmation | RefundNotice,
        table: Mapping[str, str],
        own_values: Mapping[str, str],
        link: str,
    ) -> Letter:
        if not WEB_ADDRESS.fullmatch(link):
            raise ValueError("the link in a letter is an absolute http or https address")
        words = self._wording.of(facts.locale)
        # What fills the blanks of the phrases; all that others wrote is clean.
        values = {
            "name": words.clean(facts.name),
            "plan": words.clean(facts.plan_name),
            "amount": words.amount(facts.amount),
            "brand": self._brand,
            "contact": self._contact or "",
            **own_values,
        }
        apart = self._set_apart(words)
        plain = {key: words.isolated(value) if key in apart else value for key, value in values.items()}
        marked = {key: _marked(key, value) for key, value in values.items()}
        phrases = {key: words.gettext(phrase) for key, phrase in table.items()}
        subject = phrases["subject"] % plain
        common = {
            "language": str(facts.locale),
            "direction": words.direction,
            "subject": subject,
            "named": bool(values["name"]),
            "reachable": bool(values["contact"]),
            "link": link,
        }
        say = {key: phrase % plain for key, phrase in phrases.items()}
        text = self._templates.get_template(f"{template}.txt").render(common, say=say, fact=plain)
        say_marked = {key: escape(phrase) % marked for key, phrase in phrases.items()}
        html = self._templates.get_template(f"{template}.html").render(common, say=say_marked, fact=marked)
        return Letter(to=facts.to, subject=subject, html=self._inliner.inline(html), text=text)

    def _set_apart(self, words: Words) -> frozenset[str]:
        """Which values could turn the text around them: those that others wrote, and in Arabic the Latin ones too."""
        others_wrote = frozenset({"name", "plan"})
        return others_wrote if words.direction == "ltr" else others_wrote | ALWAYS_LEFT_TO_RIGHT | {"brand"}


def _marked(key: str, value: str) -> Markup:
    """`value` escaped for HTML and isolated, so that neither its markup nor its direction leaks."""
    if key in ALWAYS_LEFT_TO_RIGHT:
        return Markup('<bdi dir="ltr">{}</bdi>').format(value)
    if key in ON_ONE_LINE:
        return Markup('<bdi class="whole">{}</bdi>').format(value)
    return Markup("<bdi>{}</bdi>").format(value)
