import threading
from collections.abc import Callable
from itertools import pairwise

import msgspec

from facility.clock import DAY, HOUR, MINUTE
from facility.errors import Retryable
from simulators.publish import publish
from tests.simulators.sent import scenario

Message = tuple[str, bytes, int, bool]


class Time(threading.Event):
    """A clock that goes on only while the publisher waits, and the event that stops it."""

    speed = 60.0

    def __init__(self, now: int) -> None:
        super().__init__()
        self.now = now

    def now_ms(self) -> int:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        self.now += round((timeout or 0) * self.speed * 1000) + 1
        return self.is_set()


def start() -> int:
    return scenario("street").start_ms


def listen(
    time: Time,
    enough: int,
    on_each: Callable[[int], None] = lambda _: None,
    start_ms: int | None = None,
) -> list[Message]:
    """Publishes the street until there are enough messages; ``on_each`` hears how many so far."""
    messages: list[Message] = []

    def send(topic: str, payload: bytes, qos: int, retain: bool) -> None:
        on_each(len(messages))
        messages.append((topic, payload, qos, retain))
        if len(messages) >= enough:
            time.set()

    sent = publish(scenario("street"), send, time, time, start_ms=start_ms)
    assert sent == len(messages) == enough
    return messages


def measured(messages: list[Message]) -> list[int]:
    """The times of measurement that are given as a number."""
    contents = [msgspec.json.decode(payload) for _, payload, _, _ in messages]
    firsts = [content[0] if isinstance(content, list) else content for content in contents]
    return [first["ts"] for first in firsts if isinstance(first["ts"], int)]


def test_messages_are_sent_until_stopped() -> None:
    messages = listen(Time(start()), 2500)
    by_channel = {topic.split("/")[4]: (qos, retain) for topic, _, qos, retain in messages}
    assert by_channel == {"telemetry": (1, False), "status": (1, True)}


def test_each_message_is_sent_when_the_clock_shows_its_time() -> None:
    time = Time(start())
    shown: list[int] = []
    messages = listen(time, 2500, lambda _: shown.append(time.now))
    assert shown == sorted(shown)
    assert shown[-1] > start() + 10 * MINUTE
    assert max(measured(messages)) <= shown[-1]
    assert max(measured(messages[:1000])) <= shown[999]


def test_a_blocked_way_is_tried_again_and_nothing_is_lost() -> None:
    expected = listen(Time(start()), 300)
    refusals = 5

    def refuse(so_far: int) -> None:
        nonlocal refusals
        if so_far == 100 and refusals:
            refusals -= 1
            raise Retryable("the queue is full")

    assert listen(Time(start()), 300, refuse) == expected
    assert refusals == 0


def test_a_machine_that_slept_goes_on_with_the_present() -> None:
    time = Time(start())

    def nap(so_far: int) -> None:
        if so_far == 1000:
            time.now += 9 * HOUR

    times = measured(listen(time, 9000, nap))
    assert max(later - earlier for earlier, later in pairwise(times)) > 7 * HOUR
    assert max(times) > start() + 9 * HOUR


def test_the_start_may_be_given_and_is_now_otherwise() -> None:
    later = start() + 30 * DAY
    now = measured(listen(Time(later), 50))
    before = measured(listen(Time(later), 50, start_ms=later - MINUTE))
    assert later <= min(now) < later + MINUTE
    assert later - MINUTE <= min(before) < later


def test_a_run_goes_on_day_after_day() -> None:
    time = Time(start())
    days: set[int] = set()

    def skip(so_far: int) -> None:
        days.add((time.now - start()) // DAY)
        if so_far % 500 == 0:
            time.now += 30 * HOUR

    listen(time, 2500, skip)
    assert len(days) >= 4
