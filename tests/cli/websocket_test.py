"""`mqz pub` and `mqz sub` over ws://, carried by another library: the same promises."""

import base64
import hashlib
import json
import os
import select
import signal
import socket
import subprocess

import harness
import measure

KEEP_ALL = "max_queued_messages 0\nmax_inflight_messages 1000"


def shake_hands(connection):
    """The server's side of a WebSocket's beginning; returns the path that was asked for."""
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += connection.recv(4096)
    lines = asked.decode().split("\r\n")
    key = next(x.split(": ")[1] for x in lines if x.lower().startswith("sec-websocket-key"))
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       b"Connection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\n"
                       b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n")
    return lines[0].split(" ")[1]


def read_exactly(connection, count):
    got = b""
    while len(got) < count:
        more = connection.recv(count - len(got))
        if not more:
            return got
        got += more
    return got


def read_frame(connection):
    """The payload of one short masked frame."""
    head = read_exactly(connection, 6)
    if len(head) < 6:
        return b""
    body = read_exactly(connection, head[1] & 0x7F)
    return bytes(x ^ head[2 + i % 4] for i, x in enumerate(body))


def send_frame(connection, payload):
    connection.sendall(bytes([0x82, len(payload)]) + payload)


class WebSocket(harness.Case):
    def setUp(self):
        super().setUp()
        self.server = self.start_websockets(KEEP_ALL)
        self.url = f"ws://127.0.0.1:{self.server.port}/mqtt"

    def sub(self, *words):
        return self.start_mqz("sub", "-L", self.url, "-d", *words).wait_for("SUBACK")

    def pub(self, *words, code=0, **more):
        return self.assertExit(self.mqz("pub", "-L", self.url, *words, **more), code)

    def restart_server(self):
        self.server = self.start_websockets(KEEP_ALL, port=self.server.port)

    def test_a_thousand_lines_arrive_at_every_qos_both_ways(self):
        lines = b"".join(b"%d\n" % i for i in range(1000))
        for qos in ("0", "1", "2"):
            with self.subTest(qos=qos):
                words = ["-t", f"n/{qos}", "-q", qos, "-C", "1000"]
                ours = self.sub(*words)
                theirs = self.start_mqz("sub", "-p", self.server.plain, "-d", *words)
                theirs.wait_for("SUBACK")
                result = self.pub("-t", f"n/{qos}", "-q", qos, "-l", "--stats", stdin=lines)
                owed = 0 if qos == "0" else 1000
                self.assertIn(f"sent 1000, acked {owed}, rejected 0", result.errors)
                for child in (ours, theirs):
                    self.assertEqual(self.assertExit(child.wait(), 0).out, lines)

    def test_payloads_of_any_bytes_and_size_and_properties_travel_both_ways(self):
        large = os.urandom(1_000_000)
        theirs = self.start_mqz("sub", "-p", self.server.plain, "-d", "-t", "large", "-N", "-C",
                                "1")
        theirs.wait_for("SUBACK")
        self.pub("-t", "large", "-q", "2", "-s", stdin=large)
        self.assertEqual(self.assertExit(theirs.wait(), 0).out, large)

        payload = os.urandom(20_000)  # mosquitto sends 4 KB in a tenth of a second
        child = self.sub("-t", "j/#", "-q", "1", "-C", "2", "--json")
        properties = ["--content-type", "c", "--user-property", "k=v", "--correlation-data", "d",
                      "--response-topic", "r", "--expiry", "60"]
        self.pub("-t", "j/1", "-q", "1", "-s", *properties, stdin=payload)
        self.pub("-t", "j/2", "-n")
        first, second = map(json.loads, self.assertExit(child.wait(), 0).lines)
        self.assertEqual(base64.b64decode(first["payload"]), payload)
        told = first["properties"]
        self.assertEqual((told["content-type"], told["user-properties"], told["response-topic"]),
                         ("c", {"k": "v"}, "r"))
        self.assertEqual((second["topic"], second["payloadlen"]), ("j/2", 0))

    def test_older_versions_are_spoken(self):
        for version in ("311", "31"):
            with self.subTest(version=version):
                child = self.sub("-V", version, "-i", "old", "-t", "v/+", "-t", "w", "-C", "1")
                ours = ["-h", f"127.0.0.1:{self.server.port}", "--ws", "-V", version, "-i", "o"]
                self.assertExit(self.mqz("pub", *ours, "-t", "v/1", "-q", "2", "-m", "x"), 0)
                self.assertEqual(self.assertExit(child.wait(), 0).out, b"x\n")

    def test_wills_retained_values_requests_and_sessions_work(self):
        watcher = self.sub("-t", "will", "-C", "1")
        self.sub("-t", "x", "--will-topic", "will", "--will-payload", "gone").send(signal.SIGKILL)
        self.assertEqual(self.assertExit(watcher.wait(), 0).out, b"gone\n")

        self.pub("-t", "kept", "-r", "-m", "value")
        child = self.sub("-t", "kept", "--remove-retained", "-C", "1")
        self.assertEqual(self.assertExit(child.wait(), 0).out, b"value\n")
        result = self.mqz("sub", "-L", self.url, "-t", "kept", "--idle", "300ms")
        self.assertEqual(self.assertExit(result, 0).out, b"")

        self.assertExit(self.mqz("sub", "-L", self.url, "-c", "-i", "stay", "-t", "s", "-q", "1",
                                 "-E"), 0)
        self.pub("-t", "s", "-q", "1", "-m", "while away")
        child = self.mqz("sub", "-L", self.url, "-c", "-i", "stay", "-t", "s", "-q", "1", "-C", "1")
        self.assertEqual(self.assertExit(child, 0).out, b"while away\n")

    def test_a_lost_connection_is_made_again_and_no_line_is_lost(self):
        for qos in ("0", "1", "2"):
            with self.subTest(qos=qos):
                self.check_reconnection(qos)

    def check_reconnection(self, qos):
        first, second = (b"".join(b"%d\n" % i for i in r) for r in (range(500), range(500, 1000)))
        listener = self.sub("-t", "back", "-q", "2", "-C", "1000")
        child = self.start([harness.MQZ, "pub", "-L", self.url, "-t", "back", "-q", qos, "-l",
                            "--stats", "-d"], stdin=subprocess.PIPE)
        child.stdin.write(first)
        child.stdin.flush()
        listener.wait_until(lambda: listener.out() == first, "the first lines are printed")
        # The next server knows nothing of this one: what it had not confirmed would come twice.
        answer = {"0": "", "1": "PUBACK", "2": "PUBCOMP"}[qos]
        if answer:
            child.wait_until(lambda: child.said().count(answer) == 500, "all are confirmed")
        self.server.send(signal.SIGKILL)
        self.server.wait()
        for each in (child, listener):
            each.wait_for("trying again in")
        child.stdin.write(second)
        child.stdin.close()
        # The publisher is kept away until the subscriber is back.
        child.send(signal.SIGSTOP)
        self.restart_server()
        listener.wait_until(lambda: listener.said().count("SUBACK") == 2, "it subscribes again")
        child.send(signal.SIGCONT)
        self.assertEqual(self.assertExit(listener.wait(), 0).out, first + second)
        result = child.wait()
        if qos == "0":
            self.assertExit(result, 1)
            self.assertIn("500 messages of QoS 0 were on connections that were lost", result.errors)
        else:
            self.assertExit(result, 0)
            self.assertIn("sent 1000, acked 1000", result.errors)

    def test_what_was_not_acknowledged_is_sent_again_in_its_order(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            words = [harness.MQZ, "pub", "-L", f"ws://127.0.0.1:{server.getsockname()[1]}/", "-q",
                     "1", "-t", "t", "-l", "--stats"]
            child = self.start(words, stdin=subprocess.PIPE)
            child.stdin.write(b"1\n2\n3\n")
            child.stdin.close()
            for acknowledged in (0, 1, 2):
                server.accept()[0].close()  # whether somebody is there
                connection, _ = server.accept()
                with connection:
                    shake_hands(connection)
                    self.assertEqual(read_frame(connection)[0], 0x10)
                    send_frame(connection, b"\x20\x03\0\0\0")
                    # The first round loses all, the second all but the first line.
                    for line in ((b"1", b"2", b"3") if acknowledged < 2 else (b"2", b"3")):
                        packet = read_frame(connection)
                        self.assertEqual((packet[0], packet[-1:]), (0x32, line))
                        if acknowledged == 2 or (acknowledged == 1 and line == b"1"):
                            send_frame(connection, b"\x40\x02" + packet[5:7])
                    if acknowledged == 2:
                        self.assertEqual(read_frame(connection)[0], 0xE0)
                    elif acknowledged == 1:
                        # The acknowledgement arrives before the end of the connection.
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(1000):
                            pass
            result = self.assertExit(child.wait(), 0)
        self.assertIn("sent 3, acked 3, rejected 0", result.errors)

    def test_what_was_not_acknowledged_is_counted(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            url = f"ws://127.0.0.1:{mute.getsockname()[1]}/"
            words = [harness.MQZ, "pub", "-L", url, "-q", "1", "-l", "--no-reconnect"]
            child = self.start(words, stdin=subprocess.PIPE)
            child.stdin.write(b"one\ntwo\n")
            child.stdin.close()
            probe, _ = mute.accept()
            connection, _ = mute.accept()
            with probe, connection:
                shake_hands(connection)
                self.assertEqual(read_frame(connection)[0], 0x10)
                send_frame(connection, b"\x20\x03\0\0\0")
                self.assertEqual(read_frame(connection)[0], 0x32)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        result = self.assertExit(child.wait(), 69)
        self.assertIn("lost the connection to 127.0.0.1", result.errors)
        self.assertIn("acked 0 of 2", result.errors)

    def test_a_reader_that_waits_bounds_memory_and_loses_nothing(self):
        reader, writer = os.pipe()
        child = subprocess.Popen([harness.MQZ, "sub", "-L", self.url, "-t", "slow", "-q", "1",
                                  "-k", "3", "-C", "40000", "-d"], stdout=writer,
                                 stderr=subprocess.PIPE, env=harness.clean_environment())
        self.addCleanup(child.kill)
        os.close(writer)
        while b"SUBACK" not in child.stderr.readline():
            pass
        child.stderr.close()
        lines = b"".join(b"%01000d\n" % i for i in range(40_000))
        done = self.mqz("pub", "-p", self.server.plain, "-t", "slow", "-q", "1", "-l", stdin=lines,
                        seconds=60)
        self.assertExit(done, 0)
        if not harness.SANITIZED:
            self.assertLess(measure.rss_bytes(child.pid), 30 * measure.MEGABYTE)
        with os.fdopen(reader, "rb") as file:
            self.assertEqual(file.read(), lines)
        self.assertEqual(child.wait(harness.PATIENCE), 0)

    def test_a_server_that_waits_bounds_the_publisher(self):
        child = self.start([harness.MQZ, "pub", "-L", self.url, "-t", "x", "-q", "0", "-l", "-d"],
                           stdin=subprocess.PIPE)
        child.wait_for("CONNACK")
        self.server.send(signal.SIGSTOP)
        os.set_blocking(child.stdin.fileno(), False)
        block = (b"x" * 999 + b"\n") * 64
        given = 0
        while given < 100 * measure.MEGABYTE:
            _, writable, _ = select.select([], [child.stdin], [], 1.0)
            if not writable:
                break
            given += os.write(child.stdin.fileno(), block)
        self.assertLess(given, 30 * measure.MEGABYTE)
        self.server.send(signal.SIGCONT)

    def test_one_shot_ends_on_a_signal(self):
        child = self.sub("-t", "x")
        child.send(signal.SIGINT)
        self.assertExit(child.wait(), 0)


class Failures(harness.Case):
    def test_nobody_there_and_nobody_known(self):
        port = harness.free_port()
        result = self.assertExit(self.mqz("pub", "-L", f"ws://127.0.0.1:{port}/", "-m", "m"), 69)
        self.assertIn(f"mqz pub: cannot connect to 127.0.0.1:{port}: Connection refused\n"
                      "  hint: is a broker running there?", result.errors)
        result = self.assertExit(self.mqz("pub", "-L", "ws://nosuchhost.invalid", "-m", "m"), 69)
        self.assertIn('cannot resolve "nosuchhost.invalid"', result.errors)

    def test_a_wrong_path_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            child = self.start_mqz("pub", "-L", f"ws://127.0.0.1:{port}/not/here?a=b", "-m", "m")
            probe, _ = server.accept()
            connection, _ = server.accept()
            with probe, connection:
                asked = connection.recv(4096)
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            result = self.assertExit(child.wait(), 69)
        self.assertIn(b"GET /not/here?a=b HTTP/1.1", asked)
        self.assertIn(f"127.0.0.1:{port} does not speak WebSocket at /not/here?a=b", result.errors)

    def test_a_server_that_says_nothing_is_given_up(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            result = self.mqz("pub", "-L", f"ws://127.0.0.1:{port}", "-m", "m",
                              "--connect-timeout", "200ms")
        self.assertExit(result, 69)
        self.assertIn(f"127.0.0.1:{port} accepted the connection but sent no CONNACK",
                      result.errors)

    def test_an_older_server_is_spoken_to_in_its_version(self):
        for refusal in (b"\x20\x02\x00\x01", b"\x20\x03\x00\x84\x00", b""):
            with self.subTest(refusal=refusal), socket.create_server(("127.0.0.1", 0)) as old:
                port = old.getsockname()[1]
                child = self.start_mqz("pub", "-L", f"ws://127.0.0.1:{port}/", "-m", "m")
                levels = []
                for answer in (refusal, b"\x20\x02\x00\x00"):
                    old.accept()[0].close()  # whether somebody is there
                    connection, _ = old.accept()
                    with connection:
                        shake_hands(connection)
                        levels.append(read_frame(connection)[8])
                        if answer:
                            send_frame(connection, answer)
                            while connection.recv(1000):
                                pass
                self.assertExit(child.wait(), 0)
                self.assertEqual(levels, [5, 4])

    def test_a_refusal_has_its_reason(self):
        users = self.write("users", "")
        server = self.start_websockets(f"user root\npassword_file {users}\nallow_anonymous false")
        url = f"ws://127.0.0.1:{server.port}/"
        result = self.assertExit(self.mqz("pub", "-L", url, "-m", "m"), 77)
        self.assertIn(f"127.0.0.1:{server.port} refused the connection: not authorized (135)",
                      result.errors)

    def test_a_rejected_publish_is_said(self):
        acl = self.write("acl", "topic readwrite allowed\n")
        server = self.start_websockets(f"user root\nacl_file {acl}")
        for qos in ("1", "2"):
            result = self.mqz("pub", "-L", f"ws://127.0.0.1:{server.port}/", "-t", "other/x", "-m",
                              "m", "-q", qos)
            self.assertExit(result, 77)
            self.assertIn('1 of 1 messages rejected: topic "other/x": not authorized (135)',
                          result.errors)

    def test_what_does_not_go_is_refused(self):
        for words, why in [
            (["-L", "wss://h/", "-m", "x"], "wss:// needs TLS, which comes with a later part"),
            (["-L", "ws://h/", "-D", "connect", "topic-alias-maximum", "1", "-m", "x"],
             "topic-alias-maximum does not go with ws://"),
        ]:
            with self.subTest(words=words):
                self.assertIn(why, self.assertExit(self.mqz("pub", *words), 2).errors)


if __name__ == "__main__":
    harness.main()
