"""Connections of a running broker that a fake network cannot show: descriptors, pollers, drains."""

import os
import signal
import socket

import harness

CONNECT = bytes.fromhex("100d 0004 4d515454 05 02 0000 00 0000")  # 5, clean start, no client id
CONNACK = 0x20
GOODBYE = bytes.fromhex("e0018b")


def connect(port):
    """A client of 5 whose CONNACK has come."""
    client = socket.create_connection(("127.0.0.1", port), harness.PATIENCE)
    client.sendall(CONNECT)
    answer = client.recv(4096)
    assert answer[0] == CONNACK and answer[3] == 0, answer
    return client


def polled_sockets(pid):
    """For each poller of the process, which sockets it waits for."""
    pollers = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        if os.readlink(f"/proc/{pid}/fd/{name}") != "anon_inode:[eventpoll]":
            continue
        with open(f"/proc/{pid}/fdinfo/{name}", encoding="ascii") as info:
            fds = [line.split()[1] for line in info if line.startswith("tfd:")]
        links = {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in fds}
        pollers.append({fd for fd, link in links.items() if link.startswith("socket:")})
    return pollers


class Connections(harness.Case):
    def test_a_connection_is_polled_by_its_own_shard_alone(self):
        broker = self.start_broker("--threads", "4", "--placement", "spread")
        clients = [connect(broker.port) for _ in range(8)]
        pollers = polled_sockets(broker.pid)
        self.assertEqual(len(pollers), 4)
        every = [fd for poller in pollers for fd in poller]
        self.assertEqual(len(every), len(set(every)))
        for client in clients:
            client.close()

    def test_the_goodbye_comes_behind_what_a_slow_client_has_not_read(self):
        broker = self.start_broker()
        slow = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(harness.PATIENCE)
        slow.connect(("127.0.0.1", broker.port))
        slow.sendall(CONNECT)
        slow.recv(4096)
        slow.sendall(bytes.fromhex("8207 0001 00 0001 74 00"))  # SUBSCRIBE to t
        self.assertEqual(slow.recv(4096)[0], 0x90)
        fast = connect(broker.port)
        size = 1_000_000
        body = bytes.fromhex("0001 74 00") + b"x" * size
        publish = bytes([0x30, *remaining_length(len(body))]) + body
        count = 6  # more than the system's own buffers take
        for _ in range(count):
            fast.sendall(publish)
        fast.sendall(bytes.fromhex("c000"))
        self.assertEqual(fast.recv(4096), bytes.fromhex("d000"))
        # From here on it reads fast: it has less than a second.
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        broker.send(signal.SIGTERM)
        came = bytearray()
        while chunk := slow.recv(1 << 20):
            came += chunk
        self.assertEqual(len(came), count * len(publish) + len(GOODBYE))
        self.assertTrue(came.endswith(GOODBYE))
        self.assertExit(broker.wait(), 0)
        slow.close()
        fast.close()


def remaining_length(value):
    while value >= 128:
        yield 128 | value % 128
        value //= 128
    yield value


if __name__ == "__main__":
    harness.main()
