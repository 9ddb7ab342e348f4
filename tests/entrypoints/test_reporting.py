"""What is told to Sentry of an error, and what is not."""

import logging
import sys
from pathlib import Path

import pytest
from sentry_sdk.types import Event

from application.log_context import about
from entrypoints.late_adapters import Closing, report_errors
from entrypoints.reporting import cleaner, without_people
from entrypoints.settings import ConfigurationError, read_settings

ADDRESS = "salma.bennani+fees@members.example.org"


def test_an_event_is_built_anew_from_what_may_be_known(tmp_path: Path) -> None:
    settings = read_settings({"RESEND_API_KEY": "re_known_to_nobody"}, tmp_path)
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "no mail to %s\nin detail %s", (ADDRESS, ADDRESS), None)
    event: Event = {
        "event_id": "1",
        "level": "error",
        "user": {"id": "member-1", "ip_address": "10.0.0.1"},
        "request": {"headers": {"Authorization": "Bearer x"}},
        "extra": {"member": ADDRESS},
        "server_name": "replica-1",
        "exception": {
            "values": [
                {
                    "type": "UniqueViolationError",
                    "value": f"refused for {ADDRESS} by re_known_to_nobody\nDETAIL: Key (user_id)=(member-1) exists.",
                    "stacktrace": {"frames": [{"function": "f", "lineno": 7, "vars": {"email": ADDRESS}}]},
                }
            ]
        },
    }
    with about(payment_id="p", user_id="member-1"):
        sent = without_people(event, {"log_record": record}, cleaner(settings))

    assert {"event_id", "level", "logentry", "tags", "exception"} == sent.keys()
    assert {"message": "no mail to %s", "formatted": "no mail to [address]"} == sent["logentry"]
    assert {"payment_id": "p"} == sent["tags"]
    (error,) = sent["exception"]["values"]
    assert "refused for [address] by [secret]" == error["value"]
    assert [{"function": "f", "lineno": 7}] == error["stacktrace"]["frames"]


def test_without_a_dsn_nothing_is_reported_and_without_the_extra_the_start_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "entrypoints.reporting", raising=False)
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    wanted = read_settings({"SENTRY_DSN": "https://public@sentry.example.org/7"}, tmp_path)

    assert not report_errors(Closing(), read_settings({}, tmp_path))
    with pytest.raises(ConfigurationError, match="SENTRY_DSN: needs the extra `sentry`"):
        report_errors(Closing(), wanted)


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("password hunter/22 refused", "password [secret] refused"),
        ("password hunter%2F22 refused", "password [secret] refused"),
        ("no account amal%40example.org here", "no account [address] here"),
        ("key " + "sk_" + "live_0123456789abcdef is foreign", "key [secret] is foreign"),
        ("Authorization: Bearer abc.def-ghi_jkl0", "Authorization: [secret]"),
        ("token eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", "token [secret]"),
        ("nothing to hide: 12 payments are kept", "nothing to hide: 12 payments are kept"),
    ],
)
def test_what_looks_like_a_secret_or_an_address_stays_here(tmp_path: Path, said: str, sent: str) -> None:
    settings = read_settings({"DATABASE_URL": "postgresql://payments:hunter%2F22@db/payments"}, tmp_path)

    assert sent == cleaner(settings)(said)
