"""What is shown of the database's URL gives no password away, however it was mistyped."""

import pytest

from adapters.postgres.database import NOT_SHOWN, shown_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://user:hush@db.example:5432/payments?password=hush", "postgresql://user@db.example:5432/payments"),
        ("postgresql+asyncpg://db.example/payments", "postgresql+asyncpg://db.example/payments"),
        ("postgresql://postgres:@/postgres?host=/run/postgres", "postgresql://postgres@/postgres"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown == shown_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hu#sh@db.example/payments",
        "postgresql://user:hu/sh@db.example/payments",
        "postgresql://user:hu?sh@db.example/payments",
        "postgresql://user:hush@db.example:99999/payments",
        "user:hush@db.example/payments",
        "postgresql://[hush/payments",
    ],
)
def test_nothing_is_shown_of_a_url_that_is_not_wholly_understood(url: str) -> None:
    assert NOT_SHOWN == shown_url(url)
