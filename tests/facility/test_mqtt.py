"""The session against a real broker: bulk reads, joined acknowledgements, and paho's own places."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable, Iterator
from functools import partial

import paho.mqtt.client as paho
import pytest

from facility.errors import UsageError
from facility.mqtt import Delivery, MqttSettings, Session
from facility.packets import Packets, remaining_length
from tests.servers import Mosquitto, free_port, wait_until


class Inbox:
    """Collects deliveries, acknowledging them or not."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.lock = threading.Lock()

    def take(self, delivery: Delivery) -> None:
        with self.lock:
            self.deliveries.append(delivery)

    def has(self, many: int) -> bool:
        return len(self.messages) >= many

    @property
    def messages(self) -> list[tuple[bytes, bytes]]:
        with self.lock:
            return [
                pair
                for delivery in self.deliveries
                for pair in zip(delivery.topics, delivery.payloads, strict=True)
            ]


@pytest.fixture
def settings(mosquitto: Mosquitto) -> MqttSettings:
    return MqttSettings(url=mosquitto.url)


@pytest.fixture
def publisher(settings: MqttSettings) -> Iterator[Session]:
    session = Session(settings, "test-mqtt-publisher")
    session.start()
    yield session
    session.stop()


def receiver(settings: MqttSettings, inbox: Inbox, topic: str, client_id: str) -> Session:
    session = Session(
        settings, client_id, subscriptions=[topic], on_delivery=inbox.take, persistent=True
    )
    session.start()
    return session


def test_every_message_comes_once_in_order_whatever_its_size(
    settings: MqttSettings, publisher: Session
) -> None:
    inbox = Inbox()
    session = receiver(settings, inbox, "test/order/#", "test-mqtt-order")
    payloads = [b"%d:" % i + b"x" * (i * 37 % 5000) for i in range(3000)]
    for i, payload in enumerate(payloads):
        publisher.publish(f"test/order/{i % 7}", payload, qos=1 if i % 3 else 0)
    wait_until(partial(inbox.has, len(payloads)), 20, "all messages")
    session.acknowledge(inbox.deliveries)
    assert sorted(payload for _, payload in inbox.messages) == sorted(payloads)
    ordered = [payload for topic, payload in inbox.messages if topic == b"test/order/1"]
    assert ordered == [payload for i, payload in enumerate(payloads) if i % 7 == 1]
    session.stop()


def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(
    settings: MqttSettings, publisher: Session
) -> None:
    inbox = Inbox()
    session = receiver(settings, inbox, "test/again", "test-mqtt-again")
    for i in range(10):
        publisher.publish("test/again", b"%d" % i)
        wait_until(partial(inbox.has, i + 1), 10, "the message")
    session.acknowledge(inbox.deliveries[:4])
    wait_until(lambda: not session._client._out_packet, 5, "the acknowledgements")
    session.stop()

    second = Inbox()
    session = receiver(settings, second, "test/again", "test-mqtt-again")
    wait_until(lambda: len(second.messages) >= 6, 10, "the rest")
    assert [payload for _, payload in second.messages] == [b"%d" % i for i in range(4, 10)]
    session.acknowledge(second.deliveries)
    wait_until(lambda: not session._client._out_packet, 5, "the acknowledgements")
    session.stop()


def test_acknowledgements_of_an_earlier_connection_are_dropped(settings: MqttSettings) -> None:
    session = Session(settings, "test-mqtt-stale")
    session.start()
    stale = Delivery(session._client.connection - 1, topics=[b"t"], payloads=[b"p"], mids=[7])
    session.acknowledge([stale])
    assert not session._client._out_packet
    session.stop()


def test_an_acknowledgement_from_before_a_restart_is_not_taken_for_another_message(
    new_mosquitto: Callable[..., Mosquitto],
) -> None:
    broker = new_mosquitto(persistence=True)
    settings = MqttSettings(url=broker.url)
    publisher = Session(settings, "test-mqtt-restart-publisher")
    publisher.start()
    inbox = Inbox()
    session = receiver(settings, inbox, "test/restart", "test-mqtt-restart")
    for i in range(20):
        publisher.publish("test/restart", b"%d" % i)
    wait_until(partial(inbox.has, 20), 10, "the messages")
    broker.stop()
    broker.start()
    wait_until(partial(inbox.has, 40), 15, "the messages again")
    before = [delivery for delivery in inbox.deliveries if delivery.connection == 1]
    again = [delivery for delivery in inbox.deliveries if delivery.connection > 1]
    wait_until(lambda: not session._client._out_packet, 5, "the subscription")
    session.acknowledge(before)
    assert not session._client._out_packet
    session.acknowledge(again[:1])
    wait_until(lambda: not session._client._out_packet, 5, "the acknowledgements")
    session.stop()
    left = 20 - len(again[0])

    third = Inbox()
    session = receiver(settings, third, "test/restart", "test-mqtt-restart")
    publisher.publish("test/restart", b"last")
    wait_until(lambda: (b"test/restart", b"last") in third.messages, 10, "the last message")
    assert len(third.messages) == left + 1
    session.stop()
    publisher.stop()


def test_a_session_that_leaves_stays_away_until_it_rejoins(
    settings: MqttSettings, publisher: Session
) -> None:
    inbox = Inbox()
    session = receiver(settings, inbox, "test/leave", "test-mqtt-leave")
    session.leave()
    wait_until(lambda: not session.alive, 10, "the connection dropped")
    publisher.publish("test/leave", b"kept")
    wait_until(lambda: publisher.unsent == 0, 5, "the message at the broker")
    connection = session.connection
    wait_until(lambda: session.connection > connection, 10, "an attempt")
    assert not inbox.messages
    session.rejoin()
    wait_until(partial(inbox.has, 1), 15, "the message")
    session.acknowledge(inbox.deliveries)
    session.stop()


def test_a_network_thread_that_ended_is_started_again(
    settings: MqttSettings, publisher: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = Inbox()
    session = receiver(settings, inbox, "test/revive", "test-mqtt-revive")
    monkeypatch.setattr(session._client, "loop_misc", lambda: 1 / 0)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    wait_until(lambda: session._client._thread is None, 10, "the end of the thread")
    monkeypatch.undo()
    assert not session.alive
    session.revive()
    wait_until(lambda: session.alive, 10, "the connection")
    publisher.publish("test/revive", b"heard")
    wait_until(partial(inbox.has, 1), 15, "the message")
    session.acknowledge(inbox.deliveries)
    session.stop()


def test_an_oversized_message_is_cut_and_the_stream_goes_on(
    settings: MqttSettings, publisher: Session
) -> None:
    small = settings.model_copy(update={"max_message_bytes": 10_000})
    inbox = Inbox()
    session = receiver(small, inbox, "test/large", "test-mqtt-large")
    for payload in (b"before", b"y" * 700_000, b"after", b"z" * 10_500, b"end"):
        publisher.publish("test/large", payload)
    wait_until(lambda: len(inbox.messages) == 5, 10, "five messages")
    lengths = [len(payload) for _, payload in inbox.messages]
    assert lengths[0] == 6
    assert lengths[2] == 5
    assert lengths[4] == 3
    assert lengths[1] == lengths[3] == 4096
    assert sum(len(delivery.oversized) for delivery in inbox.deliveries) == 2
    session.acknowledge(inbox.deliveries)
    session.stop()


def test_a_listener_that_raises_does_not_end_the_session(
    settings: MqttSettings, publisher: Session
) -> None:
    inbox = Inbox()
    fails = [True]

    def take(delivery: Delivery) -> None:
        if fails.pop() if fails else False:
            raise RuntimeError("a fault of the listener")
        inbox.take(delivery)

    session = Session(
        settings,
        "test-mqtt-raises",
        subscriptions=["test/raises"],
        on_delivery=take,
        persistent=True,
    )
    session.start()
    publisher.publish("test/raises", b"kept")
    wait_until(lambda: len(inbox.messages) == 1, 20, "the message again")
    assert inbox.messages == [(b"test/raises", b"kept")]
    session.acknowledge(inbox.deliveries)
    session.stop()


def test_no_broker_is_one_clear_line() -> None:
    port = free_port()
    with pytest.raises(UsageError, match=rf"no MQTT broker at 127.0.0.1:{port}.*--mqtt"):
        Session(MqttSettings(url=f"mqtt://127.0.0.1:{port}"), "test").start()
    with pytest.raises(UsageError, match="no broker address"):
        Session(MqttSettings(url="localhost:1883"), "test")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x00", (0, 1)),
        (b"\x7f", (127, 1)),
        (b"\x80\x01", (128, 2)),
        (b"\xff\xff\xff\x7f", (268_435_455, 4)),
        (b"\x80", (0, -1)),
        (b"\x80\x80\x80\x80", (0, 0)),
    ],
)
def test_remaining_length(data: bytes, expected: tuple[int, int]) -> None:
    assert remaining_length(data, 0) == expected


def test_packets_are_found_wherever_the_reads_fall() -> None:
    """Any cut of the stream gives the same messages."""
    stream = b""
    for i in range(40):
        body = b"\x00\x03a/b" + (i + 1).to_bytes(2, "big") + b"p" * (i * 11)
        length = len(body)
        head = (
            bytes([0x32, length])
            if length < 128
            else bytes([0x32, length % 128 | 128, length // 128])
        )
        stream += head + body
    for size in (1, 2, 3, 7, 64, 1000, len(stream)):
        packets = Packets(1 << 20, lambda *_: 0)
        delivery = Delivery(0)
        for start in range(0, len(stream), size):
            assert packets.take(stream[start : start + size], delivery) == 0
        assert delivery.mids == list(range(1, 41)), size
        assert [len(p) for p in delivery.payloads] == [i * 11 for i in range(40)]


@pytest.mark.parametrize("size", [1_000, 4_100, 30_000, 200_000])
def test_an_oversized_message_may_have_the_longest_of_topics(size: int) -> None:
    """Its id lies behind the topic, and without it the message would come again for ever."""
    topic = b"a/" + b"b" * 65_533
    body = b"\xff\xff" + topic + b"\x00\x07" + b"p" * 100_000
    length = len(body)
    head = bytes([0x32, length & 127 | 128, length >> 7 & 127 | 128, length >> 14])
    stream = head + body + b"\x32\x07\x00\x01a\x00\x08ok"
    packets = Packets(100_000, lambda *_: 0)
    delivery = Delivery(0)
    for start in range(0, len(stream), size):
        assert packets.take(stream[start : start + size], delivery) == 0
    assert (delivery.topics, delivery.mids) == ([topic, b"a"], [7, 8])
    assert (delivery.oversized, delivery.payloads) == ({0}, [b"p" * 4_096, b"ok"])


def test_paho_still_has_the_places_this_relies_on() -> None:
    """Fails where a new paho moves what facility.mqtt overrides or calls."""
    source = inspect.getsource(paho.Client)
    assert "rc = self.loop_read()" in source
    assert "self.reconnect()" in source
    reconnect = inspect.getsource(paho.Client.reconnect)
    assert reconnect.index("_out_packet.clear()") < reconnect.index("_create_socket()")
    assert list(inspect.signature(paho.Client._packet_queue).parameters)[1:5] == [
        "command",
        "packet",
        "mid",
        "qos",
    ]
    assert "self._in_packet['command']" in inspect.getsource(paho.Client._packet_handle)


def test_a_broker_that_goes_and_comes_back_is_told_of_once_each(
    new_mosquitto: Callable[..., Mosquitto], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "facility.mqtt")
    broker = new_mosquitto()
    session = Session(MqttSettings(url=broker.url), "told")
    session.start()
    broker.stop()
    wait_until(lambda: "is lost" in caplog.text, 10, "the loss told")
    broker.start()
    wait_until(lambda: "is there again" in caplog.text, 15, "the return told")
    session.stop()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
