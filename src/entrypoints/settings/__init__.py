"""The configuration: read once from the environment, checked whole, and every fault reported by name with its mend."""

from entrypoints.settings.reader import read_settings
from entrypoints.settings.shape import (
    APP_PORT,
    SANDBOX_PORT,
    SYMMETRIC,
    ConfigurationError,
    Settings,
    TokenSettings,
    sandbox_url,
)

__all__ = [
    "APP_PORT",
    "SANDBOX_PORT",
    "SYMMETRIC",
    "ConfigurationError",
    "Settings",
    "TokenSettings",
    "read_settings",
    "sandbox_url",
]
