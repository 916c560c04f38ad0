"""Clients of a broker that is killed again and again, which change its state: retained values,
subscriptions, wills. Each knows what the broker has acknowledged, and what it may have done beyond
that."""

import random
import threading
import time

from crash_clients import PUBCOMP, PUBREC, PUBREL, Client, Subscriber, packet_id_of, read_publish
from packets import PUBACK, PUBLISH, SUBACK, frame, publish, subscribe, text

UNSUBACK = 0xB0
PLACES = 10  # topics of a writer, filters of a changer
BACK_IN_TIME_S = 5.0  # a will waits for its client for ten seconds after a restart


class RetainedWriter(Client):
    """Sets retained values and deletes them, one at a time: r/NAME/PLACE has a number."""

    def __init__(self, port, name, qos):
        super().__init__(port, name)
        self.qos = qos
        self.number = 0
        self.waiting = None  # "PUBACK", ..., or nothing is under way
        self.acknowledged = {}  # place -> the last number that is
        self.is_paused = threading.Event()

    @staticmethod
    def is_deletion(number):
        return number % 7 == 0

    def allowed(self, place):
        """What the broker may have there: the last that it acknowledged, or what is on its way."""
        numbers = {self.acknowledged.get(place, 0)}
        if self.waiting and self.number % PLACES == place:
            numbers.add(self.number)
        return {None if self.is_deletion(number) else number for number in numbers}

    def write(self):
        if self.waiting == PUBCOMP:
            self.socket.sendall(frame(PUBREL | 2, b"\0\1"))
            return
        payload = b"" if self.is_deletion(self.number) else str(self.number).encode()
        topic = f"r/{self.name}/{self.number % PLACES}"
        self.socket.sendall(publish(topic, payload, self.qos, 1, retain=True))

    def resume(self):
        if self.waiting:
            self.write()

    def step(self):
        if not self.waiting and not self.is_paused.is_set():
            self.number += 1
            self.waiting = PUBACK if self.qos == 1 else PUBREC
            self.write()
        return False

    def handle(self, first, body):
        kind = first & 0xF0
        if kind != self.waiting:
            return
        if kind == PUBREC:
            self.waiting = PUBCOMP
            self.write()
        if kind != PUBCOMP:
            self.acknowledged[self.number % PLACES] = self.number
        if kind != PUBREC:
            self.waiting = None


class RetainedReader(Client):
    """Comes anew all the time: it finds nothing that is older than what was acknowledged before."""

    is_durable = False

    def __init__(self, port, name, writers):
        super().__init__(port, name)
        self.writers = {one.name: one for one in writers}
        self.least = {}
        self.leave_at = 0.0
        self.found = {}  # writer and place -> number
        self.count = 0

    def resume(self):
        self.least = {name: dict(one.acknowledged) for name, one in self.writers.items()}
        self.found = {}
        self.leave_at = time.monotonic() + random.uniform(0.05, 0.2)
        self.socket.sendall(subscribe("r/#", 1))

    def step(self):
        return time.monotonic() > self.leave_at

    def handle(self, first, body):
        if first & 0xF0 != PUBLISH:
            return
        topic, packet_id, payload = read_publish(first, body)
        if packet_id is not None:
            self.socket.sendall(frame(PUBACK, packet_id.to_bytes(2, "big")))
        _, name, place = topic.split("/")
        if not payload:
            return
        number = int(payload)
        least = self.least[name].get(int(place), 0)
        if number > self.writers[name].number:
            self.complain(f"got {topic} {number}, which nobody sent")
        if number < least and first & 1:
            self.complain(f"found {topic} {number}, and {least} was acknowledged before")
        self.found[name, int(place)] = number
        self.count += 1


class Changer(Client):
    """Subscribes to f/PLACE and unsubscribes, one at a time."""

    def __init__(self, port, name):
        super().__init__(port, name)
        self.subscribed = {}  # place -> as acknowledged
        self.under_way = None  # (place, is to be subscribed)
        self.changes = 0
        self.received = set()
        self.is_paused = threading.Event()

    def write(self):
        place, subscribes = self.under_way
        topic_filter = f"f/{place}"
        self.socket.sendall(subscribe(topic_filter, 1) if subscribes
                            else frame(0xA2, b"\0\1" + text(topic_filter)))

    def resume(self):
        if self.under_way:
            self.write()

    def step(self):
        if self.under_way is None and not self.is_paused.is_set():
            self.under_way = random.randrange(PLACES), random.random() < 0.6
            self.write()
        return False

    def handle(self, first, body):
        if first & 0xF0 == PUBLISH:
            topic, packet_id, _ = read_publish(first, body)
            self.received.add(topic)
            self.socket.sendall(frame(PUBACK, packet_id.to_bytes(2, "big")))
        elif first & 0xF0 in (SUBACK, UNSUBACK) and self.under_way:
            place, subscribes = self.under_way
            self.subscribed[place] = subscribes
            self.under_way = None
            self.changes += 1


class Mortal(Client):
    """Has a will with a number of each connection, and often leaves without a word. A will is
    published when it left so, and not when the broker was killed and it came back in time."""

    def __init__(self, port, name, lives):
        super().__init__(port, name)
        self.lives = lives  # how often the broker was killed
        self.number = -1
        self.wanted = set()
        self.unwanted = set()
        self.ended = None  # (life, number, when, by itself)
        self.leave_at = 0.0
        self.opened_in = 0

    def be_connected(self):
        self.number += 1
        self.will = (f"w/{self.name}", str(self.number).encode(), 1)
        self.is_open = self.leaves = False
        try:
            super().be_connected()
        finally:
            if self.is_open:
                self.ended = (self.opened_in, self.number, time.monotonic(), self.leaves)

    def resume(self):
        self.is_open = True
        self.opened_in = self.lives()
        self.leave_at = time.monotonic() + random.uniform(0.02, 0.2)
        if self.ended is None:
            return
        life, number, when, by_itself = self.ended
        if by_itself and life == self.opened_in:
            self.wanted.add(number)
        elif not by_itself and time.monotonic() < when + BACK_IN_TIME_S:
            self.unwanted.add(number)

    def step(self):
        self.leaves = time.monotonic() > self.leave_at
        return self.leaves

    def handle(self, first, body):
        self.complain(f"got {first:#x}")


class Heir(Subscriber):
    """Wants all wills, of which some come twice and most not at all."""

    def __init__(self, port, name):
        super().__init__(port, name, 1)
        self.numbers = set()

    def resume(self):
        if not self.is_subscribed.is_set():
            self.socket.sendall(subscribe("w/#", 1))

    def on_publish(self, first, body):
        _, packet_id, payload = read_publish(first, body)
        self.numbers.add(int(payload))
        self.socket.sendall(frame(PUBACK, packet_id.to_bytes(2, "big")))
