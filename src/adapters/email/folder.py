"""The local post office: mail is put as files into a folder, where a page or a person can read it."""

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_binary_file
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from adapters.email.deliverable import check_deliverable
from application.errors import MailRefused, MailUnavailable
from application.ports.mail import Letter, OutboxMail

MAIL_SUFFIX: Final = ".eml"
HALF_WRITTEN_SUFFIX: Final = ".part"

DIGEST_HEADER: Final = "X-Letter-Digest"
"""Tells later whether a letter is the one that was sent under a key, whatever the form of mail does to its bytes."""

MAIL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,127}")

READABLE_LENGTH_MAX: Final = 60


class FolderMailer:
    """Puts each mail into a folder as one RFC 5322 file. Satisfies Mailer; its memory of keys is the folder, and has no end."""

    def __init__(
        self, folder: Path, sender: str, *, now: Callable[[], datetime] = lambda: datetime.now(tz=UTC)
    ) -> None:
        """folder: made when the first mail is sent.

        sender: what stands in From: 'Talents Acting <payments@example.test>'.
        now: the time for the Date header.
        """
        self._folder = folder
        self._sender = sender
        self._now = now

    async def send(self, letter: Letter, *, key: str) -> str:
        """Put the letter into the folder once per `key`; the id is the name of its file without the suffix.

        Raises MailUnavailable when the folder cannot be written (no space, no right), MailRefused for a letter that
        cannot be sent or is not the one that was sent under this key.
        """
        check_deliverable(letter)
        return await asyncio.to_thread(self._put, letter, key)

    def _put(self, letter: Letter, key: str) -> str:
        mail_id = _mail_id(key)
        path = self._folder / f"{mail_id}{MAIL_SUFFIX}"
        try:
            if not path.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                _publish(self._written(letter, mail_id), path)
            known = _parsed(path)[DIGEST_HEADER]
        except OSError as fault:
            # Not in doubt even after a late fault: the folder knows its keys for ever.
            message = f"the outbox folder cannot be used: {fault.strerror}"
            raise MailUnavailable(message, in_doubt=False) from fault
        if known is not None and str(known) != _digest(letter):
            raise MailRefused("another letter has been sent under this key")
        return mail_id

    def _written(self, letter: Letter, mail_id: str) -> bytes:
        mail = EmailMessage(policy=SMTP if letter.to.isascii() else SMTPUTF8)
        try:
            mail["From"] = self._sender
            mail["To"] = letter.to
            mail["Subject"] = letter.subject
            mail["Date"] = format_datetime(self._now())
            mail["Message-ID"] = f"<{mail_id}@outbox.invalid>"
            mail[DIGEST_HEADER] = _digest(letter)
            mail.set_content(letter.text)
            mail.add_alternative(letter.html, subtype="html")
            # A boundary of our own instead of a random one: the same mail gives the same bytes.
            mail.set_boundary(f"=_{_digest(letter)}")
            return mail.as_bytes()
        except ValueError as fault:
            raise MailRefused("the letter cannot be written as a mail") from fault


def _mail_id(key: str) -> str:
    """A file name for a key: the readable part is for people, the digest makes it unique and safe whatever the key holds."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", key).strip("-")[:READABLE_LENGTH_MAX].rstrip("-")
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{readable or 'mail'}-{digest}"


def _digest(letter: Letter) -> str:
    whole = "\0".join((letter.to, letter.subject, letter.html, letter.text))
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def _publish(content: bytes, path: Path) -> None:
    """Write `content` beside `path` and let it appear there whole, unless another writer was first. Raises OSError."""
    half = path.parent / f".{path.stem}.{secrets.token_hex(8)}{HALF_WRITTEN_SUFFIX}"
    try:
        with half.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, refuses to take the place of what is there.
        with contextlib.suppress(FileExistsError):
            os.link(half, path)
    finally:
        half.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name in `folder` durable, where the system lets folders be opened (Windows does not)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_outbox(folder: Path, *, limit: int = 100) -> list[OutboxMail]:
    """The newest `limit` mails of a folder, newest first; none when there is no such folder yet.

    Blocks on the disk. Raises OSError when the folder exists and cannot be read.
    """
    if not folder.is_dir():
        return []
    newest = sorted(((path.stat().st_mtime_ns, path.stem) for path in folder.glob(f"*{MAIL_SUFFIX}")), reverse=True)
    mails = (read_mail(folder, mail_id) for _, mail_id in newest[:limit])
    return [mail for mail in mails if mail is not None]


def read_mail(folder: Path, mail_id: str) -> OutboxMail | None:
    """The mail with this id, or None: also for ids that no mailer of ours gives, whatever they try to reach.

    Blocks on the disk. Raises OSError when the file exists and cannot be read.
    """
    if not MAIL_ID.fullmatch(mail_id):
        return None
    path = folder / f"{mail_id}{MAIL_SUFFIX}"
    try:
        mail = _parsed(path)
        put_at = path.stat().st_mtime
    except FileNotFoundError:
        return None
    return OutboxMail(
        id=mail_id,
        sender=str(mail["From"] or ""),
        to=str(mail["To"] or ""),
        subject=str(mail["Subject"] or ""),
        html=_body(mail, "html"),
        text=_body(mail, "plain"),
        sent_at=datetime.fromtimestamp(put_at, tz=UTC),
    )


def _parsed(path: Path) -> EmailMessage:
    with path.open("rb") as file:
        return message_from_binary_file(file, policy=SMTP)


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body(preferencelist=(kind,))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n")
