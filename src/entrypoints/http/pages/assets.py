"""The one style sheet and the one script, under names that change with their content, so that browsers may keep them for ever."""

from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from entrypoints.http.identity import PUBLIC
from entrypoints.http.rate_limits import UNLIMITED

FOLDER: Final = Path(__file__).parent / "static"
KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
DIGEST_LENGTH: Final = 12


class Assets:
    """The files of a folder, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in KINDS}
        self._served = {self.served_name(name): name for name in self._files}

    def served_name(self, name: str) -> str:
        """The name under which a file is served: `pages.css` as `pages-0a1b2c3d4e5f.css`. Raises KeyError for an unknown one."""
        path = Path(name)
        return f"{path.stem}-{sha256(self._files[name]).hexdigest()[:DIGEST_LENGTH]}{path.suffix}"

    def answer(self, served_name: str) -> Response[bytes]:
        """A file. Raises NotFoundException."""
        name = self._served.get(served_name)
        if name is None:
            raise NotFoundException
        return Response(
            self._files[name],
            media_type=f"{KINDS[Path(name).suffix]}; charset=utf-8",
            headers={
                "cache-control": "public, max-age=31536000, immutable",
                "content-security-policy": "default-src 'none'; sandbox",
            },
        )


@get("/assets/{name:str}", opt={PUBLIC: True, UNLIMITED: True}, include_in_schema=False, sync_to_thread=False)
def asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """One file of the pages."""
    assets: Assets = request.app.state.pages.assets
    return assets.answer(name)
