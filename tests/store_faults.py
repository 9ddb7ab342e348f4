"""A store in memory whose commits fail when a test wants them to."""

from adapters.memory.store import MemoryStore
from adapters.memory.unit_of_work import MemoryUnitOfWork
from application.errors import TryAgain


class StoreFaults:
    """What goes wrong with the store: the commit of a number fails, before its effect or after it; or nothing can be begun."""

    def __init__(self) -> None:
        self.commits = 0
        self.away = False
        self._planned: dict[int, tuple[Exception, bool]] = {}

    def at_commit(self, number: int, error: Exception | None = None, *, after_effect: bool) -> None:
        """Let a commit fail; they are counted from 1, on from the last one."""
        self._planned[self.commits + number] = (error or TryAgain("the connection was lost"), after_effect)

    def next(self) -> tuple[Exception | None, bool]:
        """Count a commit: what it raises, and whether that is after its effect."""
        self.commits += 1
        return self._planned.pop(self.commits, (None, False))

    @property
    def is_due(self) -> bool:
        """Whether a planned fault has not come up yet."""
        return bool(self._planned)


class FaultyUnitOfWork(MemoryUnitOfWork):
    """A unit of work in memory whose store has faults."""

    def __init__(self, store: MemoryStore, faults: StoreFaults) -> None:
        super().__init__(store)
        self._faults = faults

    async def __aenter__(self) -> "FaultyUnitOfWork":
        if self._faults.away:
            raise TryAgain("the store is away")
        await super().__aenter__()
        return self

    async def commit(self) -> None:
        error, after_effect = self._faults.next()
        if error is None or after_effect:
            await super().commit()
        if error is not None:
            raise error
