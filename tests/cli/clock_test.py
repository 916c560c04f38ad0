"""The system's wall clock is set while the broker runs, as NTP does long after the start of a
machine without a clock of its own. libfaketime sets it for the broker alone."""

import glob
import os
import signal

import harness
from packets import CONNACK, PUBACK, PUBLISH, Socket, connect, publish

EXPIRY_S = 3600


class ClockSteps(harness.Case):
    def setUp(self):
        super().setUp()
        # The program that comes with it sets the clock once, at a program's start.
        self.program("faketime")
        library = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        self.assertTrue(library, "libfaketime is not installed; packaging/install-deps --tests")
        self.environment = {"LD_PRELOAD": library[0], "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                            "FAKETIME_TIMESTAMP_FILE": self.path("step")}
        # It comes before a sanitizer's library, which is told to bear it.
        options = os.environ.get("ASAN_OPTIONS", "")
        self.environment["ASAN_OPTIONS"] = f"{options}:verify_asan_link_order=0".lstrip(":")
        self.set_wall("+0")

    def set_wall(self, step):
        """At once: the broker never reads half a file."""
        os.replace(self.write("next-step", step), self.path("step"))

    def start_life(self):
        return self.start_broker("--store", self.path("store"), env=self.environment)

    def client(self, broker, name, clean=True, expiry=0):
        """A connection, and whether its session was there."""
        client = Socket(broker.port)
        self.addCleanup(client.close)
        client.send(connect(name, 5, clean, expiry=expiry))
        return client, client.expect(CONNACK)[0] == 1

    def publish(self, broker, payload):
        client, _ = self.client(broker, "publisher")
        client.send(publish("t", payload, 1, 1, 5))
        client.expect(PUBACK)

    def leave_and_kill(self, step):
        """A client that leaves a session for an hour, a step, a message before and one after."""
        broker = self.start_life()
        client, _ = self.client(broker, "s", False, EXPIRY_S)
        client.subscribe("t", 1, 5)
        client.close()
        self.publish(broker, b"before")
        self.set_wall(step)
        self.publish(broker, b"after")
        broker.send(signal.SIGKILL)
        broker.child.wait(harness.PATIENCE)

    def test_a_step_forwards_ends_no_session(self):
        self.leave_and_kill("+2h")
        self.set_wall("+179m")
        broker = self.start_life()
        client, is_there = self.client(broker, "s", False, EXPIRY_S)
        self.assertTrue(is_there)
        for payload in (b"before", b"after"):
            self.assertTrue(client.expect(PUBLISH).endswith(payload))

    def test_a_step_backwards_keeps_no_session_for_longer(self):
        self.leave_and_kill("-2h")
        self.set_wall("-59m")
        broker = self.start_life()
        _, is_there = self.client(broker, "s", False, EXPIRY_S)
        self.assertFalse(is_there)


if __name__ == "__main__":
    harness.main()
