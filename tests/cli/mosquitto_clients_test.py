"""Mosquitto's command-line clients against the broker: 3.1, 3.1.1 and 5."""

import json
import os
import signal
import time

import harness
from placements import on_every_placement

VERSIONS = ("mqttv31", "mqttv311", "mqttv5")
DURABLE = {"mqttv31": ["-c"], "mqttv311": ["-c"], "mqttv5": ["-c", "-x", "600"]}


class Clients(harness.Case):
    """A broker, and ways to start the clients."""

    def setUp(self):
        super().setUp()
        self.broker = self.start_broker(*self.placement, config=self.config)

    config = ""

    def words(self, name, version, *words):
        return [self.program(name), "-h", "127.0.0.1", "-p", str(self.broker.port), "-V", version,
                *map(str, words)]

    def pub(self, version, *words, stdin=b""):
        return self.assertExit(
            self.run_words(self.words("mosquitto_pub", version, *words), stdin=stdin), 0)

    def sub(self, version, *words):
        """Runs to its end: give it -C or -E."""
        return self.run_words(self.words("mosquitto_sub", version, *words))

    def start_sub(self, version, *words):
        """In the background, and subscribed when this returns."""
        client = self.start_lines(*self.words("mosquitto_sub", version, "-d", *words))
        return client.wait_for("Subscribed (mid")

    def start_lines(self, *words):
        """A program whose output is seen line by line, though it is no terminal's."""
        return self.start([self.program("stdbuf"), "-oL", *words])

    def payloads(self, client):
        """What a client that prints with -F "got %p" has received."""
        lines = client.out().decode().splitlines()
        return [line[4:] for line in lines if line.startswith("got ")]


@on_every_placement
class EveryVersion(Clients):
    def test_every_qos_goes_both_ways(self):
        for version in VERSIONS:
            for granted in (0, 1, 2):
                with self.subTest(version=version, granted=granted):
                    topic = f"room/{version}/{granted}"
                    client = self.start_sub(version, "-t", topic, "-q", granted, "-C", 3,
                                            "-F", "got %q %p")
                    for qos in (0, 1, 2):
                        self.pub(version, "-t", topic, "-q", qos, "-m", f"sent at {qos}")
                    said = self.assertExit(client.wait(), 0).text
                    for qos in (0, 1, 2):
                        self.assertIn(f"got {min(qos, granted)} sent at {qos}\n", said)

    def test_versions_meet(self):
        clients = [self.start_sub(version, "-t", "meet", "-q", 2, "-C", 3) for version in VERSIONS]
        for version in VERSIONS:
            self.pub(version, "-t", "meet", "-q", 2, "-m", f"from {version}")
        for client in clients:
            said = self.assertExit(client.wait(), 0).text
            for version in VERSIONS:
                self.assertIn(f"from {version}\n", said)

    def test_lines_arrive_in_order(self):
        lines = "".join(f"{number}\n" for number in range(500)).encode()
        for version in VERSIONS:
            client = self.start_sub(version, "-t", f"line/{version}", "-q", 1, "-C", 500,
                                    "-F", "got %p")
            self.pub(version, "-t", f"line/{version}", "-q", 1, "-l", stdin=lines)
            self.assertExit(client.wait(), 0)
            self.assertEqual(self.payloads(client), lines.decode().splitlines())

    def test_retained_messages_are_kept_and_removed(self):
        for version in VERSIONS:
            topic = f"state/{version}"
            self.pub(version, "-t", topic, "-q", 1, "-r", "-m", "on")
            got = self.assertExit(self.sub(version, "-t", topic, "-C", 1, "-F", "%r %p"), 0)
            self.assertEqual(got.text, "1 on\n")
            self.pub(version, "-t", topic, "-q", 1, "-r", "-n")
            self.pub(version, "-t", topic + "/end", "-q", 1, "-r", "-m", "end")
            got = self.assertExit(self.sub(version, "-t", topic + "/#", "-C", 1), 0)
            self.assertEqual(got.text, "end\n")

    def test_a_will_follows_a_kill_and_not_a_disconnect(self):
        for version in VERSIONS:
            watcher = self.start_sub(version, "-t", "gone/#", "-C", 1, "-F", "%t %p")
            will = ["--will-topic", "gone/x", "--will-payload", version, "--will-qos", 1]
            self.assertExit(self.sub(version, "-t", "x", *will, "-E"), 0)  # it sends DISCONNECT
            will[3] = "killed " + version
            killed = self.start_sub(version, "-t", "x", *will)
            killed.stop(signal.SIGKILL)
            self.assertIn(f"gone/x killed {version}\n", self.assertExit(watcher.wait(), 0).text)

    def test_a_session_keeps_what_came_meanwhile(self):
        for version in VERSIONS:
            durable = ["-i", f"id-{version}", "-t", f"news/{version}", "-q", 2, *DURABLE[version]]
            self.assertExit(self.sub(version, *durable, "-E"), 0)
            for number in range(10):
                self.pub(version, "-t", f"news/{version}", "-q", 2, "-m", number)
            got = self.assertExit(self.sub(version, *durable, "-C", 10), 0)
            self.assertEqual(got.lines, [str(number) for number in range(10)])

    def test_a_clean_start_forgets_the_session(self):
        for version in VERSIONS:
            durable = ["-i", f"id-{version}", "-q", 1]
            news = f"news/{version}"
            self.assertExit(self.sub(version, *durable, "-t", news, *DURABLE[version], "-E"), 0)
            self.pub(version, "-t", news, "-q", 1, "-m", "kept")
            self.assertExit(self.sub(version, *durable, "-t", "other", "-E"), 0)
            self.pub(version, "-t", news, "-q", 1, "-r", "-m", "later")
            got = self.sub(version, *durable, "-t", news, *DURABLE[version], "-C", 1)
            self.assertEqual(self.assertExit(got, 0).text, "later\n")

    def test_a_shared_subscription_is_shared(self):
        lines = "".join(f"{number}\n" for number in range(60)).encode()
        for version in VERSIONS[1:]:
            members = [self.start_sub(version, "-t", f"$share/g/job/{version}", "-q", 1,
                                      "-F", "got %p") for _ in range(3)]
            self.pub(version, "-t", f"job/{version}", "-q", 1, "-l", stdin=lines)

            def shares():
                return [self.payloads(member) for member in members]

            members[0].wait_until(lambda: sum(map(len, shares())) >= 60, "60 messages are shared")
            self.assertEqual(sorted(sum(shares(), []), key=int), lines.decode().split())
            self.assertTrue(all(shares()), shares())
            for member in members:
                member.end()

    def test_a_large_file_arrives_whole(self):
        file = self.path("large")
        with open(file, "wb") as out:
            out.write(os.urandom(1 << 20))
        for version in VERSIONS:
            topic = f"large/{version}"
            self.pub(version, "-t", topic, "-q", 2, "-r", "-f", file)
            got = self.assertExit(self.sub(version, "-t", topic, "-q", 2, "-C", 1, "-N"), 0)
            with open(file, "rb") as sent:
                self.assertTrue(got.out == sent.read(), "it came changed")


@on_every_placement
class Large(Clients):
    config = "max_packet_size 20000000"

    def test_sixteen_megabytes_arrive_whole(self):
        file = self.path("large")
        with open(file, "wb") as out:
            out.write(os.urandom(16 << 20))
        for version in VERSIONS[1:]:
            self.pub(version, "-t", "large", "-q", 1, "-r", "-f", file)
            got = self.assertExit(self.sub(version, "-t", "large", "-q", 1, "-C", 1, "-N"), 0)
            with open(file, "rb") as sent:
                self.assertTrue(got.out == sent.read(), "it came changed")


@on_every_placement
class VersionFive(Clients):
    def test_properties_travel(self):
        client = self.start_sub("mqttv5", "-t", "p", "-q", 1, "-C", 1, "-F", "%j")
        self.pub("mqttv5", "-t", "p", "-q", 1, "-m", "x",
                 "-D", "publish", "content-type", "text/plain",
                 "-D", "publish", "response-topic", "answer",
                 "-D", "publish", "correlation-data", "abc",
                 "-D", "publish", "message-expiry-interval", 50,
                 "-D", "publish", "payload-format-indicator", 1,
                 "-D", "publish", "user-property", "b", "1",
                 "-D", "publish", "user-property", "a", "2")
        said = self.assertExit(client.wait(), 0).text
        message = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
        properties = message["properties"]
        self.assertLessEqual(properties.pop("message-expiry-interval"), 50)
        self.assertEqual(properties["content-type"], "text/plain")
        self.assertEqual(properties["response-topic"], "answer")
        self.assertEqual(properties["correlation-data"], "abc")
        self.assertEqual(list(properties["user-properties"].items()), [("b", "1"), ("a", "2")])

    def test_a_will_waits_for_its_delay(self):
        watcher = self.start_sub("mqttv5", "-t", "gone", "-C", 1)
        client = self.start_sub(
            "mqttv5", "-i", "late", "-c", "-x", 100, "-t", "x", "--will-topic", "gone",
            "--will-payload", "late", "-D", "will", "will-delay-interval", 1)
        begin = time.monotonic()
        client.stop(signal.SIGKILL)
        self.assertExit(watcher.wait(), 0)
        self.assertGreater(time.monotonic() - begin, 0.9)

    def test_a_request_is_answered(self):
        answerer = self.start_sub("mqttv5", "-t", "ask", "-C", 1, "-F", "%R %D %p")
        request = self.start(self.words("mosquitto_rr", "mqttv5", "-t", "ask", "-e", "answer/to/me",
                                        "-q", 1, "-m", "question",
                                        "-D", "publish", "correlation-data", "c7"))
        said = self.assertExit(answerer.wait(), 0).text
        self.assertIn("answer/to/me c7 question", said)
        self.pub("mqttv5", "-t", "answer/to/me", "-q", 1, "-m", "the answer")
        self.assertEqual(self.assertExit(request.wait(), 0).text, "the answer\n")

    def test_a_message_expires_in_a_queue(self):
        durable = ["-i", "away", "-t", "news", "-q", 1, *DURABLE["mqttv5"]]
        self.assertExit(self.sub("mqttv5", *durable, "-E"), 0)
        expiry = ["-D", "publish", "message-expiry-interval"]
        self.pub("mqttv5", "-t", "news", "-q", 1, "-m", "short", *expiry, 1)
        self.pub("mqttv5", "-t", "news", "-q", 1, "-m", "long", *expiry, 100)
        time.sleep(1.2)  # the broker's clock is this one
        self.assertEqual(self.sub("mqttv5", *durable, "-C", 1).text, "long\n")


if __name__ == "__main__":
    harness.main()
