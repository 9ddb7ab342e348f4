"""The outbox folder keeps each mail whole and once, whatever the key, the process or the disk does."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
from msgspec.structs import replace

from adapters.email.folder import FolderMailer, read_mail, read_outbox
from application.errors import MailRefused, MailUnavailable
from application.ports.mail import Letter

KEY = "confirmation/01900000-0000-7000-8000-000000000001"
SENDER = "Talents Acting <payments@example.test>"
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def a_letter(**changes: str) -> Letter:
    """A letter that can be sent, with a long line and three scripts."""
    long_line = "\u062f\u0641\u0639 re\u00e7u " * 200
    letter = Letter(to="salma@example.test", subject="Re\u00e7u", html=f"<p>{long_line}</p>\n", text=f"{long_line}\n")
    return replace(letter, **changes)


def a_mailer(folder: Path) -> FolderMailer:
    """A mailer into `folder` whose clock stands still."""
    return FolderMailer(folder, SENDER, now=lambda: NOON)


SEND = """
import asyncio, resource, signal, sys
from pathlib import Path
from adapters.email.folder import FolderMailer
from application.ports.mail import Letter
letter = Letter(to="salma@example.test", subject="s", html="h" * 9999, text="t" * 9999)
mailer = FolderMailer(Path(sys.argv[1]), "payments@example.test")
if sys.argv[2] != "lives":
    resource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999))
if sys.argv[2] == "dies":
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
print("ready", flush=True)
sys.stdin.readline()
try:
    print(asyncio.run(mailer.send(letter, key="k")), flush=True)
except Exception as fault:
    print(type(fault).__name__, fault.in_doubt, fault, flush=True)
"""
"""What a process of its own does: it sends when it is told to.

Its fate is to live, to run out of space in the middle of the file, or to be killed there by the kernel.
"""


def started(folder: Path, fate: str = "lives") -> "subprocess.Popen[str]":
    """Another process, ready to send."""
    process = subprocess.Popen(
        [sys.executable, "-c", SEND, str(folder), fate], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    return process


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


async def test_a_mail_is_one_file_that_mail_programs_read(tmp_path: Path) -> None:
    mail_id = await a_mailer(tmp_path).send(a_letter(), key=KEY)

    assert [f"{mail_id}.eml"] == names(tmp_path)
    content = (tmp_path / f"{mail_id}.eml").read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n")
    assert 998 >= max(map(len, content.split(b"\r\n")))
    mail = message_from_bytes(content, policy=SMTP)
    assert [] == mail.defects
    assert "multipart/alternative" == mail.get_content_type()
    assert ["text/plain", "text/html"] == [part.get_content_type() for part in mail.iter_parts()]
    assert {"utf-8"} == {part.get_content_charset() for part in mail.iter_parts()}
    assert (SENDER, "Re\u00e7u") == (mail["From"], mail["Subject"])
    assert NOON == mail["Date"].datetime


async def test_the_same_mail_is_the_same_bytes(tmp_path: Path) -> None:
    one, two = [await a_mailer(tmp_path / name).send(a_letter(), key=KEY) for name in ("1", "2")]

    assert (tmp_path / "1" / f"{one}.eml").read_bytes() == (tmp_path / "2" / f"{two}.eml").read_bytes()


async def test_a_restarted_mailer_knows_the_keys_of_the_one_before(tmp_path: Path) -> None:
    first = await a_mailer(tmp_path).send(a_letter(), key=KEY)
    second = await a_mailer(tmp_path).send(a_letter(), key=KEY)

    assert first == second
    assert 1 == len(names(tmp_path))


def test_processes_that_send_under_one_key_at_once_make_one_mail(tmp_path: Path) -> None:
    processes = [started(tmp_path) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ids = {process.communicate(timeout=30)[0].strip() for process in processes}

    assert [0] * 3 == [process.returncode for process in processes]
    assert [f"{ids.pop()}.eml"] == names(tmp_path)
    assert set() == ids


async def test_what_a_killed_process_left_half_done_is_no_mail_and_in_nobodys_way(tmp_path: Path) -> None:
    process = started(tmp_path, "dies")
    process.communicate("go\n", timeout=30)
    half_done, mails_before = names(tmp_path), read_outbox(tmp_path)
    await a_mailer(tmp_path).send(a_letter(), key="k")

    assert -signal.SIGXFSZ == process.returncode
    assert [9999] == [(tmp_path / name).stat().st_size for name in half_done]
    assert [] == mails_before
    assert [a_letter().text] == [mail.text for mail in read_outbox(tmp_path)]


@pytest.mark.parametrize(
    "key", ["../../outside", "/etc/outside", "..", ".hidden", "a\0b", "nul\\con:", "", "\u00e9", "\ud800", "k" * 5000]
)
async def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    outbox = tmp_path / "outbox"
    mail_id = await a_mailer(outbox).send(a_letter(), key=key)

    assert ["outbox"] == names(tmp_path)
    assert [f"{mail_id}.eml"] == names(outbox)
    assert read_mail(outbox, mail_id) is not None


async def test_keys_that_look_alike_as_names_are_two_mails(tmp_path: Path) -> None:
    mailer = a_mailer(tmp_path)
    ids = {await mailer.send(a_letter(), key=key) for key in ("a/b", "a-b", "a b", "A/b")}

    assert 4 == len(ids)
    assert 4 == len({mail_id.lower() for mail_id in ids})


async def test_the_outbox_reads_newest_first_and_at_most_as_much_as_asked(tmp_path: Path) -> None:
    mailer = a_mailer(tmp_path)
    for number in range(4):
        mail_id = await mailer.send(a_letter(subject=f"letter {number}"), key=f"key/{number}")
        os.utime(tmp_path / f"{mail_id}.eml", (NOON.timestamp() + number, NOON.timestamp() + number))

    mails = read_outbox(tmp_path, limit=3)

    assert ["letter 3", "letter 2", "letter 1"] == [mail.subject for mail in mails]
    assert NOON == mails[2].sent_at.replace(second=0)
    assert SENDER == mails[0].sender


def test_an_outbox_that_was_never_used_is_empty(tmp_path: Path) -> None:
    assert [] == read_outbox(tmp_path / "nothing")


@pytest.mark.parametrize("mail_id", ["", "../secret", "/secret", "..", "secret\0", "absent", "s" * 300])
def test_no_id_reads_anything_else_than_a_mail_of_the_folder(tmp_path: Path, mail_id: str) -> None:
    (tmp_path / "secret.eml").write_text("Subject: secret")
    (tmp_path / "outbox").mkdir()

    assert read_mail(tmp_path / "outbox", mail_id) is None


def test_a_stray_file_in_the_folder_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "stray.eml").write_bytes(b"\xff\xfe no mail at all")
    (tmp_path / "notes.txt").write_text("no mail")

    (mail,) = read_outbox(tmp_path)
    assert ("", "", "") == (mail.to, mail.subject, mail.html)


async def test_a_folder_that_cannot_be_written_makes_mail_unavailable_and_surely_not_sent(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(MailUnavailable) as caught:
        await a_mailer(blocked / "outbox").send(a_letter(), key=KEY)

    assert not caught.value.in_doubt
    assert str(tmp_path) not in str(caught.value)


async def test_a_file_that_cannot_be_finished_makes_mail_unavailable_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = started(tmp_path, "full")
    told, _ = process.communicate("go\n", timeout=30)

    assert "MailUnavailable False the outbox folder cannot be used: File too large" == told.strip()
    assert [] == names(tmp_path)
    assert await a_mailer(tmp_path).send(a_letter(), key="k")


async def test_a_sender_that_is_no_header_is_refused(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path, "Talents\r\nBcc: other@example.test")
    with pytest.raises(MailRefused):
        await mailer.send(a_letter(), key=KEY)

    assert [] == names(tmp_path)
