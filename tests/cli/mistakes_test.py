"""What a mistake on the command line is answered with: never silence, never a guess."""

import harness


class Mistakes(harness.Case):
    def refused(self, words, *texts, code=2, env=None):
        with self.subTest(words=words):
            result = self.assertExit(self.mqz(*words, env=env), code)
            self.assertEqual(result.out, b"")
            for text in texts:
                self.assertIn(text, result.errors)
            return result

    def test_a_value_given_twice_is_not_guessed_at(self):
        for command, flag in (("pub", "-m"), ("pub", "-h"), ("pub", "--qos"), ("sub", "-W")):
            self.refused([command, flag, "1", flag, "2"], "is given 2 times and takes one value")
        self.refused(["broker", "-p", "0", "-p", "0"], "--port is given 2 times")

    def test_two_places_of_a_broker_are_a_contradiction(self):
        self.refused(["pub", "-h", "h:1884", "-p", "1885", "-m", "x"],
                     "--host h:1884 and --port 1885 name two ports")
        self.refused(["sub", "-L", "mqtt://h:1884", "-p", "1885"],
                     "--url h:1884 and --port 1885 name two ports")
        self.refused(["sub", "-h", "h", "-L", "mqtt://i"], "--host and --url both say where")
        self.refused(["sub", "-L", "mqtt://i", "--unix", "/s"], "--url and --unix both say where")
        self.refused(["sub", "--unix", "/s", "-p", "1"], "--port does not go with --unix")
        self.refused(["sub", "-p", "1885"], "MQZ_HOST h:1884 and --port 1885 name two ports",
                     env={"MQZ_HOST": "h:1884"})

    def test_what_says_the_same_or_stands_further_away_is_no_contradiction(self):
        port = str(harness.free_port())
        at = f"127.0.0.1:{port}"
        for words, env in (
            (["-h", at, "-p", port], {}),
            (["-h", at], {"MQZ_PORT": "9"}),
            (["-h", at], {"MQZ_URL": "mqtt://other"}),
            (["-L", f"mqtt://{at}"], {"MQZ_PORT": "9", "MQZ_HOST": "other"}),
            (["-L", "mqtt://127.0.0.1", "-p", port], {}),
        ):
            result = self.refused(["pub", "-m", "x", *words], code=69, env=env)
            self.assertIn(f"cannot connect to {at}: Connection refused", result.errors)

    def test_a_number_outside_its_range_is_told_the_range(self):
        for words, why in [
            (["-k", "70000"], "--keepalive: '70000' is not a duration from 0 to 65535 seconds"),
            (["-q", "3"], "'3' is not one of 0, 1, 2"),
            (["-x", "4294967296"], "not a whole number from 0 to 4294967295"),
            (["-x", "-1"], "not a whole number from 0 to 4294967295"),
            (["--expiry", "50000d"], "is not a duration from 0 to 4294967295 seconds"),
            (["--max-inflight", "0"], "not a whole number from 1 to 65000"),
            (["-p", "0"], "not a whole number from 1 to 65535"),
            (["--size", "1T"], "is not a size from 0 to 268435455 bytes"),
            (["-D", "connect", "receive-maximum", "0"], "'0' is not a number from 1 to 65535"),
            (["-D", "connect", "maximum-packet-size", "0"], "is not a number from 1 to 4294967295"),
            (["-D", "publish", "topic-alias", "65536"], "is not a number from 1 to 65535"),
            (["-D", "publish", "payload-format-indicator", "2"], "is not a number from 0 to 1"),
            (["-D", "subscribe", "subscription-identifier", "0"], "number from 1 to 268435455"),
            (["-i", "i" * 65536], "--id: longer than 65535 bytes"),
            (["--will-topic", "t", "--will-payload", "p" * 65536], "--will-payload: longer than"),
        ]:
            self.refused(["pub", "-t", "t", *words], why)

    def test_a_property_that_a_packet_does_not_take_names_those_that_it_takes(self):
        takes = ("publish takes payload-format-indicator, message-expiry-interval, content-type, "
                 "response-topic, correlation-data, topic-alias, user-property\n")
        for name in ("subscription-identifier", "receive-maximum", "nonsense"):
            self.refused(["pub", "-n", "-D", "publish", name, "1"],
                         f"--property publish {name}: ", takes)
        self.refused(["pub", "-n", "-D", "disconnect", "server-reference", "x"],
                     "disconnect takes session-expiry-interval, reason-string, user-property\n")
        self.refused(["pub", "-n", "--content-type", "a", "-D", "publish", "content-type", "b"],
                     "--content-type: a publish packet has content-type once")

    def test_a_flag_before_its_command_is_sent_behind_it(self):
        for words, hint in [
            (["--host", "x"], "mqz sub --host x"),
            (["-h", "x"], "mqz sub -h x"),
            (["--host", "x", "pub", "-m", "a"], "mqz pub --host x"),
            (["-m", "a"], "mqz pub -m a"),
            (["--check-config"], "mqz broker --check-config"),
            (["-Psecret", "sub"], "mqz sub -P\n"),
            (["-P", "secret", "sub"], "mqz sub -P\n"),
            (["--url=mqtt://u:secret@h", "sub"], "mqz sub --url\n"),
        ]:
            result = self.refused(words, "stands before the command", "hint: " + hint)
            self.assertNotIn("secret", result.errors)
        self.refused(["--nonsense", "x"], "unknown flag '--nonsense' before a command")

    def test_flags_for_what_comes_later_say_so(self):
        for words in (["--cafile", "f"], ["--insecure"], ["--psk", "secret"], ["--ciphers", "x"]):
            for command in ("pub", "sub"):
                result = self.refused([command, *words], f"{words[0]}: TLS comes with a later part")
                self.assertNotIn("secret", result.errors)
        self.refused(["sub"], "MQZ_CAFILE: TLS comes with a later part", env={"MQZ_CAFILE": "f"})
        self.assertNotIn("cafile", self.mqz("sub", "--help").text)

    def test_a_topic_that_nobody_named_is_told(self):
        broker = self.start_broker()
        at = ["-h", "127.0.0.1", "-p", str(broker.port)]
        said = "no -t given, using topic '/Testing'\n"
        self.assertIn(said, self.assertExit(self.mqz("pub", *at, "-m", "x"), 0).errors)
        self.assertIn(said, self.assertExit(self.mqz("sub", *at, "-E"), 0).errors)
        for words in (["pub", *at, "-m", "x", "--quiet"], ["pub", *at, "-m", "x", "-t", "/Testing"],
                      ["pub", *at, "--json"]):
            self.assertEqual(self.assertExit(self.mqz(*words), 0).errors, "")

        line = b'{"payload":"x"}\n{"payload":"y"}\n'
        result = self.mqz("pub", *at, "--json", stdin=line)
        self.assertEqual(self.assertExit(result, 0).errors, "mqz pub: " + said)

    def test_words_that_are_near_a_command_or_stand_alone_are_helped_along(self):
        self.refused(["publish", "-m", "x"], "did you mean 'pub'?")
        self.refused(["mosquitto_sub"], "did you mean 'sub'?")
        self.refused(["sub", "room/temp"], "unexpected word 'room/temp'\n",
                     "usage: mqz sub [flags] [-t FILTER]")
        self.refused(["broker", "start"], "unknown verb 'start' of mqz broker\n")

    def test_what_would_be_taken_for_something_else_is_refused(self):
        for group in ("a/b", "", "+", "#"):
            self.refused(["sub", "--group", group], f"--group '{group}': a group has a name")
        self.refused(["pub", "--topic-separator", ""], "--topic-separator is empty")
        self.refused(["broker", "--store", ""], "--store: the directory is empty")
        for when in ("interval:0", "interval:61", "interval:2m"):
            self.refused(["broker", "--durability", when], "not from 1ms to 60s")
        self.refused(["broker", "--durability", "intervals:1s"], "not a durability")
        self.refused(["broker", "--store", "none", "--durability", "sync"], "--store none has none")

    def test_input_larger_than_a_message_is_65(self):
        with open(self.path("large"), "wb") as file:
            file.truncate(300_000_000)
        self.refused(["pub", "-f", self.path("large")], "is larger than a message can be", code=65)

    def test_a_closed_output_is_an_error_and_not_an_empty_one(self):
        broker = self.start_broker()
        at = f"127.0.0.1:{broker.port}"
        self.assertExit(self.mqz("pub", "-h", at, "-t", "t", "-m", "x", "-r"), 0)
        line = f"exec {harness.MQZ} sub -h {at} -t t -W 10 >&-"
        result = self.assertExit(self.run_words(["sh", "-c", line], seconds=30), 74)
        self.assertIn("cannot write to stdout: Bad file descriptor", result.errors)

    def test_a_file_that_cannot_be_read_is_66_and_a_wrong_one_78(self):
        wrong = self.write("wrong", "port = 'x'\n")
        missing = self.path("none")
        for flag, command in (("--config", "pub"), ("--config", "sub"), ("-c", "broker")):
            for path in (missing, self.folder):
                self.refused([command, flag, path], path, code=66)
            self.refused([command, flag, wrong], f"{wrong}:1: ", code=78)

    def test_the_help_of_a_command_tells_the_statuses_it_can_end_with(self):
        for words, has, has_not in [
            (["version"], {0, 2, 66, 70, 74, 78}, {1, 27, 69, 73, 75, 77, 124, "128+n"}),
            (["pub"], {1, 27, 65, 69, 77, "128+n"}, {73, 75, 124}),
            (["broker"], {1, 65, 66, 74, 75, 78}, {27, 73, 124, "128+n"}),
            (["broker", "store", "verify"], {65, 66, 75}, {1, 27, 69, 77, 124}),
        ]:
            told = harness.exits_of(words)
            self.assertTrue(has <= told and not has_not & told, (words, told))


if __name__ == "__main__":
    harness.main()
