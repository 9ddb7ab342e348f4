"""The secrets of a machine without any: made once for all its processes, and readable by their owner alone."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from entrypoints.local_secrets import FILE_NAME, LocalSecrets, local_secrets
from entrypoints.settings import ConfigurationError, read_settings


def test_twenty_who_ask_at_once_get_the_same(tmp_path: Path) -> None:
    together = Barrier(20)

    def ask(_: int) -> LocalSecrets:
        together.wait()
        return local_secrets(tmp_path / "local")

    with ThreadPoolExecutor(20) as pool:
        got = list(pool.map(ask, range(20)))

    assert 1 == len({(one.jwt_secret, one.stripe_secret_key, one.stripe_webhook_secret) for one in got})
    assert [FILE_NAME] == [path.name for path in (tmp_path / "local").iterdir()]


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    local_secrets(tmp_path)

    assert 0o600 == stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode)


def test_two_folders_share_no_secret_and_each_has_the_form_that_is_asked_of_it(tmp_path: Path) -> None:
    one, other = local_secrets(tmp_path / "one"), local_secrets(tmp_path / "other")

    assert one.jwt_secret != other.jwt_secret
    assert one.stripe_secret_key != other.stripe_secret_key
    assert 32 <= len(one.jwt_secret)
    assert one.stripe_secret_key.startswith("sk_test_")
    assert one.stripe_webhook_secret.startswith("whsec_")
    assert one.jwt_secret not in repr(one)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"jwt_secret": 1}'])
def test_a_file_that_cannot_be_read_is_a_fault_with_its_mend(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_settings({}, tmp_path)
    (fault,) = caught.value.faults

    assert fault.startswith(str(tmp_path / FILE_NAME))
    assert "delete it" in fault


def test_a_folder_that_cannot_be_made_is_a_fault_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError) as caught:
        read_settings({"LOG_LEVEL": "LOUD"}, tmp_path / "file")

    assert 2 == len(caught.value.faults)
