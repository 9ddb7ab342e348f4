"""What every mailer promises: one mail a key, the same id for it always, and a refusal for letters that nobody can deliver."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from msgspec.structs import replace

from adapters.email.folder import FolderMailer, read_outbox
from adapters.email.resend import ResendMailer
from adapters.memory.mail import MemoryMailer
from application.errors import MailRefused, MailUnavailable
from application.ports.mail import Letter, Mailer

KEY = "confirmation/01900000-0000-7000-8000-000000000001"
SENDER = "Talents Acting <payments@example.test>"
Message = dict[str, Any]  # Any: what ASGI passes


def a_letter(**changes: str) -> Letter:
    """A letter that can be sent, in two scripts."""
    letter = Letter(
        to="salma@example.test",
        subject="Paiement re\u00e7u \u062f\u0641\u0639",
        html="<p>300,00\u00a0MAD \u062f\u0641\u0639</p>\n",
        text="300,00\u00a0MAD \u062f\u0641\u0639\n",
    )
    return replace(letter, **changes)


class PostOffice:
    """One mailer under test and a look at what members got from it."""

    def __init__(self, mailer: Mailer, delivered: Callable[[], list[Letter]]) -> None:
        self.mailer = mailer
        self.delivered = delivered

    async def send_until_taken(self, letter: Letter, key: str) -> str:
        """Send, and again as often as the mailer says that it may help."""
        for _ in range(50):
            with contextlib.suppress(MailUnavailable):
                return await self.mailer.send(letter, key=key)
            await asyncio.sleep(0.1)
        raise AssertionError("the mailer stays unavailable")


class ResendStandIn:
    """Resend as far as its documentation tells: POST /emails with idempotency keys, an ASGI application."""

    def __init__(self) -> None:
        self.delivered: list[Letter] = []
        self._known: dict[str, tuple[bytes, str]] = {}
        self._at_work: set[str] = set()

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, answer = await self._answer(headers, body)
        content = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": content})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def _answer(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:  # Any: JSON
        if headers.get("authorization") != "Bearer re_test":
            return _error(401, "missing_api_key")
        key = headers["idempotency-key"]
        if key in self._at_work:
            return _error(409, "concurrent_idempotent_requests")
        if key in self._known:
            known, mail_id = self._known[key]
            return (200, {"id": mail_id}) if known == body else _error(409, "invalid_idempotent_request")
        mail = json.loads(body)
        if mail["to"][0].endswith("@nowhere.test"):
            return _error(422, "validation_error")
        self._at_work.add(key)
        await asyncio.sleep(0.02)
        self._at_work.remove(key)
        self.delivered.append(Letter(to=mail["to"][0], subject=mail["subject"], html=mail["html"], text=mail["text"]))
        self._known[key] = body, f"mail-{len(self.delivered)}"
        return 200, {"id": self._known[key][1]}


def _error(status: int, name: str) -> tuple[int, dict[str, Any]]:  # Any: JSON
    return status, {"statusCode": status, "name": name, "message": "no"}


@contextlib.asynccontextmanager
async def served(application: ResendStandIn) -> AsyncIterator[str]:
    """A real HTTP server on a free port; its address."""
    configuration = uvicorn.Config(application, host="127.0.0.1", port=0, lifespan="off", log_level="error")
    configuration.load()
    server = uvicorn.Server(configuration)
    server.lifespan = configuration.lifespan_class(configuration)
    await server.startup()
    (listener,) = server.servers
    yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    # The server's own shutdown waits a tenth of a second, and its clients have all gone by now.
    listener.close()


@pytest.fixture(params=["memory", "folder", "resend"])
async def office(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PostOffice]:
    """Each mailer in turn."""
    if request.param == "memory":
        in_memory = MemoryMailer()
        yield PostOffice(in_memory, lambda: list(in_memory.sent.values()))
    elif request.param == "folder":
        yield PostOffice(FolderMailer(tmp_path / "outbox", SENDER), lambda: letters_in(tmp_path / "outbox"))
    else:
        stand_in = ResendStandIn()
        async with served(stand_in) as address:
            mailer = ResendMailer(api_key="re_test", sender=SENDER, api_base=address, timeout_seconds=10)
            yield PostOffice(mailer, lambda: stand_in.delivered)


def letters_in(folder: Path) -> list[Letter]:
    """The letters of an outbox folder, oldest first."""
    mails = reversed(read_outbox(folder))
    return [Letter(to=mail.to, subject=mail.subject, html=mail.html, text=mail.text) for mail in mails]


async def test_a_letter_arrives_as_it_was_written(office: PostOffice) -> None:
    mail_id = await office.mailer.send(a_letter(), key=KEY)

    assert mail_id
    assert [a_letter()] == office.delivered()


async def test_the_same_key_twice_is_one_mail_with_one_id(office: PostOffice) -> None:
    first = await office.mailer.send(a_letter(), key=KEY)
    second = await office.mailer.send(a_letter(), key=KEY)

    assert first == second
    assert [a_letter()] == office.delivered()


async def test_twenty_sends_in_parallel_under_one_key_are_one_mail_with_one_id(office: PostOffice) -> None:
    ids = await asyncio.gather(*(office.send_until_taken(a_letter(), KEY) for _ in range(20)))

    assert 1 == len(set(ids))
    assert [a_letter()] == office.delivered()


async def test_of_twenty_letters_in_parallel_under_one_key_the_one_that_is_taken_arrives(office: PostOffice) -> None:
    letters = [a_letter(text=f"{number}\n") for number in range(20)]
    answers = await asyncio.gather(*(office.send_until_taken(one, KEY) for one in letters), return_exceptions=True)

    taken = [letter for letter, answer in zip(letters, answers, strict=True) if isinstance(answer, str)]
    assert 1 == len(taken)
    assert taken == office.delivered()
    assert 19 == sum(isinstance(answer, MailRefused) for answer in answers)


async def test_another_key_is_another_mail_even_of_the_same_words(office: PostOffice) -> None:
    first = await office.mailer.send(a_letter(), key=KEY)
    second = await office.mailer.send(a_letter(), key=f"{KEY}0")

    assert first != second
    assert [a_letter(), a_letter()] == office.delivered()


@pytest.mark.parametrize("change", ["to", "subject", "html", "text"])
async def test_another_letter_under_a_used_key_is_refused_and_the_first_stands(office: PostOffice, change: str) -> None:
    await office.mailer.send(a_letter(), key=KEY)
    with pytest.raises(MailRefused):
        await office.mailer.send(a_letter(**{change: "other@example.test"}), key=KEY)

    assert [a_letter()] == office.delivered()


@pytest.mark.parametrize(
    "changes",
    [
        {"to": ""},
        {"to": "salma"},
        {"to": "salma@example.test, other@example.test"},
        {"to": "Salma <salma@example.test>"},
        {"to": "salma@example.test\r\nBcc: other@example.test"},
        {"to": f"{'s' * 250}@example.test"},
        {"subject": ""},
        {"subject": "Receipt\r\nBcc: other@example.test"},
        {"subject": "Receipt\u2028of May"},
        {"subject": "r" * 999},
        {"text": "\ud800"},
        {"html": "\udfff"},
    ],
    ids=lambda changes: f"{next(iter(changes))} {ascii(next(iter(changes.values())))[:40]}",
)
async def test_a_letter_that_nobody_can_deliver_is_refused_and_uses_no_key(
    office: PostOffice, changes: dict[str, str]
) -> None:
    with pytest.raises(MailRefused):
        await office.mailer.send(a_letter(**changes), key=KEY)

    assert [] == office.delivered()
    assert await office.mailer.send(a_letter(), key=KEY)


async def test_an_address_in_another_script_is_kept_as_it_is(office: PostOffice) -> None:
    address = "\u0633\u0644\u0645\u0649@example.test"
    await office.mailer.send(a_letter(to=address), key=KEY)

    assert [address] == [letter.to for letter in office.delivered()]


@pytest.mark.parametrize("key", ["../../escape", "/", ".", "a b", "k" * 255])
async def test_no_key_is_too_odd(office: PostOffice, key: str) -> None:
    first = await office.mailer.send(a_letter(), key=key)

    assert first == await office.mailer.send(a_letter(), key=key)
    assert [a_letter()] == office.delivered()


@pytest.mark.parametrize("error", [MailUnavailable("away"), MailRefused("no")], ids=["unavailable", "refused"])
async def test_the_mailer_in_memory_fails_before_or_after_the_effect_as_told(error: Exception) -> None:
    mailer = MemoryMailer()
    mailer.fail_next(error, times=2)
    mailer.fail_next(error, after_effect=True)
    sent_after: list[int] = []
    for _ in range(3):
        with pytest.raises(type(error)):
            await mailer.send(a_letter(), key=KEY)
        sent_after.append(len(mailer.sent))

    assert [0, 0, 1] == sent_after
    assert await mailer.send(a_letter(), key=KEY)
    assert {KEY: a_letter()} == mailer.sent
    assert 4 == len(mailer.tries)
