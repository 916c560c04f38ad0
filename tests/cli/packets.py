"""The few packets of MQTT 3.1.1 and 5 that tests write and read by hand."""

import socket

import harness

CONNACK, PUBLISH, PUBACK, SUBACK, DISCONNECT = 0x20, 0x30, 0x40, 0x90, 0xE0
QUOTA_EXCEEDED, SERVER_SHUTTING_DOWN, PACKET_TOO_LARGE = 0x97, 0x8B, 0x95


def frame(first, body):
    size = len(body)
    length = b""
    while True:
        length += bytes([size % 128 | (128 if size > 127 else 0)])
        size //= 128
        if size == 0:
            return bytes([first]) + length + body


def text(value):
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def connect(client_id, version=4, clean=True, keep_alive=0, expiry=0, will=None):
    """A will is its topic, payload and QoS."""
    properties = b"\5\x11" + expiry.to_bytes(4, "big") if expiry else b"\0"
    flags, last = 2 if clean else 0, b""
    if will is not None:
        topic, payload, qos = will
        flags |= 4 | qos << 3
        last = ((b"\0" if version == 5 else b"") + text(topic)
                + len(payload).to_bytes(2, "big") + payload)
    return frame(0x10, text("MQTT") + bytes([version, flags])
                 + keep_alive.to_bytes(2, "big") + (properties if version == 5 else b"")
                 + text(client_id) + last)


def subscribe(topic_filter, qos=0, version=4):
    return frame(0x82, b"\0\1" + (b"\0" if version == 5 else b"") + text(topic_filter)
                 + bytes([qos]))


def publish(topic, payload, qos=0, packet_id=1, version=4, retain=False):
    return frame(PUBLISH | qos << 1 | retain,
                 text(topic) + (packet_id.to_bytes(2, "big") if qos else b"")
                 + (b"\0" if version == 5 else b"") + payload)


class Reader:
    """Takes packets out of bytes as they come."""

    def __init__(self):
        self.unread = bytearray()

    def feed(self, some):
        """The packets that are whole now, as (first byte, body)."""
        self.unread += some
        packets = []
        start = 0
        while True:
            found = self.one(start)
            if found is None:
                break
            first, begin, end = found
            packets.append((first, bytes(self.unread[begin:end])))
            start = end
        del self.unread[:start]
        return packets

    def one(self, start):
        size = 0
        for place in range(4):
            at = start + 1 + place
            if at >= len(self.unread):
                return None
            size |= (self.unread[at] & 127) << 7 * place
            if self.unread[at] < 128:
                end = at + 1 + size
                return (self.unread[start], at + 1, end) if end <= len(self.unread) else None
        raise AssertionError("a length of more than four bytes")


class Socket:
    """A blocking connection to a broker; every wait has a limit."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(harness.PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader()
        self.packets = []

    def send(self, packet):
        self.socket.sendall(packet)

    def receive(self):
        """The next packet, or None at the end of the connection."""
        while not self.packets:
            try:
                some = self.socket.recv(1 << 20)
            except ConnectionResetError:
                return None
            if not some:
                return None
            self.packets = self.reader.feed(some)
        return self.packets.pop(0)

    def expect(self, first):
        packet = self.receive()
        if packet is None or packet[0] & 0xF0 != first & 0xF0:
            raise AssertionError(f"not {first:#x} but {packet}")
        return packet[1]

    def join(self, client_id, version=4, **options):
        self.send(connect(client_id, version=version, **options))
        self.expect(CONNACK)
        return self

    def subscribe(self, topic_filter, qos=0, version=4):
        self.send(subscribe(topic_filter, qos, version))
        self.expect(SUBACK)
        return self

    def close(self):
        self.socket.close()

    def __del__(self):
        self.close()
