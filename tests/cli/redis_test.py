"""`mqz pub` and `mqz sub` over redis://."""

import json
import signal
import subprocess

import harness


class Redis(harness.Case):
    def setUp(self):
        super().setUp()
        self.server = self.start_redis()
        self.url = f"redis://127.0.0.1:{self.server.port}"

    def sub(self, *words):
        child = self.start_mqz("sub", "-L", self.url, *words)
        self.subscribed = getattr(self, "subscribed", 0) + 1
        child.wait_until(lambda: self.clients() >= self.subscribed, "it has subscribed")
        return child

    def cli(self, *words):
        done = self.run_words([self.program("redis-cli"), "-p", str(self.server.port), *words])
        return self.assertExit(done, 0).text

    def clients(self):
        return self.cli("client", "list", "type", "pubsub").count("id=")

    def test_channels_and_patterns_meet_the_real_client(self):
        exact = self.sub("-t", "a", "-t", "b", "-C", "2", "-v")
        pattern = self.sub("-t", "a*", "-C", "1", "--json")
        self.assertEqual(self.cli("publish", "a", "one"), "2\n")
        self.assertExit(self.mqz("pub", "-L", self.url, "-t", "b", "-m", "two"), 0)
        self.assertEqual(self.assertExit(exact.wait(), 0).lines, ["a one", "b two"])
        self.assertEqual(json.loads(self.assertExit(pattern.wait(), 0).out)["payload"], "one")

    def test_lines_are_answered_one_by_one_and_none_is_lost(self):
        lines = b"".join(b"%d\n" % i for i in range(20_000))
        receiver = self.sub("-t", "n", "-C", "20000")
        result = self.mqz("pub", "--backend", self.url, "-t", "n", "-l", "--stats", stdin=lines)
        self.assertIn("sent 20000, acked 20000, rejected 0", self.assertExit(result, 0).errors)
        self.assertEqual(self.assertExit(receiver.wait(), 0).out, lines)

    def test_a_lost_connection_is_made_again(self):
        child = self.start([harness.MQZ, "pub", "-L", self.url, "--stats"], stdin=subprocess.PIPE)
        child.stdin.write(b"before\n")
        child.stdin.flush()
        self.server.wait_until(lambda: "cmd=publish" in self.cli("client", "list"), "it came")
        self.server.send(signal.SIGKILL)
        self.server.wait()
        child.wait_for("trying again in")
        child.stdin.write(b"after\n")
        child.stdin.close()
        again = self.start([self.program("redis-server"), "--port", self.server.port,
                            "--save", "", "--dir", self.folder])
        self.wait_for_port(again, self.server.port)
        self.assertIn("sent 2, acked 2", self.assertExit(child.wait(), 0).errors)

    def test_passwords_open_it_and_wrong_ones_say_so(self):
        server = self.start_redis("--requirepass", "secret")
        url = f"redis://127.0.0.1:{server.port}"
        file = self.write("password", "secret\n")
        self.assertExit(self.mqz("pub", "-L", url, "--password-file", file, "-m", "x"), 0)
        result = self.assertExit(self.mqz("pub", "-L", url, "-m", "x"), 77)
        self.assertIn(f"127.0.0.1:{server.port} refused the connection: NOAUTH",
                      result.errors)

    def test_what_redis_has_no_word_for_is_refused(self):
        for command, words, why in [
            ("pub", ["-r", "-m", "x"], "--retain does not go with redis://"),
            ("pub", ["-q", "1", "-m", "x"], "--qos does not go with redis://"),
            ("pub", ["-D", "publish", "content-type", "x", "-m", "x"], "--property does not go"),
            ("sub", ["--retained-only"], "--retained-only does not go with redis://"),
            ("sub", ["-t", "a/#"], "+ and # are no wildcards of Redis"),
        ]:
            with self.subTest(words=words):
                result = self.assertExit(self.mqz(command, "-L", self.url, *words), 2)
                self.assertIn(why, result.errors)

    def test_a_path_is_the_number_of_a_database(self):
        self.assertExit(self.mqz("pub", "-L", self.url + "/15", "-t", "a", "-m", "x"), 0)
        result = self.assertExit(self.mqz("pub", "-L", self.url + "/16", "-t", "a", "-m", "x"), 69)
        self.assertIn("DB index is out of range", result.errors)
        result = self.assertExit(self.mqz("pub", "-L", self.url + "/a", "-m", "x"), 2)
        self.assertIn("the number of a database, not 'a'\n  hint: the channel is -t", result.errors)

    def test_where_nobody_listens_no_broker_is_proposed(self):
        url = f"redis://127.0.0.1:{harness.free_port()}"
        result = self.assertExit(self.mqz("pub", "-L", url, "-t", "a", "-m", "x"), 69)
        self.assertIn("Connection refused", result.errors)
        self.assertNotIn("mqz broker", result.errors)

    def test_a_backend_for_other_commands_is_passed_over(self):
        broker = self.start_mosquitto()
        result = self.mqz("pub", "-m", "x", "-p", broker.port, env={"MQZ_BACKEND": "zk://a/b"})
        self.assertExit(result, 0)
        # A mistake ends it before anything is connected.
        result = self.mqz("pub", "-t", "#", "-m", "x", env={"MQZ_BACKEND": "zk://a/b"})
        self.assertIn("MQZ_BACKEND zk://a/b carries no messages", result.errors)


if __name__ == "__main__":
    harness.main()
