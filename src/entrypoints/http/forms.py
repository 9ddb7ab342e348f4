"""Forms that only our own pages can have made: a token bound to the member, and the browser's word on where a form came from."""

import hmac
import time
from hashlib import sha256
from typing import Final

from litestar.datastructures import Headers

from entrypoints.http.origins import origin_of

LIFETIME_SECONDS: Final = 24 * 3600
FIELD: Final = "csrf_token"


class ForgedForm(Exception):
    """A form that was not made by one of our pages for this member, or too long ago."""


class FormGuard:
    """Signs and checks the tokens of forms. Nothing is stored: every replica with the same key takes what another one made."""

    def __init__(self, secret: str, app_url: str) -> None:
        """secret: what all replicas share; the key is derived from it."""
        self._key = hmac.digest(secret.encode(), b"forms of the pages", sha256)
        self._origin = origin_of(app_url)

    def token(self, user_id: str) -> str:
        """A token for the forms that are shown to a member now."""
        expires_at = int(time.time()) + LIFETIME_SECONDS
        return f"{expires_at}.{self._signature(user_id, expires_at)}"

    def check(self, user_id: str, token: str) -> None:
        """Raises ForgedForm unless the token was made for this member, at most a day ago."""
        written, _, signature = token.partition(".")
        if not (written.isascii() and written.isdigit() and len(written) <= 12):
            raise ForgedForm
        expires_at = int(written)
        expected = self._signature(user_id, expires_at)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")) or expires_at < time.time():
            raise ForgedForm

    def check_origin(self, headers: Headers) -> None:
        """Raises ForgedForm when the browser says that the form stands on another site. Browsers that say nothing are let pass."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and origin != self._origin:
            raise ForgedForm
        if site is not None and site not in ("same-origin", "none"):
            raise ForgedForm

    def _signature(self, user_id: str, expires_at: int) -> str:
        return hmac.new(self._key, f"{expires_at}\0{user_id}".encode(), sha256).hexdigest()
