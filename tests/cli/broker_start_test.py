"""The broker as a process: where it listens, how it refuses to start, how it ends."""

import os
import signal
import socket
import subprocess
import time

import harness
from packets import Socket


class BrokerStart(harness.Case):
    def test_a_message_goes_from_mosquittos_publisher_to_its_subscriber(self):
        broker = self.start_broker()
        words = ["-h", "127.0.0.1", "-p", str(broker.port), "-t", "room/temp", "-q", "1"]
        # Retained, so that it does not matter when the subscriber is there.
        publish = [self.program("mosquitto_pub"), *words, "-r", "-m", "21.5"]
        self.assertExit(self.run_words(publish), 0)
        subscribe = [self.program("mosquitto_sub"), *words, "-C", "1"]
        self.assertEqual(self.assertExit(self.run_words(subscribe), 0).text, "21.5\n")

    def test_without_a_file_it_listens_on_both_loopback_addresses(self):
        port = harness.free_port()
        broker = self.start_mqz("broker", "-p", str(port))
        broker.wait_for(f"127.0.0.1:{port}")
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family, socket.SOCK_STREAM) as client:
                if family == socket.AF_INET6 and not has_ipv6_loopback():
                    continue
                client.settimeout(harness.PATIENCE)
                client.connect((address, port))

    def test_both_signals_end_it_cleanly_within_a_second(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            broker = self.start_broker()
            with socket.create_connection(("127.0.0.1", broker.port)):
                begin = time.monotonic()
                self.assertExit(broker.stop(number), 0)
                self.assertLess(time.monotonic() - begin, 9 if harness.SANITIZED else 3)

    def test_a_port_in_use_is_told_and_is_exit_1(self):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            result = self.assertExit(self.mqz("broker", "-p", str(port)), 1)
            self.assertIn(str(port), result.errors)
            self.assertIn("in use", result.errors)

    def test_a_wrong_file_is_refused_with_its_line(self):
        file = self.write("wrong.conf", "listener 1883 127.0.0.1\nallow_anonymus true\n")
        result = self.assertExit(self.mqz("broker", "-c", file), 78)
        self.assertIn("wrong.conf:2", result.errors)
        self.assertIn("allow_anonymous", result.errors)
        missing = self.mqz("broker", "-c", os.path.join(self.folder, "none.conf"))
        self.assertIn("mqz broker: " + os.path.join(self.folder, "none.conf: "), missing.errors)
        self.assertNotEqual(missing.code, 0)

    def test_a_right_file_is_said_to_be_right_and_other_defaults_are_told(self):
        file = self.write("right.conf", "listener 1883 127.0.0.1\nallow_anonymous true\n")
        result = self.assertExit(self.mqz("broker", "-c", file, "--check-config"), 0)
        self.assertIn("right.conf: no errors\n", result.text)
        self.assertIn("  max_queued_messages 0: Mosquitto drops ", result.text)

    def test_a_right_file_that_this_machine_cannot_follow_is_told_before_a_start(self):
        gone, plain = self.path("gone"), self.write("plain", "")
        file = self.write(
            "here.conf",
            "allow_anonymous true\n"
            "listener 1883 nosuchhost.invalid\nlistener 1883 192.0.2.1\n"
            f"listener 0 {gone}/mqz.sock\npid_file {self.folder}\nlog_dest file {plain}/mqz.log\n")
        words = ["broker", "-c", file, "--check-config", "--store", plain]
        result = self.assertExit(self.mqz(*words), 78)
        for text in ("here.conf:2: listener nosuchhost.invalid: cannot resolve",
                     "here.conf:3: listener 192.0.2.1: cannot listen on",
                     f"listener {gone}/mqz.sock: {gone}: No such file or directory",
                     f"pid_file {self.folder}: Is a directory",
                     f"log_dest file {plain}/mqz.log: Not a directory",
                     f"the store {plain}/broker: ",
                     "here.conf: not to be used on this machine"):
            self.assertIn(text, result.errors)
        self.assertEqual(result.out, b"")
        result = self.assertExit(self.mqz("broker", "-c", file), 1)
        self.assertIn("here.conf:2: cannot resolve", result.errors)

    def test_to_check_a_file_makes_nothing_and_disturbs_nobody(self):
        broker = self.start_broker("--store", self.path("store"))
        words = ["-c", self.path(f"broker-{broker.port}.conf"), "--check-config"]
        for store in ("store", "new/store"):
            self.assertExit(self.mqz("broker", *words, "--store", self.path(store)), 0)
        self.assertFalse(os.path.exists(self.path("new")))

    def test_the_process_id_stands_in_its_file_while_the_broker_runs(self):
        port = harness.free_port()
        path = os.path.join(self.folder, "mqz.pid")
        file = self.write("pid.conf", f"listener {port} 127.0.0.1\npid_file {path}\n")
        broker = self.start_mqz("broker", "-c", file)
        broker.wait_for(f"127.0.0.1:{port}")
        with open(path, encoding="ascii") as written:
            self.assertEqual(written.read(), f"{broker.pid}\n")
        self.assertExit(broker.stop(signal.SIGTERM), 0)
        self.assertFalse(os.path.exists(path))
        file = self.write("wrong.conf", f"listener {port} 127.0.0.1\npid_file {self.folder}\n")
        self.assertExit(self.mqz("broker", "-c", file), 74)

    def test_a_full_listener_refuses_and_another_does_not(self):
        narrow, wide = harness.free_port(), harness.free_port()
        file = self.write(
            "two.conf",
            f"allow_anonymous true\nlistener {narrow} 127.0.0.1\nmax_connections 1\n"
            f"listener {wide} 127.0.0.1\n",
        )
        broker = self.start_mqz("broker", "-c", file)
        broker.wait_for(f"127.0.0.1:{wide}")
        with connected(narrow, b"a") as first, connected(narrow, b"b") as second:
            self.assertEqual(first.recv(4)[3], 0)
            self.assertEqual(second.recv(4)[3], 3)  # "server unavailable"
            with connected(wide, b"c") as other:
                self.assertEqual(other.recv(4)[3], 0)


    def test_a_log_that_nobody_reads_holds_nobody_up(self):
        port = harness.free_port()
        file = self.write("full.conf", f"listener {port} 127.0.0.1\nallow_anonymous true\n"
                                       "log_type all\nlog_dest stderr\n")
        broker = subprocess.Popen([harness.MQZ, "broker", "-c", file, "--store", "none"],
                                  stderr=subprocess.PIPE, env=harness.clean_environment())
        self.addCleanup(broker.stderr.close)
        self.addCleanup(broker.wait)
        self.addCleanup(broker.kill)
        while b"listening" not in broker.stderr.readline():
            self.assertIsNone(broker.poll())
        # More than a pipe takes; a line each for its coming and its end at least.
        for number in range(3000):
            client = Socket(port).join(f"client-{number:0100}")
            client.close()
        broker.send_signal(signal.SIGTERM)
        self.assertEqual(broker.wait(harness.PATIENCE), 0)


class Servers(harness.Case):
    """The harness itself: peers start, answer, and are gone with the test."""

    def test_mosquitto_and_redis_start_on_free_ports(self):
        mosquitto = self.start_mosquitto()
        redis = self.start_redis()
        for server in (mosquitto, redis):
            with socket.create_connection(("127.0.0.1", server.port), harness.PATIENCE):
                pass
        redis.end()
        self.assertFalse(redis.is_running())


def connected(port, client_id):
    """A socket that has sent a CONNECT of MQTT 3.1.1."""
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + bytes([0, len(client_id)]) + client_id
    client = socket.create_connection(("127.0.0.1", port), harness.PATIENCE)
    client.sendall(bytes([0x10, len(body)]) + body)
    return client


def has_ipv6_loopback():
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    harness.main()
