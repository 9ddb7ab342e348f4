"""Receipt numbers: counted from 1 in each year, none skipped and none given twice, whatever is rolled back."""

import asyncio

from application.ports.store import BeginWork
from builders import a_payment
from contract.values import CAUSE


async def test_each_year_is_counted_from_one(begin: BeginWork) -> None:
    given = []
    for year in (2026, 2026, 2027, 2026, 2027):
        async with begin() as work:
            given.append((year, await work.invoices.next_sequence(year)))
            await work.commit()

    assert [(2026, 1), (2026, 2), (2027, 1), (2026, 3), (2027, 2)] == given


async def test_one_work_may_take_several_numbers(begin: BeginWork) -> None:
    async with begin() as work:
        first = [await work.invoices.next_sequence(2026) for _ in range(3)]
        await work.commit()
    async with begin() as work:
        then = await work.invoices.next_sequence(2026)

    assert [1, 2, 3, 4] == [*first, then]


async def test_a_number_that_was_taken_without_commit_is_given_again(begin: BeginWork) -> None:
    for _ in range(3):
        async with begin() as work:
            assert await work.invoices.next_sequence(2026) == 1


async def test_twenty_works_at_once_of_which_some_fail_leave_no_gap(begin: BeginWork) -> None:
    async def take(number: int) -> int | None:
        try:
            async with begin() as work:
                sequence = await work.invoices.next_sequence(2026)
                work.payments.add(a_payment(), CAUSE)
                if number % 3 == 0:
                    return None
                if number % 5 == 0:
                    raise ZeroDivisionError
                await work.commit()
                return sequence
        except ZeroDivisionError:
            return None

    taken = [sequence for sequence in await asyncio.gather(*(take(number) for number in range(20))) if sequence]

    assert list(range(1, len(taken) + 1)) == sorted(taken)
    assert 11 == len(taken)
