"""Many connections at once, many one after another, and those that never say what they want."""

import resource
import select
import socket
import time

import harness
from measure import MEGABYTE, cpu_seconds, rss_bytes
from packets import CONNACK, PUBLISH, Reader, Socket, connect, publish, subscribe
from placements import on_every_placement

# Each connection is a descriptor here and one in the broker; some are needed for other things.
CROWD = 10_000 if harness.LONG or not harness.SANITIZED else 2_000
STORM = 5_000 if harness.LONG or not harness.SANITIZED else 1_000


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Crowd:
    """Connections of one thread, each of which says CONNECT and SUBSCRIBE at once."""

    def __init__(self, port, count, topic):
        self.port = port
        self.poll = select.epoll()
        self.sockets = {}
        self.readers = {}
        self.topic = topic
        for number in range(count):
            self.add(number)

    def add(self, number):
        client = socket.create_connection(("127.0.0.1", self.port), harness.PATIENCE)
        client.setblocking(False)
        client.send(connect(f"crowd-{number}") + subscribe(self.topic))
        self.sockets[client.fileno()] = client
        self.readers[client.fileno()] = Reader()
        self.poll.register(client.fileno(), select.EPOLLIN)

    def wait_for(self, first, body=None):
        """Until every one of them has had such a packet."""
        waiting = set(self.sockets)
        end = time.monotonic() + 3 * harness.PATIENCE
        while waiting:
            for descriptor, _ in self.poll.poll(1):
                some = self.sockets[descriptor].recv(65536)
                if not some:
                    raise AssertionError("the broker closed a connection")
                for packet in self.readers[descriptor].feed(some):
                    if packet[0] == first and (body is None or packet[1] == body):
                        waiting.discard(descriptor)
            if time.monotonic() > end:
                raise AssertionError(f"{len(waiting)} of {len(self.sockets)} still wait")

    def close(self):
        self.poll.close()
        for client in self.sockets.values():
            client.close()


@on_every_placement
class ManyConnections(harness.Case):
    def test_one_publish_reaches_a_crowd(self):
        count = min(CROWD, raise_descriptor_limit() - 200)
        broker = self.start_broker(*self.placement)
        crowd = Crowd(broker.port, count, "all")
        self.addCleanup(crowd.close)
        crowd.wait_for(0x90)
        publisher = Socket(broker.port).join("publisher")
        publisher.send(publish("all", b"to everybody", qos=1))
        publisher.expect(0x40)
        body = b"\0\3allto everybody"
        crowd.wait_for(PUBLISH, body)
        publisher.close()

    def test_memory_comes_back_after_a_storm_of_connections(self):
        broker = self.start_broker(*self.placement)

        def storm(count):
            for number in range(count):
                client = Socket(broker.port).join(f"storm-{number}", expiry=0)
                client.subscribe(f"some/{number}/topic")
                client.close()

        storm(STORM // 5)
        before = rss_bytes(broker.pid)
        storm(STORM)
        if not harness.SANITIZED:  # a sanitizer keeps freed memory for a while
            self.assertLess(rss_bytes(broker.pid), before + 8 * MEGABYTE)
        self.assertTrue(broker.is_running())

    def test_clients_come_and_go_while_messages_flow(self):
        """With several shards, most connections are handed from the first to another."""
        broker = self.start_broker(*self.placement)
        for number in range(200):
            one = Socket(broker.port).join(f"one-{number}", version=5)
            two = Socket(broker.port).join(f"two-{number}", version=5)
            one.subscribe("news", 1, version=5)
            two.send(publish("news", b"hello", qos=1, version=5, retain=True))
            two.expect(0x40)
            while one.receive()[0] & 0xF0 != PUBLISH:
                pass
            one.close()
            two.close()
        before = cpu_seconds(broker.pid)
        time.sleep(0.5)
        self.assertLess(cpu_seconds(broker.pid) - before, 0.25, "nothing to do, and still busy")
        self.assertTrue(broker.is_running())

    def test_no_more_connections_than_allowed(self):
        for word in ("global_max_connections", "max_connections"):
            broker = self.start_broker(*self.placement, config=f"{word} 5")
            clients = [Socket(broker.port).join(f"id-{number}") for number in range(5)]
            refused = Socket(broker.port)
            refused.send(connect("one-too-many", version=5))
            answer = refused.receive()
            self.assertTrue(answer is None or answer[1][1] in (0x97, 0x88), answer)
            clients.pop().close()
            self.retry(lambda port=broker.port: Socket(port).join("now-it-fits"))

    def retry(self, action):
        end = time.monotonic() + harness.PATIENCE
        while True:
            try:
                return action()
            except (AssertionError, OSError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def test_a_broker_without_descriptors_serves_on_and_accepts_again(self):
        port = harness.free_port()
        file = self.write("few.conf", f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        broker = self.start(["/bin/sh", "-c", 'ulimit -n 64; exec "$0" "$@"', harness.MQZ,
                             "broker", "-c", file, "--store", "none", *self.placement])
        self.wait_for_port(broker, port)
        served = Socket(port).join("served").subscribe("here")
        crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
        for client in crowd:
            client.send(connect(f"crowd-{client.fileno()}"))
        served.send(publish("here", b"still"))
        self.assertIn(b"still", served.expect(PUBLISH))
        before = cpu_seconds(broker.pid)
        time.sleep(1)
        self.assertLess(cpu_seconds(broker.pid) - before, 0.5, "no descriptors, and a busy loop")
        for client in crowd:
            client.close()
        again = self.retry(lambda: Socket(port).join("again"))
        again.send(publish("here", b"again"))
        self.assertIn(b"again", served.expect(PUBLISH))


@on_every_placement
class SilentConnections(harness.Case):
    def test_who_does_not_say_connect_is_cut_off_after_ten_seconds(self):
        broker = self.start_broker(*self.placement)
        begin = time.monotonic()
        silent = Socket(broker.port)
        half = Socket(broker.port)
        packet = connect("half")
        half.send(packet[:-3])
        drip = Socket(broker.port)
        slow = connect("d" * 60_000)
        sent = 0
        open_ones = {silent.socket, half.socket, drip.socket}
        while open_ones:
            self.assertLess(time.monotonic() - begin, 30 + harness.PATIENCE)
            if drip.socket in open_ones:
                try:
                    drip.send(slow[sent:sent + 10])
                    sent += 10
                except OSError:
                    open_ones.discard(drip.socket)
            readable, _, _ = select.select(list(open_ones), [], [], 0.1)
            for client in readable:
                try:
                    self.assertEqual(client.recv(100), b"")
                except ConnectionResetError:
                    pass
                open_ones.discard(client)
        self.assertGreater(time.monotonic() - begin, 9)
        self.assertLess(sent, len(slow))

    def test_a_packet_in_drops_is_taken_and_delays_nobody(self):
        broker = self.start_broker(*self.placement)
        receiver = Socket(broker.port).join("receiver").subscribe("#")
        slow = Socket(broker.port)
        for byte in connect("slow") + publish("drops", b"slow"):
            slow.send(bytes([byte]))
        slow.expect(CONNACK)
        self.assertIn(b"slow", receiver.expect(PUBLISH))
        part = publish("later", b"x" * 1000)
        slow.send(part[:500])
        quick = Socket(broker.port).join("quick")
        quick.send(publish("now", b"quick"))
        self.assertIn(b"quick", receiver.expect(PUBLISH))
        slow.send(part[500:])
        self.assertIn(b"later", receiver.expect(PUBLISH))


if __name__ == "__main__":
    harness.main()
