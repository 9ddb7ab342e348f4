"""A member asks for a copy of all that is kept about them."""

from application.ports.privacy import MemberData, Members
from application.ports.world import Clock
from domain.audit import Cause
from domain.errors import NotFound
from domain.member import UserId


class ExportMember:
    """Gives the copy, and writes down who was given it."""

    def __init__(self, *, members: Members, clock: Clock) -> None:
        self._members = members
        self.clock = clock

    async def __call__(self, user_id: UserId, *, operator: str) -> MemberData:
        """All that is kept about the member. Raises NotFound where that is nothing, which leaves no trace either."""
        data = await self._members.known(user_id)
        if data.is_empty:
            raise NotFound("Nothing is kept about this user.")
        await self._members.exported(user_id, Cause(why="a copy of the data was given", actor=f"operator:{operator}"))
        return data
