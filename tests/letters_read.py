"""Letters as their readers have them: the HTML taken apart, and the plain text without the marks that keep directions apart."""

import re
from html.parser import HTMLParser

from application.ports.mail import Letter

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
SEEN_IN_TEXT_ONLY = re.compile("[\u2066-\u2069]")
OVERRIDES = re.compile("[\u202a-\u202e\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]")

EVIL_NAMES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style><script>alert(1)</script>",
    "{{7*7}}{% raw %}{0.__class__}{name}{amount}",
    "Salma\r\nBcc: other@example.test",
    "Salma\u2028\u2029\u0085\x0b\x1cBennani",
    "\u202eevil\u2066\u200f\u061c",
    "\u2069\u2069 escapes its isolate \u2068",
    "&lt;b&gt; & &amp; </bdi></p></table>",
    "\ud800\x00\ufeff\u00ad",
    "x" * 10_000,
    "",
    " \u200b ",
]


class Page(HTMLParser):
    """HTML taken apart, strictly: every element is closed by its own end tag. `said` is its visible text, by element."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert [] == self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and its attributes."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last, and no other."""
        assert tag == self._open.pop()

    def handle_data(self, data: str) -> None:
        """Note text outside the head."""
        if "head" not in self._open:
            self.said.append(data)

    def links(self) -> list[str | None]:
        """Where the page leads, and what it would load."""
        places = ("href", "src", "action", "background")
        return [value for _, attributes in self.elements for name, value in attributes.items() if name in places]

    def text(self) -> str:
        """What a reader sees, on one line."""
        return " ".join("".join(self.said).split())


def skeleton(letter: Letter) -> list[tuple[str, list[str]]]:
    """The elements of a letter's HTML with the names of their attributes, less those that set a value apart."""
    return [(tag, list(attributes)) for tag, attributes in Page(letter.html).elements if tag != "bdi"]


def seen(text: str) -> str:
    """A plain text as a reader sees it, on one line."""
    return " ".join(SEEN_IN_TEXT_ONLY.sub("", text).split())
