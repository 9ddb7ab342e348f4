"""The writing desk: words each letter in the member's language, as HTML and as a plain text that says the same."""

import re
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from adapters.email.figures import amount, clock, day, direction, place
from adapters.email.untrusted import clean, isolated
from adapters.email.words import WORDS_FOLDER, load_words
from application.ports.mail import Letter, PaymentConfirmation

BRAND: Final = "Talents Acting"

TEMPLATES_FOLDER: Final = Path(__file__).parent / "templates"

WEB_ADDRESS: Final = re.compile(r"https?://[!-~]+")

ALWAYS_LEFT_TO_RIGHT: Final = frozenset({"receipt", "contact"})
"""Digits and addresses: between Arabic words, 2026-000001 would show as 000001-2026."""

ON_ONE_LINE: Final = frozenset({"paid_on", "start", "end", "end_time"})
"""Dates and times, which read badly when a line ends within them."""


class JinjaLetterWriter:
    """Writes letters from templates and phrase books. Satisfies LetterWriter."""

    def __init__(
        self, zone: ZoneInfo, *, brand: str = BRAND, contact: str | None = None, words_folder: Path = WORDS_FOLDER
    ) -> None:
        """Letters show their times in `zone`, the billing time zone.

        brand: who signs.
        contact: the e-mail address to write to about a payment that somebody else made; None asks for a reply.

        Raises BrokenWords when the phrase books do not fit each other.
        """
        self._zone = zone
        self._brand = brand
        self._contact = contact
        self._words = load_words(words_folder)
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

        Raises ValueError for a receipt link that is no absolute http or https address, and for times without an offset.
        """
        if not WEB_ADDRESS.fullmatch(facts.receipt_url):
            raise ValueError("the link to a receipt is an absolute http or https address")
        values = self._values(facts)
        words = self._words[facts.locale]
        plain = {key: isolated(value) if key in self._set_apart(facts) else value for key, value in values.items()}
        marked = {key: _marked(key, value) for key, value in values.items()}
        subject = words["subject"].format_map(plain)
        common = {
            "language": str(facts.locale),
            "direction": direction(facts.locale),
            "subject": subject,
            "named": bool(values["name"]),
            "reachable": bool(values["contact"]),
            "receipt_url": facts.receipt_url,
        }
        say = {key: phrase.format_map(plain) for key, phrase in words.items()}
        text = self._templates.get_template("confirmation.txt").render(common, say=say, fact=plain)
        say_marked = {key: escape(phrase).format_map(marked) for key, phrase in words.items()}
        html = self._templates.get_template("confirmation.html").render(common, say=say_marked, fact=marked)
        return Letter(to=facts.to, subject=subject, html=self._inliner.inline(html), text=text)

    def _values(self, facts: PaymentConfirmation) -> dict[str, str]:
        """What fills the blanks of the phrases; all that others wrote is clean."""
        zone, locale = self._zone, facts.locale
        return {
            "name": clean(facts.name),
            "plan": clean(facts.plan_name),
            "receipt": clean(facts.receipt_number),
            "amount": amount(facts.amount, locale),
            "paid_on": day(facts.paid_at, zone, locale),
            "start": day(facts.period_start, zone, locale),
            "end": day(facts.period_end, zone, locale),
            "end_time": clock(facts.period_end, zone, locale),
            "place": place(zone, locale),
            "brand": self._brand,
            "contact": self._contact or "",
        }

    def _set_apart(self, facts: PaymentConfirmation) -> frozenset[str]:
        """Which values could turn the text around them: those that others wrote, and in Arabic the Latin ones too."""
        others_wrote = frozenset({"name", "plan"})
        return others_wrote if direction(facts.locale) == "ltr" else others_wrote | ALWAYS_LEFT_TO_RIGHT | {"brand"}


def _marked(key: str, value: str) -> Markup:
    """`value` escaped for HTML and isolated, so that neither its markup nor its direction leaks."""
    if key in ALWAYS_LEFT_TO_RIGHT:
        return Markup('<bdi dir="ltr">{}</bdi>').format(value)
    if key in ON_ONE_LINE:
        return Markup('<bdi class="whole">{}</bdi>').format(value)
    return Markup("<bdi>{}</bdi>").format(value)
