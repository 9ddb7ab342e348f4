"""Puts the sandbox together: the API, the hosted pages and the control API in one Litestar application."""

from litestar import Litestar
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.handlers import asgi
from litestar.types import Receive, Scope, Send

from entrypoints.sandbox import control, hosted_page, money_page, receipts
from entrypoints.sandbox.api import Api
from entrypoints.sandbox.config import SandboxConfig
from entrypoints.sandbox.lifespan import running
from entrypoints.sandbox.line import LineApp
from entrypoints.sandbox.sandbox import Sandbox


def create_app(config: SandboxConfig) -> Litestar:
    """A sandbox of its own. Raises StateFileBroken when its state file cannot be read."""
    sandbox = Sandbox(config)
    api = Api(sandbox)

    @asgi("/v1", is_mount=True, copy_scope=False)
    async def serve_api(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            await api(scope, receive, send)

    return LineApp(
        route_handlers=[
            serve_api,
            control.control,
            hosted_page.index,
            hosted_page.style,
            hosted_page.show,
            hosted_page.submit,
            money_page.show_payment,
            money_page.change_payment,
            receipts.show_receipt,
            receipts.show_invoice,
            receipts.print_invoice,
        ],
        dependencies={"sandbox": Provide(lambda: sandbox, sync_to_thread=False)},
        lifespan=[lambda _: running(sandbox)],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=1_000_000,
    )
