"""Every error tells where it is explained, and there it is: what it means and what to do."""

from urllib.parse import urlsplit

import httpx
import pytest

from entrypoints.http.problem_types import TYPES
from entrypoints.http.problems import DOMAIN_STATUS, HTTP_CODES
from http_world import World


@pytest.mark.parametrize("code", TYPES)
async def test_an_error_is_explained_where_its_type_points(client: httpx.AsyncClient, code: str) -> None:
    answer = await client.get(f"/errors/{code}")

    assert (200, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert TYPES[code].title in answer.text
    assert f"<code>{code}</code>" in answer.text
    assert len(TYPES[code].remedy) == answer.text.count("<li>")
    assert "`" not in answer.text


async def test_the_type_of_a_problem_leads_to_its_page(client: httpx.AsyncClient, world: World) -> None:
    problem = await client.get("/api/v1/payments")
    page = await client.get(urlsplit(problem.json()["type"]).path)

    assert 401 == problem.status_code
    assert 200 == page.status_code
    assert problem.json()["title"] in page.text


async def test_all_errors_are_listed_on_one_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/errors")

    assert all(f'href="/errors/{code}"' in answer.text for code in TYPES)


@pytest.mark.parametrize(
    ("accepted", "told"), [("text/html", "text/html; charset=utf-8"), ("application/json", "application/problem+json")]
)
async def test_an_error_that_there_is_not_is_not_found_in_the_form_that_is_asked_for(
    client: httpx.AsyncClient, accepted: str, told: str
) -> None:
    answer = await client.get("/errors/no_such_error", headers={"Accept": accepted})

    assert (404, told) == (answer.status_code, answer.headers["content-type"])


def test_what_is_told_of_a_status_is_what_is_answered() -> None:
    of_domain = {(code, status) for code, status in DOMAIN_STATUS.items()}
    of_http = {(code, status) for status, code in HTTP_CODES.items()}

    assert [] == [(code, status) for code, status in of_domain | of_http if status not in TYPES[code].statuses]
