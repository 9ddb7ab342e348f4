"""What members read stands in the catalogues, all of it, and is written as its language wants it. Each check is shown to fail."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog
from jinja2 import Environment, nodes

from adapters.wording.catalogues import FOLDER, SOURCE, fault_of, read_catalogue
from adapters.wording.extract import SOURCES, SPOKEN, messages_of, update
from domain.member import Locale

MARKUP: Final = re.compile(r"<[^>]*>|&\w+;")

LETTER: Final = re.compile(r"[^\W\d_]")
NAMES: Final = re.compile("Talents Acting")
"""The same in every language."""

READ_OUT: Final = frozenset("alt aria-description aria-label data-busy label placeholder title".split())
NEVER_SEEN: Final = frozenset({"hidden", "radio", "checkbox"})
CLASSES: Final = frozenset({"width"})
"""Blocks that a page fills with a class of its style sheet."""

PROSE: Final = re.compile(r"^[A-Z][a-z]|[^\W\d_]\s+[^\W\d_]")
"""A literal for people: it begins with a capital, or has several words."""

FRENCH_FAULT: Final = re.compile("['\"]|\\.\\.\\.|(?<![\u00a0\u202f])[:;!?\u00bb%](?!\\()|\u00ab(?![\u00a0\u202f])")
"""Straight quotes, three dots, and high signs without a space that keeps them on the line."""

ARABIC_FAULT: Final = re.compile("['\",;?]|\\.\\.\\.|[\u0660-\u0669]")
"""Latin signs where Arabic has its own, and Eastern digits, which Morocco does not write."""

TRANSLATED: Final = pytest.mark.parametrize("locale", [locale for locale in Locale if locale is not SOURCE])
TEMPLATES: Final = [path for folder in SPOKEN for path in sorted((SOURCES / folder).rglob("templates/*.[ht]*"))]
FOR_PROGRAMMERS: Final = {"problem_type.html", "problem_types.html", "reference.html"}
"""Part of the API's description, which is in English throughout: they say so of themselves."""


def faults(said: Catalog, known: Catalog) -> list[str]:
    """What is wrong with a catalogue, given what the sources say."""
    expected = {str(message.id) for message in said if message.id}
    messages = {str(message.id): message for message in known if message.id}
    missing = [f"{text!r} is missing" for text in sorted(expected - messages.keys())]
    obsolete = [f"{text!r} is said nowhere" for text in sorted(messages.keys() - expected | known.obsolete.keys())]
    unfit = [fault for message in messages.values() if (fault := fault_of(message)) is not None]
    marked = [
        f"{text!r} has other markup"
        for text, message in messages.items()
        if sorted(MARKUP.findall(text)) != sorted(MARKUP.findall(str(message.string)))
    ]
    return missing + obsolete + unfit + marked


@TRANSLATED
def test_a_language_says_all_that_the_sources_say_and_no_more(locale: Locale) -> None:
    assert [] == faults(messages_of(), read_catalogue(FOLDER, locale))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "'Pay %(amount)s' is missing"),
        ('msgid "Pay"\nmsgstr "Payer"\n', "'Pay' is said nowhere"),
        ('#~ msgid "Pay"\n#~ msgstr "Payer"\n', "'Pay' is said nowhere"),
        ('msgid "Pay %(amount)s"\nmsgstr ""\n', "'Pay %(amount)s' is not translated"),
        ('#, fuzzy\nmsgid "Pay %(amount)s"\nmsgstr "Payer %(amount)s"\n', "is marked as unsure"),
        ('msgid "Pay %(amount)s"\nmsgstr "Payer %(sum)s"\n', "has other blanks"),
        ('msgid "Pay %(amount)s"\nmsgstr "Payer <b>%(amount)s</b>"\n', "has other markup"),
    ],
)
def test_a_fault_of_a_catalogue_is_found(tmp_path: Path, text: str, fault: str) -> None:
    said = Catalog()
    said.add("Pay %(amount)s")
    (tmp_path / "fr.po").write_text(text)

    assert fault in "; ".join(faults(said, read_catalogue(tmp_path, Locale.FRENCH)))


def sources_that_say(folder: Path, *texts: str) -> Path:
    """A folder of sources: the texts stand in a module, a page and a letter, in turn."""
    forms = {
        "phrases.py": "message({!r})",
        "page.html": "<p>{{{{ gettext({!r}) }}}}",
        "mail.txt": "{{{{ gettext({!r}) }}}}",
    }
    for index, (name, form) in enumerate(forms.items()):
        (folder / "spoken").mkdir(exist_ok=True)
        (folder / "spoken" / name).write_text("".join(f"{form.format(text)}\n" for text in texts[index :: len(forms)]))
    return folder


def test_messages_are_found_in_modules_pages_and_letters(tmp_path: Path) -> None:
    sources = sources_that_say(tmp_path, "Pay", "Renew", "Thank you")

    assert {"Pay", "Renew", "Thank you"} == {message.id for message in messages_of(sources, ["spoken"]) if message.id}


def test_a_refresh_keeps_translations_adds_what_is_new_and_drops_what_is_over(tmp_path: Path) -> None:
    (tmp_path / "fr.po").write_text('msgid "Pay"\nmsgstr "Payer"\n\nmsgid "Leave"\nmsgstr "Partir"\n')
    sources = sources_that_say(tmp_path, "Pay", "Renew")
    update(tmp_path, sources, ["spoken"])
    french = read_catalogue(tmp_path, Locale.FRENCH)

    assert {"Pay": "Payer", "Renew": ""} == {str(message.id): message.string for message in french if message.id}


def test_a_second_refresh_changes_nothing(tmp_path: Path) -> None:
    sources = sources_that_say(tmp_path, "Pay %(amount)s", "Renew", "Thank you")
    update(tmp_path, sources, ["spoken"])
    first = [(tmp_path / f"{locale}.po").read_bytes() for locale in (Locale.FRENCH, Locale.ARABIC)]
    update(tmp_path, sources, ["spoken"])

    assert first == [(tmp_path / f"{locale}.po").read_bytes() for locale in (Locale.FRENCH, Locale.ARABIC)]


@TRANSLATED
def test_a_catalogue_tells_translators_tools_its_language_and_characters(locale: Locale) -> None:
    head = (FOLDER / f"{locale}.po").read_text(encoding="utf-8").partition("\n\n")[0]

    assert f'"Language: {locale}\\n"' in head
    assert '"Content-Type: text/plain; charset=utf-8\\n"' in head
    assert f"nplurals={2 if locale is Locale.FRENCH else 6};" in head


def unlike(locale: Locale, texts: list[str]) -> list[str]:
    """The translations that break the typography of their language."""
    fault = FRENCH_FAULT if locale is Locale.FRENCH else ARABIC_FAULT
    return [text for text in texts if fault.search(text)]


@TRANSLATED
def test_translations_keep_the_typography_of_their_language(locale: Locale) -> None:
    texts = [str(message.string) for message in read_catalogue(FOLDER, locale) if message.id]

    assert [] == unlike(locale, texts)


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        (Locale.FRENCH, "l'adresse"),
        (Locale.FRENCH, "Pourquoi ?"),
        (Locale.FRENCH, "Pourquoi?"),
        (Locale.FRENCH, "\u00abici\u00a0\u00bb"),
        (Locale.FRENCH, "Un instant..."),
        (Locale.ARABIC, "\u0645\u0631\u062d\u0628\u0627, "),
        (Locale.ARABIC, "\u0644\u0645\u0627\u0630\u0627?"),
        (Locale.ARABIC, "\u0662\u0660\u0662\u0666"),
    ],
)
def test_a_slip_of_typography_is_found(locale: Locale, text: str) -> None:
    assert [text] == unlike(locale, [text])


class Shown(HTMLParser):
    """The texts of a page that people see or hear."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._within = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the attributes that are read out."""
        self._within = tag
        told = dict(attrs)
        seen = READ_OUT | ({"content"} if told.get("name") == "description" else frozenset())
        if tag == "input" and told.get("type") not in NEVER_SEEN:
            seen |= {"value"}
        self.texts += [text or "" for name, text in attrs if name in seen]

    def handle_endtag(self, tag: str) -> None:
        """What follows stands outside again."""
        self._within = ""

    def handle_data(self, data: str) -> None:
        """Note text, but for rules and programs."""
        if self._within not in {"style", "script"}:
            self.texts.append(data)


def literals(node: nodes.Node) -> Iterator[str]:
    """The strings within the blocks of a template, but for messages."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    translated = isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "gettext"
    for child in node.iter_child_nodes():
        if not (translated and isinstance(node, nodes.Call) and child in node.args):
            yield from literals(child)


def data(node: nodes.Node) -> Iterator[str]:
    """What stands outside the blocks of a template, in its order."""
    if isinstance(node, nodes.TemplateData):
        yield node.data
    for child in node.iter_child_nodes():
        if not (isinstance(child, nodes.Block) and child.name in CLASSES):
            yield from data(child)


def strays(template: str, *, is_page: bool = True) -> list[str]:
    """The texts of a template that no catalogue knows."""
    tree = Environment(autoescape=True).parse(template)
    plain = "".join(data(tree))
    texts = Shown(plain).texts if is_page else plain.splitlines()
    between = [text.strip() for text in texts if LETTER.search(NAMES.sub("", text))]
    return between + [text for text in literals(tree) if PROSE.search(text)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_speaks_past_the_catalogues(path: Path) -> None:
    template = path.read_text()

    if path.name in FOR_PROGRAMMERS:
        assert 'lang="en" dir="ltr"' in template
    else:
        assert [] == strays(template, is_page=path.suffix == ".html")


def test_the_templates_of_letters_are_among_those_looked_at() -> None:
    assert {"confirmation.html", "confirmation.txt"} <= {path.name for path in TEMPLATES}


@pytest.mark.parametrize(
    "template",
    [
        "<p>Pay</p>",
        "<p>{% if x %}Pay{% else %}{% endif %}</p>",
        "<p>{{ gettext('Pay') }} now</p>",
        "<p>\u0627\u062f\u0641\u0639</p>",
        "<img alt='A card'>",
        '<a title="Close" href="/"></a>',
        '<nav aria-label="Language {{ x }}"></nav>',
        '<input placeholder="Your name">',
        '<input type="submit" value="Pay">',
        '<meta name="description" content="Fees">',
        "<title>{{ x }} &middot; Payments</title>",
        "<style>p { color: red }</style><p>Pay</p>",
        '{{ parts.button("Pay") }}',
        '{% set label = "pay now" %}',
        '{{ gettext("Pay %(what)s", what="The fee") }}',
    ],
)
def test_a_text_past_the_catalogues_is_found(template: str) -> None:
    assert 1 == len(strays(template))


def test_a_line_of_a_letter_past_the_catalogues_is_found() -> None:
    assert ["Yours,"] == strays("{{ say.thanks }}\n\nYours,\n{{ name }}\n", is_page=False)


@pytest.mark.parametrize(
    "template",
    [
        "<p class='card {% if x %}open{% endif %}'>{{ gettext('Pay %(amount)s', amount=price) }}</p>",
        '<input type="hidden" name="plan" value="talent">',
        '<meta name="viewport" content="width=device-width">',
        "<p>Talents Acting</p>",
        "{% block width %}wide{% endblock %}",
        "{{ link('/dashboard/' ~ kind) }}<!-- a remark -->{# another #}",
    ],
)
def test_what_is_not_for_people_passes(template: str) -> None:
    assert [] == strays(template)


def unmarked(source: str) -> list[str]:
    """The calls of `message` that cannot be extracted, since their text is not written out."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    marking = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "message"]
    return [
        ast.unparse(call)
        for call in marking
        if not (len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str))
    ]


def test_every_marked_message_is_written_out() -> None:
    modules = [path for folder in SPOKEN for path in sorted((SOURCES / folder).rglob("*.py"))]

    assert [] == [call for path in modules for call in unmarked(path.read_text())]


@pytest.mark.parametrize("call", ["message(text)", "message(f'Pay {amount}')", "message('Pay ' + amount)"])
def test_a_message_that_is_put_together_is_found(call: str) -> None:
    assert [call] == unmarked(f"PHRASES = {{1: {call}, 2: message('Pay')}}")
