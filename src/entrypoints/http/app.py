"""The HTTP application: the routes, and how errors and identity are handled for all of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from dependency_injector.providers import Provider
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware

from entrypoints.container import Container
from entrypoints.http.answers import answer_error
from entrypoints.http.body_schemas import BodySchemas
from entrypoints.http.checkouts import start_checkout
from entrypoints.http.frame import Frame
from entrypoints.http.health import live, ready
from entrypoints.http.identity import CountVisitors, Identify
from entrypoints.http.members import erase_user, export_user_data
from entrypoints.http.metrics import metrics
from entrypoints.http.origins import origin_of
from entrypoints.http.pages import local
from entrypoints.http.pages.assets import asset
from entrypoints.http.pages.billing import billing_history, receipt
from entrypoints.http.pages.headers import STRIPE_CHECKOUT
from entrypoints.http.pages.landing import cancel_page, give_up, success_page
from entrypoints.http.pages.language import choose_language
from entrypoints.http.pages.payment import home, pay, payment_page
from entrypoints.http.pages.problem_types import problem_type, problem_types
from entrypoints.http.pages.rendering import Pages
from entrypoints.http.payments import list_payments, show_payment
from entrypoints.http.plans import list_plans
from entrypoints.http.rate_limits import keep_sharing, tell_allowances
from entrypoints.http.reference import openapi
from entrypoints.http.subscriptions import list_subscriptions, own_subscription, user_subscription
from entrypoints.http.tokens import TokenVerifier
from entrypoints.http.webhooks import receive_stripe_event
from entrypoints.metrics.punctuality import watch_punctuality

BODY_BYTES_MAX: Final = 64 * 1024
API: Final = [
    list_plans,
    start_checkout,
    list_payments,
    show_payment,
    own_subscription,
    user_subscription,
    list_subscriptions,
    export_user_data,
    erase_user,
]
PAGES: Final = [
    *(home, payment_page, pay, success_page, cancel_page, give_up, billing_history, receipt),
    *(choose_language, asset, problem_types, problem_type),
]
ROUTES: Final = [*API, receive_stripe_event, live, ready, metrics, *PAGES]
USE_CASES: Final = (
    *("start_checkout", "receive_event", "check_access", "list_payments", "show_payment", "list_plans", "readiness"),
    *("show_standing", "follow_checkout", "cancel_checkout", "show_receipt", "exposition"),
    *("export_member", "erase_member"),
)
"""What handlers may ask for by name: each a provider of the container."""


def given(provider: Provider[Any]) -> Provide:  # Any: a provider of whatever a handler asks for
    """Let a handler name a use case. Litestar reads signatures and providers have none: hence the closure."""
    return Provide(lambda: provider(), sync_to_thread=False)


def create_app(container: Container) -> Frame:
    """The application over a container. Everything is built here, so that a fault of configuration stops the start.

    Raises ConfigurationError and InvalidCatalogue.
    """
    settings = container.settings()
    container.catalogue()
    container.report_errors()

    pages = Pages(
        wording=container.wording,
        app_url=settings.app_url,
        hosted_origin=origin_of(settings.stripe_api_base) if settings.stripe_api_base else STRIPE_CHECKOUT,
        form_secret=settings.stripe_secret_key,
        sign_in_url=settings.sign_in_url,
        local=settings.signs_tokens,
    )
    verifier, limits = TokenVerifier(settings.tokens), container.rate_limits()
    visitors = local.LocalVisitors(settings.tokens.secret or "", container.outbox) if settings.signs_tokens else None

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        async with container.closing():
            warming = asyncio.gather(container.warm_up(), verifier.warm_up(), asyncio.to_thread(pages.warm_up))
            sharing = asyncio.create_task(keep_sharing(container.share_rate_limits()))
            watching = asyncio.create_task(watch_punctuality(container.measures().late))
            yield
            for task in (watching, sharing, warming):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    app = Litestar(
        [*ROUTES, *local.ROUTES] if settings.signs_tokens else ROUTES,
        dependencies={name: given(getattr(container, name)) for name in USE_CASES},
        middleware=[DefineMiddleware(Identify, verifier=verifier, limits=limits), CountVisitors(verifier, limits)],
        before_send=[tell_allowances],
        exception_handlers={Exception: answer_error},
        state=State(
            {
                "app_url": settings.app_url,
                "pages": pages,
                "local": visitors,
                "idempotency_keys": container.idempotency_keys(),
                "rate_limits": limits,
                "measures": container.measures(),
            }
        ),
        lifespan=[running],
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=openapi(),
        plugins=[BodySchemas()],
        logging_config=None,
    )
    return Frame(app, trusted_proxies=settings.trusted_proxies, tracing=container.tracing())
