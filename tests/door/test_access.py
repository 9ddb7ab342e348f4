"""The matrix of who may see what: every route by every kind of caller, with the owner's ids and with unknown ones."""

from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from door.access import OWNER, ROLES, UNKNOWN, Ids, Matrix, Row, declared, routes_of, rows, without_ids
from http_world import WITHOUT_LIMITS, World

ROWS = rows()
NOT_ALLOWED = ("PUT", "PATCH", "DELETE", "TRACE")


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    """A world in which the owner has paid, for whatever only asks."""
    return await begun(tmp_path_factory.mktemp("world"))


@pytest_asyncio.fixture(loop_scope="module")
async def matrix(request: pytest.FixtureRequest, unchanged: Matrix, tmp_path: Path) -> Matrix:
    """The same, or one of its own for a request that changes something."""
    row = getattr(request.node, "callspec", None) and request.node.callspec.params.get("row")
    return await begun(tmp_path) if isinstance(row, Row) and row.method == "POST" else unchanged


async def begun(folder: Path) -> Matrix:
    """A world in which the owner has paid."""
    matrix = Matrix(World(folder, **WITHOUT_LIMITS))
    await matrix.begin()
    return matrix


def ids_of(matrix: Matrix, row: Row) -> Ids:
    """The ids that a row is about."""
    return matrix.owners if row.ids == "owner's" else UNKNOWN


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
async def test_every_caller_is_answered_as_the_table_says(matrix: Matrix, row: Row) -> None:
    answers = {role: await matrix.ask(role, row, ids_of(matrix, row)) for role in ROLES}

    assert row.expected == {role: answer.status_code for role, answer in answers.items()}


@pytest.mark.parametrize("row", [row for row in ROWS if row.ids == "owner's"], ids=lambda row: row.name)
async def test_what_is_another_s_reads_like_what_does_not_exist(matrix: Matrix, row: Row) -> None:
    refused = [role for role in ROLES if role != "owner" and row.expected[role] >= 300]
    answers = {role: without_ids(await matrix.ask(role, row, matrix.owners), matrix.owners) for role in refused}
    unknown = {role: without_ids(await matrix.ask(role, row, UNKNOWN), UNKNOWN) for role in refused}

    assert len(ROLES) - 2 <= len(refused)
    assert unknown == answers


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
async def test_nobody_but_the_owner_and_staff_who_export_it_is_shown_anything_of_the_owner_s(
    matrix: Matrix, row: Row
) -> None:
    ids = ids_of(matrix, row)
    (payment,) = matrix.world.store.payments()
    owners = {
        OWNER.name,
        OWNER.email,
        str(payment.id),
        payment.checkout_session_id or "",
        payment.payment_intent_id or "",
    }
    shown = {role: told(await matrix.ask(role, row, ids), owners) for role in ROLES if role != "owner"}
    exported = {"staff"} if row.url.endswith("/data") and row.ids == "owner's" else set()

    assert "" not in owners
    assert exported == {role for role, found in shown.items() if found}


def told(answer: httpx.Response, words: set[str]) -> set[str]:
    """Which of these words an answer tells to whoever did not say them."""
    asked = f"{answer.request.url} {answer.request.content.decode()}"
    text = answer.text + str(answer.headers)
    return {word for word in words if word in text and word not in asked}


@pytest.mark.parametrize(
    ("url", "word"),
    [("/api/v1/payments", "payment_id"), ("/dashboard/billing", "payment_id"), ("/api/v1/subscription", "user_id")],
)
async def test_the_owner_is_shown_it(matrix: Matrix, url: str, word: str) -> None:
    row = next(row for row in ROWS if row.url == url)

    answer = await matrix.ask("owner", row, UNKNOWN)

    assert {getattr(matrix.owners, word)} == told(answer, {getattr(matrix.owners, word)})


async def test_every_route_of_the_document_and_every_page_is_in_the_table(matrix: Matrix) -> None:
    row = next(row for row in ROWS if row.url == "/schema/openapi.json")
    paths = (await matrix.ask("nobody", row, UNKNOWN)).json()["paths"]
    documented = {(method.upper(), path) for path, operations in paths.items() for method in operations}

    assert 9 <= len(documented)
    assert [] == sorted(route for route in documented | routes_of(matrix.world) if not declared(*route))


async def test_every_request_of_the_table_is_one_of_a_route(tmp_path: Path) -> None:
    routes = routes_of(World(tmp_path))

    assert len(routes) == len({(row.method, row.url.partition("?")[0]) for row in ROWS})


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/v1/payments/{payment_id}/refunds"), ("DELETE", "/api/v1/payments/{payment_id}"), ("GET", "/api/v1")],
)
async def test_a_route_that_nobody_has_put_into_the_table_is_found(method: str, path: str) -> None:
    assert not declared(method, path)


async def test_whatever_names_an_id_is_asked_with_the_owner_s_and_with_an_unknown_one() -> None:
    naming = {(row.method, row.url, row.form) for row in ROWS if "_id}" in row.url + row.form}
    asked = {
        whose: {(row.method, row.url, row.form) for row in ROWS if row.ids == whose} for whose in ("owner's", "unknown")
    }

    assert naming
    assert naming == asked["owner's"] == asked["unknown"]


async def test_no_route_takes_a_method_that_is_not_its_own(matrix: Matrix) -> None:
    for row in {row.url: row for row in ROWS if row.ids != "unknown"}.values():
        for method in NOT_ALLOWED:
            other = Row(method=method, url=row.url, form="", ids=row.ids, expected={})
            statuses = {
                role: (await matrix.ask(role, other, matrix.owners)).status_code for role in ("nobody", "other")
            }

            assert {405} == set(statuses.values()), f"{method} {row.url}"
