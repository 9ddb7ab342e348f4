"""No text for people stands outside the catalogues."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
TEMPLATES: Final = ("src/entrypoints/http/pages/templates", "src/adapters/email/templates")

JINJA: Final = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
TAG: Final = re.compile(r"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
SPOKEN: Final = re.compile(r"(?:alt|title|aria-label|placeholder|content|data-busy)=\"([^\"]*)\"")
LETTERS: Final = re.compile(r"[^\W\d_]{2,}")

KEPT: Final = ("Talents Acting",)
"""Names are the same in every language."""

TECHNICAL: Final = re.compile(r"width=device-width.*|light dark|#[0-9a-f]+|noindex|10|telephone=no.*")
"""What metadata say to browsers, not to people."""


def strays(template: str) -> list[str]:
    """The words of a template that no catalogue knows: text between tags, and attributes that are read out."""
    template = re.sub(r"\{% block width %\}\w+\{% endblock %\}", "", template)
    plain = re.sub(r"&\w+;", " ", JINJA.sub("", template))
    spoken = [text for text in SPOKEN.findall(plain) if not TECHNICAL.fullmatch(text.strip())]
    between = TAG.split(plain)
    found = [part for text in [*between, *spoken] for part in [text.strip()] if LETTERS.search(part)]
    return [part for part in found if part not in KEPT]


@pytest.mark.parametrize(
    "path",
    [path for folder in TEMPLATES for path in sorted((ROOT / folder).glob("*.[ht]*"))],
    ids=lambda path: path.name,
)
def test_every_word_of_a_template_stands_in_the_catalogues(path: Path) -> None:
    template = path.read_text()
    if path.suffix == ".html":
        template = re.sub(r"<style.*?</style>", "", template, flags=re.DOTALL)

    assert [] == strays(template)


@pytest.mark.parametrize(
    "template",
    [
        "<p>Pay now</p>",
        "{% if x %}Pay{% endif %}",
        '<p>{{ gettext("Pay") }} now</p>',
        '<img alt="A card">',
        '<input placeholder="Your name">',
        '<nav aria-label="Language {{ x }}"></nav>',
        "<title>{{ x }} &middot; Payments</title>",
    ],
)
def test_a_stray_word_is_found(template: str) -> None:
    assert [] != strays(template)
