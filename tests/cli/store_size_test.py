"""A store does not grow for ever: snapshots are taken, and what is older is removed."""

import json
import os
import signal
import socket
import subprocess
import time

import harness
from packets import CONNACK, PUBACK, PUBLISH, SUBACK, Reader, connect, publish, subscribe

MEGABYTE = 1 << 20
ALLOWANCE = 256 * MEGABYTE
ROUNDS = 600  # of a megabyte


class Peer:
    def __init__(self, port, name):
        self.reader = Reader()
        self.packets = []
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE)
        self.socket.sendall(connect(name, clean=False))
        self.next(CONNACK)

    def next(self, kind):
        while True:
            while self.packets:
                first, body = self.packets.pop(0)
                if first & 0xF0 == kind:
                    return first, body
            self.packets = self.reader.feed(self.socket.recv(1 << 20))

    def exchange(self, packet, kind):
        self.socket.sendall(packet)
        return self.next(kind)


class StoreSize(harness.Case):
    def start_on(self, port, snapshot_bytes=16 * MEGABYTE):
        broker = self.start_mqz("broker", "-c", self.config, "--store", self.path("store"),
                                "--store-snapshot-bytes", str(snapshot_bytes))
        self.wait_for_port(broker, port)
        return broker

    def store_bytes(self):
        sizes = []
        for name in os.listdir(self.path("store/broker")):
            try:
                sizes.append(os.stat(self.path("store/broker/" + name)).st_blocks * 512)
            except FileNotFoundError:
                pass  # it was removed meanwhile
        return sum(sizes)

    def test_what_is_replaced_and_acknowledged_leaves_the_disk_and_what_is_not_stays(self):
        port = harness.free_port()
        self.config = self.write("size.conf", f"listener {port} 127.0.0.1\n"
                                              "allow_anonymous true\nlog_type error\n")
        broker = self.start_on(port)
        subscriber = Peer(port, "s")
        subscriber.exchange(subscribe("wanted", 1), SUBACK)
        subscriber.socket.close()
        publisher = Peer(port, "p")
        self.addCleanup(publisher.socket.close)
        publisher.exchange(publish("wanted", b"first", 1), PUBACK)
        largest = 0
        for number in range(ROUNDS):
            payload = number.to_bytes(4, "big") + bytes(MEGABYTE)
            publisher.exchange(publish("value", payload, 1, retain=True), PUBACK)
            if number % 50 == 0:
                largest = max(largest, self.store_bytes())
        self.assertGreater(largest, MEGABYTE)
        self.assertLess(largest, 2 * MEGABYTE + ALLOWANCE)
        broker.send(signal.SIGKILL)
        broker.child.wait(harness.PATIENCE)
        began = time.monotonic()
        broker = self.start_on(port)
        self.assertLess(time.monotonic() - began, harness.PATIENCE)
        subscriber = Peer(port, "s")
        self.addCleanup(subscriber.socket.close)
        first, body = subscriber.next(PUBLISH)
        self.assertEqual(body[-5:], b"first")
        subscriber.exchange(subscribe("value", 0), SUBACK)
        first, body = subscriber.next(PUBLISH)
        self.assertEqual(body[7:11], (ROUNDS - 1).to_bytes(4, "big"))
        self.assertExit(broker.stop(), 0)

    def test_compact_leaves_what_is_needed_and_dump_shows_it(self):
        port = harness.free_port()
        self.config = self.write("size.conf", f"listener {port} 127.0.0.1\n"
                                              "allow_anonymous true\nlog_type error\n")
        broker = self.start_on(port, 1 << 40)
        subscriber = Peer(port, "s")
        subscriber.exchange(subscribe("wanted", 1), SUBACK)
        subscriber.socket.close()
        publisher = Peer(port, "p")
        publisher.exchange(publish("wanted", b"first", 1), PUBACK)
        for number in range(150):
            payload = number.to_bytes(4, "big") + bytes(MEGABYTE)
            publisher.exchange(publish("value", payload, 1, retain=True), PUBACK)
        publisher.socket.close()
        self.assertExit(broker.stop(), 0)
        before = self.store_bytes()
        self.assertGreater(before, 150 * MEGABYTE)
        compact = ("broker", "store", "compact", self.path("store"))
        self.assertIn("segments removed", self.assertExit(self.mqz(*compact), 0).text)
        self.assertLess(self.store_bytes(), before - 64 * MEGABYTE)
        self.assertIn("one segment", self.assertExit(self.mqz(*compact), 0).text)
        self.assertExit(self.mqz("broker", "store", "verify", self.path("store")), 0)
        dump = self.assertExit(self.mqz("broker", "store", "dump", "--json", self.path("store")), 0)
        told = {one["type"]: one for one in map(json.loads, dump.lines)}
        self.assertEqual((told["snapshot_queued"]["client"], told["snapshot_queued"]["payload"]),
                         ("s", "first"))
        self.assertEqual(told["snapshot_retained"]["topic"], "value")
        broker = self.start_on(port)
        subscriber = Peer(port, "s")
        self.addCleanup(subscriber.socket.close)
        self.assertEqual(subscriber.next(PUBLISH)[1][-5:], b"first")
        subscriber.exchange(subscribe("value", 0), SUBACK)
        self.assertEqual(subscriber.next(PUBLISH)[1][7:11], (149).to_bytes(4, "big"))
        self.assertExit(broker.stop(), 0)

    def test_a_snapshot_that_fails_is_told_once_and_ends_nothing(self):
        port = harness.free_port()
        log = self.path("log")
        self.config = self.write("size.conf", f"listener {port} 127.0.0.1\nallow_anonymous true\n"
                                              f"log_type warning\nlog_dest file {log}\n")
        # Without the signal a write beyond the limit is an error; segments stay below it.
        broker = self.start(["/bin/sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\"", harness.MQZ,
                             "broker", "-c", self.config, "--store", self.path("store"),
                             "--store-snapshot-bytes", str(16 * MEGABYTE)])
        self.wait_for_port(broker, port)
        subprocess.run([self.program("prlimit"), "--pid", str(broker.pid),
                        f"--fsize={72 * MEGABYTE}"], check=True)
        publisher = Peer(port, "p")
        self.addCleanup(publisher.socket.close)
        told = "a snapshot of the store cannot be written"
        for number in range(200):
            publisher.exchange(publish(f"t/{number}", bytes(MEGABYTE), 1, retain=True), PUBACK)
        def warnings():
            with open(log, encoding="utf-8") as file:
                return file.read().count(told)
        end = time.monotonic() + harness.PATIENCE
        while warnings() == 0 and time.monotonic() < end:
            time.sleep(0.05)
        publisher.exchange(publish("after", b"x", 1, retain=True), PUBACK)
        self.assertEqual(warnings(), 1)
        self.assertExit(broker.stop(), 0)


if __name__ == "__main__":
    harness.main()
