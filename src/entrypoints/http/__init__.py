"""The HTTP doors: decode, identify, call one use case, encode."""

import entrypoints.lean_litestar  # noqa: F401 # before anything imports Litestar
