"""While the provider gives no answer, callers are turned away at once; one call at a time tries whether it is back."""

from collections.abc import Callable

import pytest

from adapters.stripe.breaker import Breaker
from application.errors import ProviderRefused, ProviderUnavailable

SILENCE = ProviderUnavailable("no answer", silent=True)


class World:
    """A breaker, and the time in the hands of the test."""

    def __init__(self) -> None:
        self.time = 0.0
        self.breaker = Breaker(failures_max=3, open_seconds=10, now=lambda: self.time)
        self.made = 0

    def call(self, error: Exception | None = None) -> type[Exception] | None:
        """Make a call that ends so; what its caller gets."""
        try:
            with self.breaker:
                self.made += 1
                if error is not None:
                    raise error
        except (ProviderUnavailable, ProviderRefused) as raised:
            return type(raised)
        return None

    def silent_calls(self, count: int) -> None:
        """Calls that get no answer."""
        for _ in range(count):
            self.call(SILENCE)


@pytest.fixture
def world() -> World:
    """A breaker that has seen nothing."""
    return World()


def test_a_few_calls_without_an_answer_change_nothing(world: World) -> None:
    world.silent_calls(2)

    assert world.call() is None


def test_after_so_many_in_a_row_callers_are_turned_away_and_told_when_to_come_back(world: World) -> None:
    world.silent_calls(3)
    world.time = 4.5
    with pytest.raises(ProviderUnavailable) as refusal, world.breaker:
        pass

    assert 3 == world.made
    assert 6 == refusal.value.retry_after_seconds


@pytest.mark.parametrize(
    "answer", [None, ProviderRefused("no"), ProviderUnavailable("429"), ProviderUnavailable("500", answered=True)]
)
def test_an_answer_of_any_kind_counts_as_one(world: World, answer: Exception | None) -> None:
    world.silent_calls(2)
    world.call(answer)
    world.silent_calls(2)

    assert not world.breaker.is_open


def test_one_call_tries_again_and_the_others_wait_for_what_comes_of_it(world: World) -> None:
    world.silent_calls(3)
    world.time = 10
    inside: list[type[Exception] | None] = []
    with world.breaker:
        inside.append(world.call())
    after = world.call()

    assert [ProviderUnavailable] == inside
    assert after is None


def test_a_try_without_an_answer_keeps_it_open_for_as_long_again(world: World) -> None:
    world.silent_calls(3)
    world.time = 10
    world.silent_calls(1)
    world.time = 19.9
    turned_away = world.call()
    world.time = 20

    assert ProviderUnavailable is turned_away
    assert world.call() is None


@pytest.mark.parametrize("ending", [KeyboardInterrupt])
def test_a_call_that_was_cut_short_says_nothing_of_the_provider(
    world: World, ending: Callable[[], BaseException]
) -> None:
    world.silent_calls(2)
    with pytest.raises(KeyboardInterrupt), world.breaker:
        raise ending()
    world.silent_calls(1)

    assert world.breaker.is_open
