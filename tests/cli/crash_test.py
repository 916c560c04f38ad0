"""kill -9 at any moment: what was acknowledged is there, in order, and QoS 2 once."""

import random
import signal
import socket
import threading
import time

import harness
from packets import PUBACK, PUBLISH, SUBACK, Reader, connect, frame, publish, subscribe
from placements import on_every_placement

PUBREC, PUBREL, PUBCOMP, CONNACK = 0x50, 0x60, 0x70, 0x20
KILLS = 1000 if harness.LONG else 15
WINDOW = 15


def packet_id_of(body):
    return int.from_bytes(body[:2], "big")


class Client(threading.Thread):
    """A durable client that comes back whenever its connection is lost. Subclasses say what it
    does with packets; `step` is called again and again while it is connected."""

    def __init__(self, port, name):
        super().__init__(daemon=True)
        self.port = port
        self.name = name
        self.has_session = False
        self.stopping = threading.Event()
        self.complaints = []
        self.socket = None

    def run(self):
        while not self.stopping.is_set():
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as self.socket:
                    self.socket.settimeout(0.02)
                    self.be_connected()
            except OSError:
                time.sleep(0.005)

    def be_connected(self):
        reader = Reader()
        self.socket.sendall(connect(self.name, clean=False))
        is_open = False
        while not self.stopping.is_set():
            try:
                some = self.socket.recv(1 << 16)
            except TimeoutError:
                some = None
            if some == b"":
                return
            for first, body in reader.feed(some or b""):
                if first & 0xF0 == CONNACK:
                    if self.has_session and body[0] != 1:
                        self.complaints.append(f"{self.name} has lost its session")
                    self.has_session = True
                    is_open = True
                    self.resume()
                else:
                    self.handle(first, body)
            if is_open:
                self.step()


class Publisher(Client):
    """Numbers its messages; at QoS 2 it never sends one anew that may have arrived."""

    def __init__(self, port, name, qos):
        super().__init__(port, name)
        self.qos = qos
        self.next_number = 0
        self.waiting = {}  # packet id -> number, or None once it has PUBREC
        self.acknowledged = 0
        self.is_paused = threading.Event()

    def write(self, packet_id, dup):
        if self.waiting[packet_id] is None:
            self.socket.sendall(frame(PUBREL | 2, packet_id.to_bytes(2, "big")))
            return
        packet = publish(f"t/{self.name}", str(self.waiting[packet_id]).encode(), self.qos,
                         packet_id)
        self.socket.sendall(bytes([packet[0] | (8 if dup else 0)]) + packet[1:])

    def resume(self):
        for packet_id in list(self.waiting):
            self.write(packet_id, True)

    def step(self):
        while len(self.waiting) < WINDOW and not self.is_paused.is_set():
            packet_id = 1 + self.next_number % 60_000
            self.waiting[packet_id] = self.next_number
            self.next_number += 1
            self.write(packet_id, False)

    def handle(self, first, body):
        packet_id = packet_id_of(body)
        if first & 0xF0 == PUBREC:
            self.acknowledged += 1 if self.waiting.get(packet_id) is not None else 0
            self.waiting[packet_id] = None
            self.write(packet_id, False)
        elif first & 0xF0 in (PUBACK, PUBCOMP):
            self.acknowledged += first & 0xF0 == PUBACK
            self.waiting.pop(packet_id, None)


class Subscriber(Client):
    """Wants everything at QoS 2, and holds each publisher's numbers against what is promised."""

    def __init__(self, port, name):
        super().__init__(port, name)
        self.is_subscribed = threading.Event()
        self.held = set()  # packet ids of QoS 2 that wait for PUBREL
        self.last = {}  # publisher -> the highest number so far
        self.count = 0

    def resume(self):
        if not self.is_subscribed.is_set():
            self.socket.sendall(subscribe("t/#", 2))

    def step(self):
        pass

    def handle(self, first, body):
        kind = first & 0xF0
        if kind == SUBACK:
            self.is_subscribed.set()
        elif kind == PUBLISH:
            self.on_publish(first, body)
        elif kind == PUBREL:
            self.held.discard(packet_id_of(body))
            self.socket.sendall(frame(PUBCOMP, body[:2]))

    def on_publish(self, first, body):
        size = int.from_bytes(body[:2], "big")
        topic, body = body[2:2 + size].decode(), body[2 + size:]
        publisher, packet_id, number = topic[2:], packet_id_of(body), int(body[2:])
        exactly_once = first & 6 == 4
        if exactly_once and packet_id in self.held:
            self.socket.sendall(frame(PUBREC, body[:2]))
            return
        expected = self.last.get(publisher, -1) + 1
        if number > expected:
            self.complaints.append(f"{self.name} got {publisher}'s {number}, not {expected}")
        elif number < expected and exactly_once:
            self.complaints.append(f"{self.name} got {publisher}'s {number} twice at QoS 2")
        self.last[publisher] = max(number, expected - 1)
        self.count += 1
        if exactly_once:
            self.held.add(packet_id)
        self.socket.sendall(frame(PUBREC if exactly_once else PUBACK, body[:2]))


@on_every_placement
class CrashLoop(harness.Case):
    def start_on(self, port):
        # Some lives take snapshots all the time, others none.
        snapshots = random.choice([[], ["--store-snapshot-bytes", "20000"]])
        broker = self.start_mqz("broker", "-c", self.config, *self.placement, *snapshots,
                                "--store", self.path("store"))
        self.wait_for_port(broker, port)
        return broker

    def wait_for_all_of_it(self, broker, subscribers, want):
        """As long as more comes: a thousand lives leave long queues."""
        end = time.monotonic() + 20 * harness.PATIENCE
        while any(one.last != want for one in subscribers) and time.monotonic() < end:
            counts = [one.count for one in subscribers]
            there = [(one.last, sorted(one.held)) for one in subscribers]
            broker.wait_until(lambda: [one.count for one in subscribers] != counts,
                              f"more comes of {want} than {there}")
        self.assertEqual([one.last for one in subscribers], [want] * len(subscribers))

    def test_nothing_acknowledged_is_lost_and_nothing_comes_twice(self):
        port = harness.free_port()
        self.config = self.write("crash.conf", f"listener {port} 127.0.0.1\n"
                                               "allow_anonymous true\nlog_type error\n")
        broker = self.start_on(port)
        subscribers = [Subscriber(port, f"s{number}") for number in range(2)]
        for one in subscribers:
            one.start()
        for one in subscribers:
            self.assertTrue(one.is_subscribed.wait(harness.PATIENCE))
        publishers = [Publisher(port, f"p{number}", 1 + number % 2) for number in range(4)]
        for one in publishers:
            one.start()
        choices = random.Random()
        for _ in range(KILLS):
            time.sleep(choices.uniform(0.02, 0.25))  # the moment is the matter of the test
            broker.send(signal.SIGKILL)
            broker.child.wait(harness.PATIENCE)
            broker = self.start_on(port)
        for one in publishers:
            one.is_paused.set()
        broker.wait_until(lambda: not any(one.waiting for one in publishers),
                          "everything is acknowledged", 3 * harness.PATIENCE)
        want = {one.name: one.next_number - 1 for one in publishers}
        self.wait_for_all_of_it(broker, subscribers, want)
        for one in publishers + subscribers:
            one.stopping.set()
            one.join(harness.PATIENCE)
            self.assertEqual(one.complaints, [])
        self.assertGreater(sum(one.acknowledged for one in publishers), KILLS)
        self.assertExit(broker.stop(), 0)


if __name__ == "__main__":
    harness.main()
