"""What the documents tell an operator to do can be done: each command with its options is there, and each link leads somewhere."""

import re
from pathlib import Path

import click
import pytest

from entrypoints.cli.commands import payments

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
COMMAND = re.compile(r"(?:^|`|\$ |\.venv/bin/)payments ((?:[a-z-]+ ?)+)((?:--[a-z-]+)?)", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def known(words: list[str], option: str) -> bool:
    """Whether a command line names a command, what lies below it, and an option of it."""
    command: click.Command = payments
    for word in words:
        if not isinstance(command, click.Group):
            break
        found = command.commands.get(word)
        if found is None:
            return False
        command = found
    return not option or any(option in parameter.opts for parameter in command.params)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_document_names_is_there(document: Path) -> None:
    named = COMMAND.findall(document.read_text(encoding="utf-8"))

    assert [] == [(words, option) for words, option in named if not known(words.split(), option)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))

    assert [] == [link for link in links if not (document.parent / link).exists()]


@pytest.mark.parametrize(("words", "option"), [(["reconciliate"], ""), (["jobs", "kill"], ""), (["audit"], "--fast")])
def test_a_command_that_is_not_there_is_found_out(words: list[str], option: str) -> None:
    assert not known(words, option)


def test_the_documents_name_commands_and_links() -> None:
    texts = [document.read_text(encoding="utf-8") for document in DOCUMENTS]

    assert 20 < sum(len(COMMAND.findall(text)) for text in texts)
    assert 10 < sum(len(LINK.findall(text)) for text in texts)
