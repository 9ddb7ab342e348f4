"""The HTTP application: the routes, and how errors and identity are handled for all of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any, Final

from dependency_injector.providers import Provider
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import ScalarRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from entrypoints.container import Container
from entrypoints.http.checkouts import start_checkout
from entrypoints.http.frame import Frame
from entrypoints.http.health import live, ready
from entrypoints.http.identity import Identify
from entrypoints.http.payments import list_payments, show_payment
from entrypoints.http.plans import list_plans
from entrypoints.http.problems import answer_problem
from entrypoints.http.subscriptions import own_subscription, user_subscription
from entrypoints.http.tokens import TokenVerifier
from entrypoints.http.webhooks import receive_stripe_event

BODY_BYTES_MAX: Final = 64 * 1024
API: Final = [list_plans, start_checkout, list_payments, show_payment, own_subscription, user_subscription]
ROUTES: Final = [*API, receive_stripe_event, live, ready]


def given(provider: Provider[Any]) -> Provide:  # Any: a provider of whatever a handler asks for
    """Let a handler name a use case. Litestar reads signatures and providers have none: hence the closure."""
    return Provide(lambda: provider(), sync_to_thread=False)


def create_app(container: Container) -> Frame:
    """The application over a container. Everything is built here, so that a fault of configuration stops the start.

    Raises ConfigurationError and InvalidCatalogue.
    """
    settings = container.settings()
    container.catalogue()

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        async with container.closing():
            warming = asyncio.create_task(container.warm_up())
            yield
            warming.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await warming

    app = Litestar(
        ROUTES,
        dependencies={
            "start_checkout": given(container.start_checkout),
            "receive_event": given(container.receive_event),
            "check_access": given(container.check_access),
            "list_payments": given(container.list_payments),
            "show_payment": given(container.show_payment),
            "list_plans": given(container.list_plans),
            "readiness": given(container.readiness),
        },
        middleware=[DefineMiddleware(Identify, verifier=TokenVerifier(settings.tokens))],
        exception_handlers={Exception: answer_problem},
        state=State({"app_url": settings.app_url}),
        lifespan=[running],
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=openapi(),
        logging_config=None,
    )
    return Frame(app)


def openapi() -> OpenAPIConfig:
    """The description of the API, at /schema."""
    return OpenAPIConfig(
        title="Talents Acting Payments",
        version=version("talents-acting-payments"),
        description="Annual fees through hosted Stripe Checkout. Amounts are whole minor units; times are UTC.",
        path="/schema",
        render_plugins=[ScalarRenderPlugin()],
        security=[{"bearer": []}],
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
    )
