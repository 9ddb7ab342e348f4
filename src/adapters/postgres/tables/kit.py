"""What all tables are declared with."""

from typing import Final

from sqlalchemy import DateTime

Instant: Final = DateTime(timezone=True)
