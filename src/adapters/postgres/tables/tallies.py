"""What replicas have counted towards the limits of rate."""

from datetime import datetime
from uuid import UUID

from advanced_alchemy.base import DefaultBase
from sqlalchemy import Integer, LargeBinary, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from adapters.postgres.tables.kit import Instant


class RateTallyRow(DefaultBase):
    """What one replica has counted of one key in the last minute. Unlogged: a crash may forget it, and no standby needs it."""

    __tablename__ = "rate_tallies"
    __table_args__ = ({"prefixes": ["UNLOGGED"], "postgresql_with": {"fillfactor": 50}},)

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    replica: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    counted: Mapped[int] = mapped_column(Integer)
    told_at: Mapped[datetime] = mapped_column(Instant)
