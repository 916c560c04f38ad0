"""`mqz sub`: what arrives is printed as mosquitto_sub would, and it ends when it should."""

import json
import os
import re
import signal
import socket
import subprocess

import harness

EVERY_FORM = ("[%10t|%-10t|%.2t|%-6.2t|%5l|%05l|%-5l|%3q|%2r|%5m|%05m|%10p|%-10p|%010p|%3p|%4x|%x|"
              "%X|%5C|%10E|%05E|%P|%5F|@@|%%|%5%|%A|%S|%D|%R]\\t\\\\\\a\\e\\r\\v")
PROPERTIES = ["user-property k v", "user-property k w", "content-type text", "correlation-data cd",
              "message-expiry-interval 50", "payload-format-indicator 1", "response-topic r/t"]


class Subscribe(harness.Case):
    def setUp(self):
        super().setUp()
        self.broker = self.start_mosquitto("max_queued_messages 0\nlog_type all")
        self.at = ["-p", self.broker.port]

    def sub(self, *words, **more):
        """`mqz sub` in the background, subscribed when this returns."""
        return self.start_mqz("sub", *self.at, "-d", *words, **more).wait_for("SUBACK")

    def heard(self, text):
        """How often mosquitto's log says so."""
        return self.broker.said().count(text)

    def pub(self, *words, **more):
        program = self.program("mosquitto_pub")
        words = [program, "-p", str(self.broker.port), "-V", "5", *map(str, words)]
        return self.assertExit(self.run_words(words, **more), 0)

    def test_payloads_are_printed_a_line_each(self):
        for words, expected in [
            ([], b"one\ntwo\n"),
            (["-v"], b"t/1 one\nt/2 (null)\nt/3 two\n"),
            (["-N"], b"onetwo"),
            (["-0"], b"one\0two\0"),
            (["--hex"], b"6f6e65\n\n74776f\n"),
            (["--base64"], b"b25l\n\ndHdv\n"),
        ]:
            with self.subTest(words=words):
                child = self.sub("-t", "t/#", "-C", "3", *words)
                self.pub("-t", "t/1", "-m", "one")
                self.pub("-t", "t/2", "-n")
                self.pub("-t", "t/3", "-m", "two")
                self.assertEqual(self.assertExit(child.wait(), 0).out, expected)

    def test_formats_print_what_mosquitto_sub_prints(self):
        mosquitto = self.program("mosquitto_sub")
        forms = [["-F", EVERY_FORM], ["-F", "%j"], ["-F", "%I"], ["-F", "@Y-@m-@d %q"], ["-v"], []]
        both = []
        for form in forms:
            words = ["-t", "f", "-q", "1", "-C", "3", *form]
            theirs = self.start([mosquitto, "-p", self.broker.port, "-V", "5", *words])
            both.append((form, self.sub(*words), theirs))
        self.broker.wait_until(lambda: self.heard("Sending SUBACK") == 2 * len(forms),
                               "all have subscribed")
        properties = [word for p in PROPERTIES for word in ["-D", "publish", *p.split()]]
        self.pub("-t", "f", "-m", 'he"l\tlo', "-q", "1")
        self.pub("-t", "f", "-m", '{"a": 1}', "-q", "1", *properties)
        self.pub("-t", "f", "-n", "-q", "1")
        for form, ours, theirs in both:
            with self.subTest(form=form):
                without_time = lambda text: re.sub(rb"T\d\d:\d\d:\d\d(\.\d+)?", b"T", text)
                self.assertEqual(without_time(self.assertExit(ours.wait(), 0).out),
                                 without_time(self.assertExit(theirs.wait(), 0).out))

    def test_json_goes_through_mqz_pub_and_comes_back_the_same(self):
        first = self.sub("-t", "from", "-q", "1", "-C", "3", "--json")
        properties = [word for p in PROPERTIES for word in ["-D", "publish", *p.split()]]
        self.pub("-t", "from", "-q", "1", "-s", stdin=b"\0\x01\xff\xfe")
        self.pub("-t", "from", "-q", "1", "-m", "gr\u00fc\u00df\n\"dich\"", *properties)
        self.pub("-t", "from", "-n")
        lines = self.assertExit(first.wait(), 0).out
        parsed = [json.loads(line) for line in lines.splitlines()]
        self.assertEqual([m["encoding"] for m in parsed], ["base64", "utf8", "utf8"])
        self.assertRegex(parsed[0]["tst"],
                         r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$")

        second = self.sub("-t", "from", "-q", "1", "-C", "3", "--json")
        self.assertExit(self.mqz("pub", *self.at, "--json", stdin=lines), 0)
        again = [json.loads(line) for line in self.assertExit(second.wait(), 0).out.splitlines()]
        for before, after in zip(parsed, again):
            for changing in ("tst", "mid"):
                before.pop(changing, None)
                after.pop(changing, None)
            self.assertEqual(before, after)

    def test_it_ends_after_a_count_a_time_or_silence(self):
        self.assertExit(self.mqz("sub", *self.at, "-W", "50ms"), 27)
        self.assertExit(self.mqz("sub", *self.at, "--idle", "50ms"), 0)
        self.assertExit(self.mqz("sub", *self.at, "-C", "1", "--idle", "50ms"), 27)
        self.assertExit(self.mqz("sub", *self.at, "-E"), 0)

    def test_one_prints_the_payload_and_says_the_topic(self):
        child = self.start_mqz("sub", *self.at, "-t", "one/+", "--one")
        self.pub("-t", "one/a", "-m", "x", "-r")
        result = self.assertExit(child.wait(), 0)
        self.assertEqual((result.out, result.err), (b"x\n", b"one/a\n"))

    def test_signals_end_it_well_unless_a_count_is_open(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.assertExit(self.sub("-t", "s").stop(number), 0)
            self.assertExit(self.sub("-t", "s", "-C", "1").stop(number), 128 + number)

    def test_it_ends_at_once_when_its_reader_is_gone(self):
        child = subprocess.Popen([harness.MQZ, "sub", *map(str, self.at), "-t", "pipe", "-d"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=harness.clean_environment())
        self.addCleanup(child.kill)
        while b"SUBACK" not in child.stderr.readline():
            pass
        self.pub("-t", "pipe", "-m", "first")
        self.assertEqual(child.stdout.readline(), b"first\n")
        child.stdout.close()
        self.assertEqual(child.wait(harness.PATIENCE), 0)
        child.stderr.close()

    def test_a_full_disk_is_status_74(self):
        with open("/dev/full", "wb") as full:
            child = subprocess.Popen([harness.MQZ, "sub", *map(str, self.at), "-t", "full", "-d"],
                                     stdout=full, stderr=subprocess.PIPE,
                                     env=harness.clean_environment())
        self.addCleanup(child.kill)
        while b"SUBACK" not in child.stderr.readline():
            pass
        self.pub("-t", "full", "-m", "x")
        said = child.stderr.read().decode()
        child.stderr.close()
        self.assertEqual(child.wait(harness.PATIENCE), 74)
        self.assertIn("cannot write to stdout: No space left on device", said)

    def test_retained_messages_are_left_out_kept_alone_and_removed(self):
        for name in ("a", "b"):
            self.pub("-t", f"r/{name}", "-m", name, "-r")
        quiet = ["--idle", "300ms"]
        result = self.mqz("sub", *self.at, "-t", "r/#", "-R", *quiet)
        self.assertEqual(self.assertExit(result, 0).out, b"")
        child = self.sub("-t", "r/#", "--retained-only", "-v")
        child.wait_for("r/b b")
        self.pub("-t", "r/c", "-m", "live")
        self.assertEqual(sorted(self.assertExit(child.wait(), 0).lines), ["r/a a", "r/b b"])

        result = self.mqz("sub", *self.at, "-t", "r/#", "-T", "r/b", "--remove-retained",
                          "--dry-run", *quiet)
        self.assertIn("would remove 1 retained messages", self.assertExit(result, 0).errors)
        result = self.mqz("sub", *self.at, "-t", "r/#", "-T", "r/b", "--remove-retained", *quiet)
        self.assertIn("removed 1 retained messages", self.assertExit(result, 0).errors)
        result = self.mqz("sub", *self.at, "-t", "r/#", "-v", *quiet)
        self.assertEqual(self.assertExit(result, 0).out, b"r/b b\n")

    def test_a_kept_session_has_its_messages_and_can_be_unsubscribed(self):
        kept = ["-i", "keeper", "-c", "-q", "1"]
        self.assertExit(self.mqz("sub", *self.at, "-t", "k", *kept, "-E"), 0)
        for text in ("one", "two", "three"):
            self.pub("-t", "k", "-q", "1", "-m", text)
        # One at a time: what follows the last one stays with the broker.
        for text in (b"one\n", b"two\n"):
            result = self.mqz("sub", *self.at, "-t", "k", *kept, "-C", "1")
            self.assertEqual(self.assertExit(result, 0).out, text)
        self.assertExit(self.mqz("sub", *self.at, *kept, "-U", "k"), 0)
        self.pub("-t", "k", "-q", "1", "-m", "four")
        result = self.mqz("sub", *self.at, "-t", "other", *kept, "--idle", "300ms")
        self.assertNotIn(b"four", self.assertExit(result, 0).out)

    def test_a_group_shares_its_messages(self):
        members = [self.sub("-t", "g", "-q", "1", "--group", "team") for _ in range(2)]
        lines = b"".join(b"%d\n" % i for i in range(20))
        self.pub("-t", "g", "-q", "1", "-l", stdin=lines)
        members[0].wait_until(lambda: sum(len(m.out().splitlines()) for m in members) == 20,
                              "both have 20 lines")
        self.assertTrue(all(m.out() for m in members))

    def test_a_will_speaks_when_the_subscriber_is_killed(self):
        watcher = self.sub("-t", "will", "-C", "1")
        self.sub("-t", "x", "--will-topic", "will", "--will-payload", "gone").send(signal.SIGKILL)
        self.assertEqual(self.assertExit(watcher.wait(), 0).out, b"gone\n")

    def test_a_lost_connection_is_made_again_and_subscribed_again(self):
        child = self.sub("-t", "back", "-C", "1")
        self.broker.send(signal.SIGKILL)
        self.broker.wait()
        child.wait_for("trying again in")
        again = self.start([self.program("mosquitto"), "-p", self.broker.port])
        self.wait_for_port(again, self.broker.port)
        child.wait_until(lambda: child.said().count("SUBACK") == 2, "it subscribes again")
        self.pub("-t", "back", "-m", "here")
        self.assertEqual(self.assertExit(child.wait(), 0).out, b"here\n")

    def test_a_slow_reader_does_not_lose_the_connection_or_a_line(self):
        reader, writer = os.pipe()
        child = subprocess.Popen([harness.MQZ, "sub", *map(str, self.at), "-t", "slow", "-q", "1",
                                  "-k", "1", "-C", "3000", "-d"], stdout=writer,
                                 stderr=subprocess.PIPE, env=harness.clean_environment())
        self.addCleanup(child.kill)
        os.close(writer)
        while b"SUBACK" not in child.stderr.readline():
            pass
        child.stderr.close()
        lines = b"".join(b"%01000d\n" % i for i in range(3000))
        self.assertExit(self.mqz("pub", *self.at, "-t", "slow", "-q", "1", "-l", stdin=lines), 0)
        # Longer than the keep-alive allows silence, while the pipe is full.
        self.broker.wait_until(lambda: self.heard("Received PINGREQ") >= 2, "it pings")
        with os.fdopen(reader, "rb") as file:
            self.assertEqual(file.read(), lines)
        self.assertEqual(child.wait(harness.PATIENCE), 0)


class Refusals(harness.Case):
    def test_a_refused_subscription_is_status_77(self):
        # Mosquitto 2.0 grants what it then delivers nothing of: the server is the test's own.
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            child = self.start_mqz("sub", "-h", "127.0.0.1", "-p", str(port), "-t", "other/#")
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"\x20\x03\0\0\0")
                number = connection.recv(1000)[2:4]
                connection.sendall(b"\x90\x04" + number + b"\0\x87")
                result = self.assertExit(child.wait(), 77)
        self.assertIn('subscription "other/#" refused: not authorized (135)', result.errors)

    def test_mistakes_are_told_before_anything_is_connected(self):
        for words, why in [
            (["-t", "a/#/b"], "'a/#/b' is not a topic filter"),
            (["-t", ""], "it is empty"),
            (["-F", "%z"], "%z is not a format specifier"),
            (["--json", "--hex"], "--json and --hex exclude each other"),
            (["--dry-run"], "--dry-run goes with --remove-retained"),
            (["-R", "--retained-only"], "leave nothing"),
            (["--no-local", "-V", "311"], "--no-local needs MQTT 5"),
            (["--random-filter", "0"], "is not a percentage"),
            (["-q", "3"], "'3' is not one of"),
        ]:
            with self.subTest(words=words):
                result = self.assertExit(self.mqz("sub", *words), 2)
                self.assertIn(why, result.errors)

    def test_each_address_family_alone_is_enough_for_localhost(self):
        for address in ("127.0.0.1", "::1"):
            with self.subTest(address=address):
                port = harness.free_port()
                config = f"listener {port} {address}\nallow_anonymous true\n"
                file = self.write("one.conf", config)
                broker = self.start([self.program("mosquitto"), "-c", file])
                broker.wait_for("running")
                self.assertExit(self.mqz("sub", "-p", port, "-E"), 0)


if __name__ == "__main__":
    harness.main()
