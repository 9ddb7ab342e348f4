"""Secrets for a machine on which none are configured: made once, kept in the local folder, of no use anywhere else."""

import os
import secrets
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

FILE_NAME: Final = "secrets.json"


class LocalSecrets(Struct, frozen=True, kw_only=True):
    """The signing secret of local tokens, and the sandbox's API key and webhook secret."""

    jwt_secret: str
    stripe_secret_key: str
    stripe_webhook_secret: str

    def __repr__(self) -> str:
        """Nothing that must not be known."""
        return "LocalSecrets(...)"


def local_secrets(folder: Path) -> LocalSecrets:
    """The secrets of a folder, made when it has none. Several processes may ask at once: all get the same.

    Raises OSError where the folder cannot be used, ValueError when its file is none of ours.
    """
    path = folder / FILE_NAME
    folder.mkdir(parents=True, exist_ok=True)
    made = LocalSecrets(
        jwt_secret=secrets.token_urlsafe(48),
        stripe_secret_key=f"sk_test_{secrets.token_hex(24)}",
        stripe_webhook_secret=f"whsec_{secrets.token_hex(24)}",
    )
    if not path.exists():
        draft = folder / f"{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_bytes(msgspec.json.encode(made))
        try:
            # A link fails where the name exists already, and never shows half a file.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return msgspec.json.decode(path.read_bytes(), type=LocalSecrets)
