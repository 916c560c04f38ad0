"""Clients for a broker that is killed again and again: they come back, and know what they were
promised. What goes to t/NAME is numbered, at QoS 1 and 2; what goes to z/NAME is, at QoS 0."""

import random
import socket
import threading
import time

import harness
from packets import CONNACK, PUBACK, PUBLISH, SUBACK, Reader, connect, frame, publish, subscribe

PUBREC, PUBREL, PUBCOMP = 0x50, 0x60, 0x70
WINDOW = 15


def packet_id_of(body):
    return int.from_bytes(body[:2], "big")


def read_publish(first, body):
    """Topic, packet id (None at QoS 0), payload."""
    size = int.from_bytes(body[:2], "big")
    topic, body = body[2:2 + size].decode(), body[2 + size:]
    if first & 6 == 0:
        return topic, None, body
    return topic, packet_id_of(body), body[2:]


class Client(threading.Thread):
    """A client that comes back whenever its connection is lost. Subclasses say what it does with
    packets; `step` is called again and again while it is connected."""

    is_durable = True
    will = None

    def __init__(self, port, name):
        super().__init__(daemon=True)
        self.port = port
        self.name = name
        self.has_session = False
        self.stopping = threading.Event()
        self.complaints = []
        self.socket = None

    def complain(self, text):
        self.complaints.append(f"{self.name} {text}")

    def run(self):
        while not self.stopping.is_set():
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=1)
                try:
                    self.socket.settimeout(0.02)
                    self.be_connected()
                finally:
                    self.leave()
            except OSError:
                time.sleep(0.005)

    def leave(self):
        self.socket.close()

    def be_connected(self):
        """Until the connection is lost, or `step` says that it is to be left."""
        reader = Reader()
        self.socket.sendall(connect(self.name, clean=not self.is_durable, will=self.will))
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
                    if self.is_durable and self.has_session and body[0] != 1:
                        self.complain("has lost its session")
                    self.has_session = True
                    is_open = True
                    self.resume()
                else:
                    self.handle(first, body)
            if is_open and self.step():
                return

    def resume(self):
        pass

    def step(self):
        return False


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
        return False

    def handle(self, first, body):
        packet_id = packet_id_of(body)
        if first & 0xF0 == PUBREC:
            self.acknowledged += 1 if self.waiting.get(packet_id) is not None else 0
            self.waiting[packet_id] = None
            self.write(packet_id, False)
        elif first & 0xF0 in (PUBACK, PUBCOMP):
            self.acknowledged += first & 0xF0 == PUBACK
            self.waiting.pop(packet_id, None)


class UnansweredPublisher(Client):
    """Numbers its messages at QoS 0."""

    is_durable = False

    def __init__(self, port, name):
        super().__init__(port, name)
        self.next_number = 0

    def step(self):
        number = self.next_number
        self.next_number += 1  # before it may arrive
        self.socket.sendall(publish(f"z/{self.name}", str(number).encode()))
        return False

    def handle(self, first, body):
        self.complain(f"got {first:#x}")


class Subscriber(Client):
    """Wants everything, and holds each publisher's numbers against what is promised: none is
    missing, and none comes twice where both sides have QoS 2."""

    def __init__(self, port, name, qos):
        super().__init__(port, name)
        self.qos = qos
        self.is_subscribed = threading.Event()
        self.held = set()  # packet ids of QoS 2 that wait for PUBREL
        self.last = {}  # publisher -> the highest number so far
        self.count = 0

    def resume(self):
        if not self.is_subscribed.is_set():
            self.socket.sendall(subscribe("t/#", self.qos))

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
        topic, packet_id, payload = read_publish(first, body)
        answer = packet_id.to_bytes(2, "big")
        publisher, number = topic[2:], int(payload)
        exactly_once = first & 6 == 4
        if exactly_once and packet_id in self.held:
            self.socket.sendall(frame(PUBREC, answer))
            return
        expected = self.last.get(publisher, -1) + 1
        if number > expected:
            self.complain(f"got {publisher}'s {number}, not {expected}")
        elif number < expected and exactly_once:
            self.complain(f"got {publisher}'s {number} twice at QoS 2")
        self.last[publisher] = max(number, expected - 1)
        self.count += 1
        if exactly_once:
            self.held.add(packet_id)
        self.socket.sendall(frame(PUBREC if exactly_once else PUBACK, answer))


class MovingSubscriber(Subscriber):
    """Connects again and again while it is connected: the new connection takes the session over,
    with what the old one has not read, and the broker ends the old one."""

    def __init__(self, port, name, qos):
        super().__init__(port, name, qos)
        self.older = None
        self.is_moving = False
        self.moves = 0
        self.move_at = 0.0

    def resume(self):
        super().resume()
        self.move_at = time.monotonic() + random.uniform(0.01, 0.2)
        if self.older is not None:
            self.await_end(self.older)
            self.older = None

    def step(self):
        self.is_moving = time.monotonic() > self.move_at
        return self.is_moving

    def run(self):
        super().run()
        if self.older is not None:
            self.older.close()

    def leave(self):
        if self.older is not None:
            self.older.close()
        self.older = self.socket if self.is_moving else None
        if not self.is_moving:
            self.socket.close()
        self.is_moving = False

    def await_end(self, older):
        self.moves += 1
        older.settimeout(harness.PATIENCE)
        try:
            while older.recv(1 << 16):
                pass
        except TimeoutError:
            self.complain("has two connections")
        except OSError:
            pass
        older.close()


class UnansweredSubscriber(Client):
    """Wants everything at QoS 0: what comes was sent, and in order while a connection lasts. What a
    publisher of QoS 1 repeats may come again."""

    is_durable = False

    def __init__(self, port, name, publishers):
        super().__init__(port, name)
        self.publishers = {one.name: one for one in publishers}
        self.last = {}
        self.count = 0

    def resume(self):
        self.last = {}
        self.socket.sendall(subscribe("t/#", 0))
        self.socket.sendall(subscribe("z/#", 0))

    def handle(self, first, body):
        if first & 0xF0 != PUBLISH:
            return
        topic, packet_id, payload = read_publish(first, body)
        publisher, number = self.publishers[topic[2:]], int(payload)
        last = self.last.get(publisher.name, -1)
        may_repeat = isinstance(publisher, Publisher) and publisher.qos == 1
        if packet_id is not None or number >= publisher.next_number:
            self.complain(f"got {first:#x} {topic} {payload}, which nobody sent")
        elif number <= last and not may_repeat:
            self.complain(f"got {topic} {number} behind {last}")
        self.last[publisher.name] = max(last, number)
        self.count += 1
