"""The page of the API's description, which shows and does everything with nothing from elsewhere."""

import pytest

from journeys.pages.conftest import Comes
from journeys.pages.visitor import DESKTOP, Look

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_operation_is_read_and_tried_out(comes: Comes) -> None:
    visitor = await comes(Look(size=DESKTOP, dark=True))
    status = await visitor.opens("/schema")
    operation = visitor.page.locator("#operations-Plans-listPlans")
    await operation.locator(".opblock-summary-control").click()
    await operation.locator("button.execute").click()
    answer = operation.locator(".live-responses-table")
    await answer.get_by_text("200", exact=True).wait_for()

    assert 200 == status
    assert "talent_membership" in await answer.inner_text()
    assert 12 == await visitor.page.locator(".opblock").count()
