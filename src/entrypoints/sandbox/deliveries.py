"""Brings events to the webhook endpoint: signed afresh at each try, several at once, again and again until a 2xx."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable

from entrypoints.sandbox.config import SandboxConfig
from entrypoints.sandbox.events import payload, signature_header
from entrypoints.sandbox.faults import DeliveryFault, Faults
from entrypoints.sandbox.post import NoAnswer, post
from entrypoints.sandbox.state import Attempt, Delivery, State
from entrypoints.sandbox.wire import JsonObject, new_id

USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
_SPOILING = ("second_secret", "wrong_secret", "stale", "wrong_livemode", "forget_answer")


class Deliveries:
    """All events on their way. Each delivery is a task of its own, so nothing is promised about order."""

    def __init__(self, config: SandboxConfig, state: State, faults: Faults, changed: Callable[[], None]) -> None:
        self.config = config
        self.state = state
        self.faults = faults
        self.changed = changed
        self.webhook_url = config.webhook_url
        self.webhook_secret = config.webhook_secret
        self.paused = False
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._finished: dict[str, asyncio.Event] = {}
        self._of_event: dict[str, list[Delivery]] = {}
        self._running = False

    def start(self) -> None:
        """Takes up what waits, also from before a restart."""
        self._running = True
        for delivery in self.state.deliveries.values():
            self._of_event.setdefault(delivery.event_id, []).append(delivery)
            if delivery.state == "waiting":
                self._send(delivery)

    async def stop(self) -> None:
        """Ends all tasks; what was not delivered stays waiting."""
        self._running = False
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def enqueue(self, event: JsonObject) -> None:
        """Starts the delivery of a new event as the faults want it."""
        if self.webhook_url is None:
            return
        fault = self.faults.for_event(event["type"])
        twins = []
        if fault is not None and fault.kind == "twin":
            twins.append(self.state.add({**event, "id": new_id("evt")}))
        copies = fault.copies if fault is not None and fault.kind == "duplicate" else 1
        for one in [event] * copies + twins:
            self._start(one, fault)

    def _start(self, event: JsonObject, fault: DeliveryFault | None) -> Delivery:
        delivery = Delivery(id=new_id("whd"), event_id=event["id"], event_type=event["type"], due_at=time.time())
        if fault is not None:
            _mark(delivery, fault)
        self.state.deliveries[delivery.id] = delivery
        self._of_event.setdefault(event["id"], []).append(delivery)
        self._count(event["id"])
        if delivery.state == "waiting":
            self._send(delivery)
        elif delivery.state == "held" and fault is not None and fault.times <= 0:
            self.release()
        return delivery

    def resend(self, event: JsonObject) -> Delivery:
        """Delivers an event once more, whatever came of its other deliveries."""
        return self._start(event, None)

    def release(self) -> int:
        """Sends what is held, the last one first. Returns how many."""
        held = [one for one in self.state.deliveries.values() if one.state == "held"]
        for index, delivery in enumerate(reversed(held)):
            delivery.state = "waiting"
            delivery.due_at = time.time() + index * 0.05
            self._send(delivery)
        return len(held)

    def pause(self) -> None:
        """No try begins until `resume`."""
        self.paused = True
        self._open.clear()

    def resume(self) -> None:
        """Goes on."""
        self.paused = False
        self._open.set()

    def hurry(self) -> int:
        """Makes every waiting retry due at once. Returns how many there were."""
        now = time.time()
        waiting = [one for one in self.state.deliveries.values() if one.state == "waiting" and one.due_at > now]
        for delivery in waiting:
            delivery.due_at = now
            self._cancel(delivery.id)
            self._send(delivery)
        return len(waiting)

    def forget(self) -> None:
        """Drops every delivery."""
        for delivery_id in list(self._tasks):
            self._cancel(delivery_id)
        self.state.deliveries.clear()
        self._finished.clear()
        self._of_event.clear()

    def count(self, state: str) -> int:
        """How many deliveries are in one state."""
        return sum(1 for one in self.state.deliveries.values() if one.state == state)

    async def wait_for_success(self, event_id: str, seconds: float) -> bool:
        """Waits until an event has met a 2xx. Does not wait for what is lost, held or paused."""
        mine = self._of_event.get(event_id, [])
        if any(one.state == "delivered" for one in mine):
            return True
        if self.paused or not self._running or all(one.state != "waiting" for one in mine):
            return False
        finished = self._finished.setdefault(event_id, asyncio.Event())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await finished.wait()
        return finished.is_set()

    def _cancel(self, delivery_id: str) -> None:
        task = self._tasks.pop(delivery_id, None)
        if task is not None:
            task.cancel()

    def _send(self, delivery: Delivery) -> None:
        if self._running:
            task = asyncio.get_running_loop().create_task(self._bring(delivery))
            self._tasks[delivery.id] = task
            task.add_done_callback(lambda ended: self._ended(delivery.id, ended))

    def _ended(self, delivery_id: str, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(delivery_id) is task:
            del self._tasks[delivery_id]

    async def _bring(self, delivery: Delivery) -> None:
        while delivery.state == "waiting":
            await asyncio.sleep(max(delivery.due_at - time.time(), 0))
            await self._open.wait()
            event = self.state.find("event", delivery.event_id)
            if event is None or self.webhook_url is None:
                delivery.state = "lost"
                break
            attempt = await self._try(delivery, event, self.webhook_url)
            delivery.attempts.append(attempt)
            forgotten = delivery.forgets_answers >= len(delivery.attempts)
            if attempt.status is not None and 200 <= attempt.status < 300 and not forgotten:
                delivery.state = "delivered"
                self._finished.setdefault(event["id"], asyncio.Event()).set()
            else:
                self._again_later(delivery)
            self._count(event["id"])
            self.changed()
        self._count(delivery.event_id)

    async def _try(self, delivery: Delivery, event: JsonObject, url: str) -> Attempt:
        spoiled = len(delivery.attempts) < delivery.spoiled_attempts
        body = payload(event, livemode=delivery.livemode and spoiled)
        timestamp = int(time.time()) + (delivery.timestamp_shift_seconds if spoiled else 0)
        signing = [self.webhook_secret]
        if spoiled and delivery.secret is not None:
            signing = [delivery.secret, *signing] if delivery.with_own_secret else [delivery.secret]
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature_header(body, timestamp, signing),
        }
        began = time.time()
        try:
            status = await post(url, body, headers, self.config.delivery_timeout_seconds)
        except NoAnswer as error:
            return Attempt(at=began, seconds=round(time.time() - began, 3), status=None, error=str(error))
        return Attempt(at=began, seconds=round(time.time() - began, 3), status=status)

    def _again_later(self, delivery: Delivery) -> None:
        schedule = self.config.retry_schedule_seconds
        tries = len(delivery.attempts)
        if tries > len(schedule):
            delivery.state = "given_up"
            return
        # Jitter spreads retries, no more.
        delivery.due_at = time.time() + schedule[tries - 1] * random.uniform(0.9, 1.1)  # noqa: S311 # no secret

    def _count(self, event_id: str) -> None:
        event = self.state.find("event", event_id)
        if event is not None:
            mine = [one.state for one in self._of_event.get(event_id, [])]
            event["pending_webhooks"] = 1 if "delivered" not in mine and mine else 0


def _mark(delivery: Delivery, fault: DeliveryFault) -> None:
    delivery.fault = fault.kind
    if fault.kind == "lose":
        delivery.state = "lost"
    elif fault.kind == "hold":
        delivery.state = "held"
    elif fault.kind == "delay":
        delivery.due_at += 1.0 if fault.seconds is None else fault.seconds
    if fault.kind in _SPOILING:
        delivery.spoiled_attempts = fault.attempts
    if fault.kind in ("second_secret", "wrong_secret"):
        delivery.secret = fault.secret
        delivery.with_own_secret = fault.kind == "second_secret"
    if fault.kind == "stale":
        delivery.timestamp_shift_seconds = -int(3600 if fault.seconds is None else fault.seconds)
    delivery.livemode = fault.kind == "wrong_livemode"
    if fault.kind == "forget_answer":
        delivery.forgets_answers = fault.attempts
