"""kill -9 at any moment: what was acknowledged is there, in order, and QoS 2 once."""

import random
import signal
import time

import harness
from crash_clients import (MovingSubscriber, Publisher, Subscriber, UnansweredPublisher,
                           UnansweredSubscriber)
from crash_state import PLACES, Changer, Heir, Mortal, RetainedReader, RetainedWriter
from packets import Socket, publish
from placements import on_every_placement

KILLS = 1000 if harness.LONG else 15


class Crowd:
    """One of everything that holds the broker to its word, and several of what hurts it most."""

    def __init__(self, port, lives):
        self.publishers = [Publisher(port, f"p{number}", 1 + number % 2) for number in range(4)]
        self.unanswered = UnansweredPublisher(port, "q0")
        self.moving = MovingSubscriber(port, "moving", 2)
        self.subscribers = [Subscriber(port, "s2", 2), Subscriber(port, "s1", 1), self.moving]
        self.observer = UnansweredSubscriber(port, "s0", [*self.publishers, self.unanswered])
        self.writers = [RetainedWriter(port, f"r{qos}", qos) for qos in (1, 2)]
        self.reader = RetainedReader(port, "reader", self.writers)
        self.changer = Changer(port, "changer")
        self.mortal = Mortal(port, "mortal", lives)
        self.heir = Heir(port, "heir")
        self.receivers = [*self.subscribers, self.heir]
        self.others = [*self.publishers, self.unanswered, self.observer, *self.writers,
                       self.reader, self.changer, self.mortal]

    @property
    def all(self):
        return self.receivers + self.others

    def start(self):
        for one in self.receivers:
            one.start()
        for one in self.receivers:
            assert one.is_subscribed.wait(harness.PATIENCE), one.name
        for one in self.others:
            one.start()

    def pause(self):
        for one in [*self.publishers, *self.writers, self.changer]:
            one.is_paused.set()

    def is_answered(self):
        return not (any(one.waiting for one in self.publishers + self.writers)
                    or self.changer.under_way)

    def end(self):
        for one in self.all:
            one.stopping.set()
        for one in self.all:
            one.join(harness.PATIENCE)
        return [text for one in self.all for text in one.complaints]


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

    def check_retained(self, broker, crowd):
        """A new subscriber finds each value that was acknowledged, and none that was deleted."""
        want = {(one.name, place): one.acknowledged[place]
                for one in crowd.writers for place in one.acknowledged
                if not one.is_deletion(one.acknowledged[place])}
        reader = crowd.reader
        broker.wait_until(lambda: reader.found == want, f"it finds {want}")
        reader.leave_at = time.monotonic() + harness.PATIENCE
        time.sleep(0.05)  # for what is too much
        self.assertEqual(reader.found, want)

    def check_subscriptions(self, port, broker, changer):
        client = Socket(port).join("asking")
        for place in range(PLACES):
            client.send(publish(f"f/{place}", b"", 1, place + 1))
        want = {f"f/{place}" for place, is_there in changer.subscribed.items() if is_there}
        broker.wait_until(lambda: changer.received >= want, f"{want} come")
        time.sleep(0.05)  # for what is too much
        self.assertEqual(changer.received, want)

    def check_wills(self, broker, crowd):
        mortal, numbers = crowd.mortal, crowd.heir.numbers
        broker.wait_until(lambda: numbers >= mortal.wanted, "the wills come")
        self.assertEqual(numbers & mortal.unwanted, set())
        self.assertLessEqual(max(numbers), mortal.number)

    def test_nothing_acknowledged_is_lost_and_nothing_comes_twice(self):
        port = harness.free_port()
        self.config = self.write("crash.conf", f"listener {port} 127.0.0.1\n"
                                               "allow_anonymous true\nlog_type error\n")
        broker = self.start_on(port)
        self.life = 0
        crowd = Crowd(port, lambda: self.life)
        crowd.start()
        choices = random.Random()
        for _ in range(KILLS):
            time.sleep(choices.uniform(0.02, 0.25))  # the moment is the matter of the test
            self.life += 1
            broker.send(signal.SIGKILL)
            broker.child.wait(harness.PATIENCE)
            broker = self.start_on(port)
        crowd.pause()
        broker.wait_until(crowd.is_answered, "everything is acknowledged", 3 * harness.PATIENCE)
        want = {one.name: one.next_number - 1 for one in crowd.publishers}
        self.wait_for_all_of_it(broker, crowd.subscribers, want)
        self.check_retained(broker, crowd)
        self.check_subscriptions(port, broker, crowd.changer)
        self.check_wills(broker, crowd)
        self.assertEqual(crowd.end()[:20], [])
        self.assertGreater(sum(one.acknowledged for one in crowd.publishers), KILLS)
        self.assertGreater(crowd.moving.moves, 0)
        self.assertGreater(crowd.changer.changes, 0)
        self.assertGreater(crowd.observer.count, 0)
        self.assertGreater(len(crowd.mortal.wanted), 0)
        self.assertGreater(crowd.reader.count, 0)
        self.assertExit(broker.stop(), 0)


if __name__ == "__main__":
    harness.main()
