"""Litestar without what it imports only because it is installed.

Where advanced-alchemy is installed, Litestar imports it for pagination classes that nothing here uses, and with it SQLAlchemy and
all its dialects: more than half of the time that a start takes. Both are imported later, by what needs them.
"""

import sys

if "litestar" not in sys.modules and "advanced_alchemy" not in sys.modules:
    sys.modules["advanced_alchemy"] = None  # type: ignore[assignment] # how Python is told that an import is to fail
    import litestar  # noqa: F401 # imported for its effect

    del sys.modules["advanced_alchemy"]
