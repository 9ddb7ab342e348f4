"""The outbox folder: one file a letter, in the form of real mail, for machines without a mail provider."""

import asyncio
import hashlib
import os
import re
import secrets
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from application.errors import MailRefused, MailUnavailable
from application.ports.mail import Letter

UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
DOMAIN: Final = "outbox.local"


class OutboxMail(Struct, frozen=True, kw_only=True):
    """A letter as it lies in the outbox. `sent_at` is UTC."""

    id: str
    to: str
    subject: str
    html: str
    text: str
    sent_at: datetime


class FolderMailer:
    """The port Mailer. A key names a file, so that the same key never makes a second mail, also after a restart."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, letter: Letter, *, key: str) -> str:
        message = composed(letter, self._sender, key)
        try:
            await asyncio.to_thread(self._write, file_name(key), message)
        except OSError as error:
            raise MailUnavailable(f"the outbox folder cannot be written: {error.strerror}", in_doubt=False) from error
        return str(message["Message-ID"])

    def _write(self, name: str, message: EmailMessage) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / name
        if path.exists():
            return
        draft = self._folder / f".{name}.{secrets.token_hex(4)}"
        try:
            with draft.open("xb") as file:
                file.write(message.as_bytes(policy=policy.SMTP))
                file.flush()
                os.fsync(file.fileno())
            # A link fails where the name exists, and a reader never sees half a file.
            path.hardlink_to(draft)
        except FileExistsError:
            return
        finally:
            draft.unlink(missing_ok=True)


def file_name(key: str) -> str:
    """The file of a key: readable, and no other key's."""
    return f"{UNSAFE.sub('-', key)[:80]}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.eml"


def composed(letter: Letter, sender: str, key: str) -> EmailMessage:
    """The letter as a message of two parts. Raises MailRefused when it has no address that mail could go to."""
    message = EmailMessage()
    try:
        message["From"] = sender
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{DOMAIN}>"
    except ValueError as error:
        raise MailRefused(f"the letter cannot be addressed: {error}") from error
    if "@" not in letter.to:
        raise MailRefused("the letter has no address")
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def read_outbox(folder: Path) -> list[OutboxMail]:
    """The letters of an outbox, newest first."""
    files = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return [_read(path) for path in files]


def _read(path: Path) -> OutboxMail:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    return OutboxMail(
        id=str(message["Message-ID"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        html=html.get_content() if html is not None else "",
        text=text.get_content() if text is not None else "",
        sent_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
    )
