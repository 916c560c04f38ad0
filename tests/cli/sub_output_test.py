"""Where `mqz sub` puts messages besides its standard output as text: files, commands, counts, a
terminal's screen."""

import os
import pty
import signal
import socket
import subprocess

import harness


class Output(harness.Case):
    def setUp(self):
        super().setUp()
        self.broker = self.start_mosquitto("max_queued_messages 0")
        self.at = ["-p", str(self.broker.port)]

    def sub(self, *words, **more):
        """`mqz sub` in the background, subscribed when this returns."""
        return self.start_mqz("sub", *self.at, "-d", *words, **more).wait_for("SUBACK")

    def pub(self, *words, **more):
        return self.assertExit(self.mqz("pub", *self.at, *words, **more), 0)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def test_every_message_is_dumped_into_a_file_above_those_that_are_there(self):
        for first, words in [(1, []), (3, ["-v"])]:
            child = self.sub("-t", "d/#", "-C", "2", "--dump", self.path("files"), *words)
            self.pub("-t", "d/a", "-s", stdin=b"one\n\0")
            self.pub("-t", "d/b", "-n")
            self.assertExit(child.wait(), 0)
            texts = [b"one\n\0", b""] if not words else [b"d/a one\n\0", b"d/b (null)"]
            for number, text in enumerate(texts, first):
                self.assertEqual(self.read(f"files/{number:09}"), text)
        self.assertEqual(len(os.listdir(self.path("files"))), 4)
        result = self.assertExit(self.mqz("sub", "--dump", "/nonexistent/dir"), 74)
        self.assertIn("--dump: cannot make /nonexistent/dir: No such file", result.errors)

    def test_a_command_runs_for_every_message_in_their_order(self):
        command = 'echo "$MQZ_MESSAGE_TOPIC $MQZ_MESSAGE_QOS $MQZ_MESSAGE_RETAIN $(cat)"'
        child = self.sub("-t", "e/#", "-q", "1", "-C", "300", "--exec", command)
        lines = b"".join(b"%d\n" % i for i in range(300))
        self.pub("-t", "e/x", "-q", "1", "-l", stdin=lines)
        expected = b"".join(b"e/x 1 0 %d\n" % i for i in range(300))
        self.assertEqual(self.assertExit(child.wait(), 0).out, expected)

    def test_large_payloads_reach_commands_that_read_and_those_that_do_not(self):
        payload = b"x" * 1_000_000
        for command, expected in [("wc -c", b"1000000\n"), ("echo no", b"no\n")]:
            child = self.sub("-t", "big", "-C", "1", "--exec", command)
            self.pub("-t", "big", "-s", stdin=payload)
            self.assertEqual(self.assertExit(child.wait(), 0).out, expected)

    def test_a_command_that_fails_is_said_and_is_status_1(self):
        child = self.sub("-t", "f", "-C", "3", "--exec", "read x; exit $x")
        self.pub("-t", "f", "-l", stdin=b"0\n3\n0\n")
        result = self.assertExit(child.wait(), 1)
        self.assertIn('the command failed on topic "f": status 3', result.errors)
        self.assertIn("mqz sub: 1 of 3 commands failed", result.errors)

    def test_payloads_are_translated_before_they_are_printed(self):
        child = self.sub("-t", "t/#", "-C", "2", "-v", "--translate", "tr a-z A-Z")
        self.pub("-t", "t/1", "-m", "hello")
        self.pub("-t", "t/2", "-m", "world")
        self.assertEqual(self.assertExit(child.wait(), 0).out, b"t/1 HELLO\nt/2 WORLD\n")
        child = self.sub("-t", "t/#", "-C", "1", "--json", "--translate", "echo lost; exit 1")
        self.pub("-t", "t/1", "-m", "kept")
        self.assertIn(b'"payload":"kept"', self.assertExit(child.wait(), 1).out)

    def test_a_second_signal_ends_a_command_that_does_not(self):
        child = self.sub("-t", "s", "--exec", "echo begun; exec sleep 1000")
        self.pub("-t", "s", "-m", "x")
        child.wait_for("begun")
        child.send(signal.SIGTERM)
        child.send(signal.SIGINT)
        self.assertExit(child.wait(), 0)

    def test_messages_are_counted_by_the_second(self):
        child = self.sub("-t", "r", "--message-rate")
        self.pub("-t", "r", "-l", stdin=b"x\n" * 50)
        child.wait_until(lambda: sum(map(int, child.out().split())) == 50, "all are counted")
        self.assertExit(child.stop(signal.SIGINT), 0)

    def test_the_topics_with_most_messages_are_listed_at_the_end(self):
        child = self.sub("-t", "c/#", "--top", "2", "-C", "6")
        for topic, count in [("c/a", 2), ("c/b", 3), ("c/c", 1)]:
            self.pub("-t", topic, "-l", stdin=b"x\n" * count)
        self.assertEqual(self.assertExit(child.wait(), 0).out, b"        3 c/b\n        2 c/a\n")

    def test_larger_payloads_are_left_out_and_counted(self):
        child = self.sub("-t", "m", "-C", "1", "--max-size", "3")
        self.pub("-t", "m", "-m", "four")
        self.pub("-t", "m", "-m", "abc")
        result = self.assertExit(child.wait(), 0)
        self.assertEqual(result.out, b"abc\n")
        self.assertIn("left out 1 messages that were larger than 3 bytes", result.errors)

    def test_a_line_buffered_output_has_a_write_for_each_message(self):
        # A packet is what one write wrote.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = [harness.MQZ, "sub", *self.at, "-d", "-t", "b", "-C", "20", "--line-buffered"]
        with ours, subprocess.Popen(words, stdout=theirs, stderr=subprocess.PIPE,
                                    env=harness.clean_environment()) as child:
            self.addCleanup(child.kill)
            theirs.close()
            while b"SUBACK" not in child.stderr.readline():
                pass
            self.pub("-t", "b", "-l", stdin=b"payload\n" * 20)
            ours.settimeout(harness.PATIENCE)
            self.assertEqual([ours.recv(1000) for _ in range(20)], [b"payload\n"] * 20)
            child.stderr.close()
            self.assertEqual(child.wait(harness.PATIENCE), 0)

    def test_a_terminal_shows_the_last_message_of_each_topic(self):
        main, side = pty.openpty()
        words = [harness.MQZ, "sub", *map(str, self.at), "-d", "-t", "w/#", "-C", "3", "--watch"]
        with subprocess.Popen(words, stdout=side, stderr=subprocess.PIPE,
                              env=harness.clean_environment()) as child:
            self.addCleanup(child.kill)
            os.close(side)
            while b"SUBACK" not in child.stderr.readline():
                pass
            self.pub("-t", "w/a", "-m", "one")
            self.pub("-t", "w/b", "-m", "t\x07wo")
            self.pub("-t", "w/a", "-m", "three")
            seen = b""
            while more := harness.read_some(main):
                seen += more
            child.stderr.close()
            self.assertEqual(child.wait(harness.PATIENCE), 0)
        os.close(main)
        for piece in (b"\x1b[2J\x1b[1;1H\x1b[Kw/a one", b"\x1b[2;1H\x1b[Kw/b t.wo",
                      b"\x1b[1;1H\x1b[Kw/a three"):
            self.assertIn(piece, seen)

    def test_what_does_not_go_together_is_refused(self):
        for words, why in [
            (["--watch"], "--watch draws on a terminal"),
            (["--dump", "d", "--top", "3"], "--dump and --top exclude each other"),
            (["--exec", "a", "--translate", "b"], "--exec and --translate exclude each other"),
            (["--top", "0"], "--top"),
            (["--max-size", "much"], "--max-size"),
        ]:
            with self.subTest(words=words):
                self.assertIn(why, self.assertExit(self.mqz("sub", *words), 2).errors)


if __name__ == "__main__":
    harness.main()
