"""A local Stripe: speaks its wire protocol, shows its hosted page, sends its signed webhooks. A stranger to the service."""

import entrypoints.lean_litestar  # noqa: F401 # before anything imports Litestar
