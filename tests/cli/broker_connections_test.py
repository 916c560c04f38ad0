"""Connections of a running broker that a fake network cannot show: descriptors, pollers, drains."""

import os
import socket

import harness

CONNECT = bytes.fromhex("100d 0004 4d515454 05 02 0000 00 0000")  # 5, clean start, no client id
CONNACK = 0x20


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


if __name__ == "__main__":
    harness.main()
