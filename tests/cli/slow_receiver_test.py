"""Clients that do not keep up, packets that are too large, and the end: each limit's behaviour."""

import signal
import threading
import time

import harness
from measure import MEGABYTE, rss_bytes
from packets import (DISCONNECT, PACKET_TOO_LARGE, PUBACK, PUBLISH, QUOTA_EXCEEDED,
                     SERVER_SHUTTING_DOWN, Socket, publish)
from placements import on_every_placement

# What may wait for one connection; the standard is 64 MB.
WAITING = (64 if harness.LONG else 32) * MEGABYTE
COUNTED = "sys_interval 1\n"


@on_every_placement
class SlowReceivers(harness.Case):
    def dropped(self, broker, at_least):
        """How many the broker says it dropped: what is retained may be an interval old."""
        client = Socket(broker.port).join("counter")
        client.subscribe("$SYS/broker/publish/messages/dropped")
        end = time.monotonic() + harness.PATIENCE
        count = 0
        while count < at_least and time.monotonic() < end:
            count = int(client.expect(PUBLISH).rsplit(b"dropped", 1)[1])
        client.close()
        return count

    def flood(self, broker, qos, total_bytes):
        """Sends in rounds, each of which the fast receiver has before the next begins."""
        fast = Socket(broker.port).join("fast").subscribe("flood", qos)
        publisher = Socket(broker.port).join("publisher")
        payload = b"x" * 8000
        a_round = 64
        rounds = total_bytes // (len(payload) * a_round)
        number = 0
        for _ in range(rounds):
            packets = []
            for at in range(a_round):
                mark = (number + at).to_bytes(4, "big")
                packets.append(publish("flood", mark + payload, qos, packet_id=1 + at))
            sender = threading.Thread(target=publisher.send, args=(b"".join(packets),))
            sender.start()
            for _ in range(a_round):
                body = fast.expect(PUBLISH)
                skip = 2 + len("flood") + (2 if qos else 0)
                self.assertEqual(int.from_bytes(body[skip:skip + 4], "big"), number)
                if qos:
                    fast.send(b"\x40\2" + body[7:9])
                number += 1
            sender.join()
            for _ in range(a_round if qos else 0):
                publisher.expect(PUBACK)
        fast.close()
        publisher.close()
        return number

    def test_who_does_not_read_loses_qos_0_and_nobody_else_does(self):
        broker = self.start_broker(*self.placement,
                                   config=COUNTED + f"max_outgoing_bytes {WAITING}")
        stuck = Socket(broker.port, receive_buffer=8192).join("stuck").subscribe("flood")
        before = rss_bytes(broker.pid)
        sent = self.flood(broker, 0, 4 * WAITING)
        if not harness.SANITIZED:  # a sanitizer keeps freed memory for a while
            self.assertLess(rss_bytes(broker.pid) - before, WAITING + 24 * MEGABYTE)
        # It reads now: what waited, and from then on everything again.
        publisher = Socket(broker.port).join("again")
        got = 0
        end = threading.Event()

        def say_until_heard():
            while not end.wait(0.05):
                publisher.send(publish("flood", b"last"))

        speaker = threading.Thread(target=say_until_heard)
        speaker.start()
        try:
            while not stuck.expect(PUBLISH).endswith(b"last"):
                got += 1
        finally:
            end.set()
            speaker.join()
        self.assertLess(got, sent)
        self.assertGreater(got, WAITING // 8004 // 2)
        self.assertGreaterEqual(self.dropped(broker, sent - got), sent - got)

    def test_who_does_not_acknowledge_is_disconnected_at_its_queues_limit(self):
        broker = self.start_broker(*self.placement, config="max_queued_messages 50\n" + COUNTED)
        slow = Socket(broker.port).join("slow", version=5, clean=False, expiry=100)
        slow.subscribe("flood", 1, version=5)
        sent = self.flood(broker, 1, 2 * MEGABYTE)
        self.assertGreater(sent, 100)
        packets = []
        while (packet := slow.receive()) is not None:
            packets.append(packet)
        self.assertEqual(packets[-1], (DISCONNECT, bytes([QUOTA_EXCEEDED]) + b"\0"[:len(
            packets[-1][1]) - 1]))
        self.assertEqual([p[0] & 0xF6 for p in packets[:-1]], [PUBLISH | 2] * (len(packets) - 1))

    def test_an_absent_clients_newest_are_dropped_and_its_publisher_succeeds(self):
        broker = self.start_broker(*self.placement, config="max_queued_messages 50\n" + COUNTED)
        absent = Socket(broker.port).join("absent", clean=False)
        absent.subscribe("news", 1)
        absent.send(b"\xe0\0")
        self.assertIsNone(absent.receive())
        publisher = Socket(broker.port).join("publisher", version=5)
        for number in range(80):
            publisher.send(publish("news", str(number).encode(), 1, 1 + number, version=5))
            # Success may be the short form.
            self.assertIn(publisher.expect(PUBACK)[2:3], (b"", b"\0"))
        back = Socket(broker.port).join("absent", clean=False)
        got = []
        for number in range(50):
            body = back.expect(PUBLISH)
            back.send(b"\x40\2" + body[6:8])
            got.append(int(body[8:]))
        self.assertEqual(got, list(range(50)))
        self.assertEqual(self.dropped(broker, 30), 30)

    def test_a_publisher_faster_than_everyone_is_served_to_its_last_message(self):
        broker = self.start_broker(*self.placement)
        receiver = Socket(broker.port).join("receiver").subscribe("fast", 1)
        publisher = Socket(broker.port).join("publisher")
        count = 20_000 if not harness.SANITIZED else 3_000
        packets = b"".join(publish("fast", str(number).encode(), 1, 1 + number % 60_000)
                           for number in range(count))
        sender = threading.Thread(target=publisher.send, args=(packets,))
        sender.start()
        for number in range(count):
            body = receiver.expect(PUBLISH)
            self.assertEqual(int(body[8:]), number)
            receiver.send(b"\x40\2" + body[6:8])
        for _ in range(count):
            publisher.expect(PUBACK)
        sender.join()


@on_every_placement
class Limits(harness.Case):
    def test_a_packet_that_is_too_large_ends_its_connection_only(self):
        broker = self.start_broker(*self.placement, config="max_packet_size 10000")
        other = Socket(broker.port).join("other").subscribe("t")
        large = Socket(broker.port)
        large.join("large", version=5)
        large.send(publish("t", b"x" * 9_000, version=5))
        self.assertIsNotNone(other.expect(PUBLISH))
        large.send(publish("t", b"x" * 10_000, version=5)[:5_000])
        self.assertEqual(large.expect(DISCONNECT)[0], PACKET_TOO_LARGE)
        self.assertIsNone(large.receive())
        older = Socket(broker.port).join("older")
        older.send(publish("t", b"x" * 10_000))
        self.assertIsNone(older.receive())
        other.send(publish("t", b"fine"))
        self.assertIn(b"fine", other.expect(PUBLISH))

    def test_the_end_tells_every_client_within_a_second(self):
        broker = self.start_broker(*self.placement)
        new = [Socket(broker.port).join(f"new-{number}", version=5) for number in range(20)]
        old = [Socket(broker.port).join(f"old-{number}") for number in range(20)]
        silent = Socket(broker.port)
        begin = time.monotonic()
        broker.send(signal.SIGTERM)
        for client in new:
            self.assertEqual(client.expect(DISCONNECT)[0], SERVER_SHUTTING_DOWN)
            self.assertIsNone(client.receive())
        for client in [*old, silent]:
            self.assertIsNone(client.receive())
        self.assertExit(broker.wait(), 0)
        self.assertLess(time.monotonic() - begin, 3 * (3 if harness.SANITIZED else 1))

    def test_the_end_does_not_wait_for_who_does_not_read(self):
        broker = self.start_broker(*self.placement)
        stuck = Socket(broker.port, receive_buffer=8192).join("stuck", version=5)
        stuck.subscribe("flood", version=5)
        publisher = Socket(broker.port).join("publisher")
        for _ in range(200):
            publisher.send(publish("flood", b"x" * 50_000))
        publisher.send(b"\xc0\0")
        publisher.expect(0xD0)
        begin = time.monotonic()
        self.assertExit(broker.stop(), 0)
        self.assertLess(time.monotonic() - begin, 3 * (3 if harness.SANITIZED else 1))


class PortInUse(harness.Case):
    def test_the_one_who_has_the_port_is_named(self):
        holder = self.start_broker()
        file = self.write("second.conf", f"listener {holder.port} 127.0.0.1\n")
        result = self.assertExit(self.mqz("broker", "-c", file), 1)
        self.assertIn(str(holder.port), result.errors)
        self.assertIn("mqz", result.errors.split("in use", 1)[1])
        self.assertIn(str(holder.pid), result.errors)


if __name__ == "__main__":
    harness.main()
