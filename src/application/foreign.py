"""Several installations may share one account at the provider, such as staging and production: each leaves what another one made alone."""

from application.ports.store import UnitOfWork


async def is_foreign(work: UnitOfWork, installation: str | None) -> bool:
    """Whether something says that another installation made it. What says nothing of that is judged by the ids that it names."""
    return installation is not None and installation != await work.installation.id()
