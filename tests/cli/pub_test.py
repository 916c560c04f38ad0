"""`mqz pub`: what is sent arrives, nothing is lost unsaid, and failures say where and why."""

import base64
import fcntl
import json
import os
import pty
import signal
import socket
import subprocess
import termios
import time

import harness

# Mosquitto drops for slow subscribers unless told not to.
KEEP_ALL = "max_queued_messages 0\nmax_inflight_messages 1000"


class Publish(harness.Case):
    def setUp(self):
        super().setUp()
        self.broker = self.start_mosquitto(KEEP_ALL)
        self.at = ["-p", self.broker.port]

    def listen(self, *words):
        """mosquitto_sub in the background, subscribed when this returns."""
        program = self.program("mosquitto_sub")
        # Into a file it would keep what it says in a buffer; stdbuf makes it say each line.
        listener = self.start([self.program("stdbuf"), "-oL", program, "-p", self.broker.port,
                               "-V", "5", "-d", *words])
        return listener.wait_for("SUBACK")

    def heard(self, listener, count):
        """The lines that mosquitto_sub -F '> ...' printed, as many as are awaited."""
        def lines():
            return [x[2:] for x in listener.out().decode().splitlines() if x.startswith("> ")]

        listener.wait_until(lambda: len(lines()) >= count, f"{count} messages")
        return lines()

    def pub(self, *words, code=0, **more):
        return self.assertExit(self.mqz("pub", *self.at, *words, **more), code)

    def test_one_message_has_its_topic_qos_retain_and_properties(self):
        listener = self.listen("-t", "#", "-q", "2", "-F", "> %t %q %p %C %P %R %D")
        self.pub("-m", "hello")
        self.pub("-t", "a/b", "-m", "two words", "-q", "2", "--content-type", "text/plain",
                 "--user-property", "k=v", "-D", "publish", "response-topic", "r",
                 "--correlation-data", "c")
        self.assertEqual(self.heard(listener, 2),
                         ["/Testing 0 hello    ", "a/b 2 two words text/plain k:v r c"])

    def test_payloads_come_from_files_stdin_and_nothing(self):
        listener = self.listen("-t", "p", "-F", "> %x")
        with open(self.path("payload"), "wb") as file:
            file.write(b"\x00\xff")
        self.pub("-t", "p", "-f", self.path("payload"))
        self.pub("-t", "p", "-s", stdin=b"a\nb\n")
        self.pub("-t", "p", "-n")
        self.pub("-t", "p", "-m", "r", "--repeat", "2", "--repeat-delay", "10ms")
        self.assertEqual(self.heard(listener, 5), ["00ff", "610a620a", "", "72", "72"])

    def test_several_topics_get_the_same_message(self):
        listener = self.listen("-t", "#", "-F", "> %t %p")
        self.pub("-t", "x", "-t", "y", "-m", "m")
        self.assertEqual(self.heard(listener, 2), ["x m", "y m"])

    def test_lines_are_messages_and_blank_lines_are_empty_messages(self):
        listener = self.listen("-t", "l", "-F", "> [%p]")
        self.pub("-t", "l", stdin=b"a\n\nc")
        self.pub("-t", "l", "-l", "--stop-on-empty", stdin=b"d\n\ne\n")
        self.pub("-t", "l", "-0", stdin=b"f\0g\0")
        self.pub("-t", "other", "--topic-separator", " ", stdin=b"l h i\n")
        self.assertEqual(self.heard(listener, 7),
                         ["[a]", "[]", "[c]", "[d]", "[f]", "[g]", "[h i]"])

    def test_json_lines_carry_everything(self):
        listener = self.listen("-t", "#", "-q", "1", "-F", "> %t %q %x %C")
        lines = [
            {"topic": "j/1", "payload": "text", "qos": 1, "properties": {"content-type": "c"}},
            {"topic": "j/2", "payload": base64.b64encode(b"\0\xff").decode(), "encoding": "base64"},
            {"payload_b64": "aGk="},
        ]
        self.pub("-t", "j/3", "--json", stdin="\n".join(map(json.dumps, lines)).encode())
        self.assertEqual(self.heard(listener, 3),
                         ["j/1 1 74657874 c", "j/2 0 00ff ", "j/3 0 6869 "])

    def test_a_line_that_is_no_message_ends_it_with_its_number(self):
        result = self.pub("--json", "-q", "1", code=65, stdin=b'{"payload":"a"}\n{"qos":5}\n')
        self.assertIn("mqz pub: line 2 has a qos that is not 0, 1 or 2; acked 1 of 1",
                      result.errors)

    def test_a_terminal_is_prompted_until_an_empty_line(self):
        listener = self.listen("-t", "/Testing", "-F", "> %p")
        main, side = pty.openpty()
        child = self.start([harness.MQZ, "pub", *self.at, "-q", "1"], stdin=side)
        child.wait_for("A line is a message")
        os.write(main, b"first\n")
        self.heard(listener, 1)
        os.write(main, b"second\n\n")
        self.assertExit(child.wait(), 0)
        self.assertEqual(self.heard(listener, 2), ["first", "second"])
        os.close(main)
        os.close(side)

    def test_control_c_and_d_end_a_prompt_at_once_and_leave_an_empty_line(self):
        for key, status in ((b"\x03", 130), (b"\x04", 0)):
            main, side = pty.openpty()
            child = self.start([harness.MQZ, "pub", *self.at], stdin=side)
            child.wait_for("> ")
            if status == 0:
                os.write(main, key)
                result = self.assertExit(child.wait(), status)
            else:  # not its controlling terminal: the signal that the key would send
                result = self.assertExit(child.stop(signal.SIGINT), status)
            self.assertTrue(result.errors.endswith("> \n"), result)
            os.close(main)
        os.close(side)

    def test_a_line_that_is_typed_in_two_parts_is_prompted_for_once(self):
        main, side = pty.openpty()
        child = self.start([harness.MQZ, "pub", *self.at, "-q", "1", "--stats"], stdin=side)
        child.wait_for("> ")
        os.write(main, b"first")
        os.write(main, b"\x04")
        os.write(main, b" half\n")
        child.wait_for("> > ")
        os.write(main, b"rest\x04\x04")
        result = self.assertExit(child.wait(), 0)
        self.assertRegex(result.errors, "> > \nsent 2, acked 2, .*\n$")
        os.close(main)
        os.close(side)

    def test_a_terminal_echoes_again_when_a_signal_ends_the_question_for_a_password(self):
        def echoes():
            return bool(termios.tcgetattr(side)[3] & termios.ECHO)

        def take_terminal():
            fcntl.ioctl(side, termios.TIOCSCTTY, 0)

        main, side = pty.openpty()
        words = [harness.MQZ, "pub", *map(str, self.at), "-m", "x", "-P", "-"]
        child = subprocess.Popen(words, stdin=side,
                                 stdout=side, stderr=side, start_new_session=True,
                                 env=harness.clean_environment(), preexec_fn=take_terminal)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        said = b""
        while b"password for localhost" not in said:
            said += harness.read_some(main)
        end = time.monotonic() + harness.PATIENCE
        while echoes() and time.monotonic() < end:
            time.sleep(0.005)
        self.assertFalse(echoes())
        os.write(main, b"\x03")
        self.assertEqual(child.wait(harness.PATIENCE), -signal.SIGINT)
        self.assertTrue(echoes())
        os.close(main)
        os.close(side)

    def test_lines_of_a_slow_pipe_leave_at_once(self):
        listener = self.listen("-t", "slow", "-F", "> %p")
        child = self.start([harness.MQZ, "pub", *self.at, "-t", "slow"], stdin=subprocess.PIPE)
        for i, line in enumerate([b"one\n", b"two\n"]):
            child.stdin.write(line)
            child.stdin.flush()
            self.heard(listener, i + 1)
        child.stdin.close()
        self.assertExit(child.wait(), 0)

    def test_a_request_gets_its_answer(self):
        server = self.start_mqz("sub", *self.at, "-t", "ask", "-C", "1", "--json", "-d")
        server.wait_for("SUBACK")
        asker = self.start_mqz("pub", *self.at, "-t", "ask", "-m", "?", "--response-topic", "back",
                               "--wait", "-W", "20")
        question = json.loads(self.assertExit(server.wait(), 0).out)
        properties = question["properties"]
        self.assertEqual(properties["response-topic"], "back")
        self.pub("-t", "back", "-m", "wrong", "--correlation-data", "other")
        self.pub("-t", "back", "-m", "42", "--correlation-data", properties["correlation-data"])
        self.assertEqual(self.assertExit(asker.wait(), 0).out, b"42\n")

    def test_an_answer_that_does_not_come_is_status_27(self):
        result = self.pub("-t", "ask", "-m", "?", "--response-topic", "back", "--wait",
                          "-W", "50ms", code=27)
        self.assertIn("no answer on 'back' in time", result.errors)

    def test_a_lost_connection_is_made_again_and_nothing_is_lost(self):
        child = self.start([harness.MQZ, "pub", *self.at, "-q", "1", "--stats", "-d"],
                           stdin=subprocess.PIPE)
        child.stdin.write(b"before\n")
        child.stdin.flush()
        child.wait_for("PUBACK")
        self.broker.send(signal.SIGKILL)
        self.broker.wait()
        child.wait_for("trying again in")
        child.stdin.write(b"between\n")
        child.stdin.close()
        again = self.start([self.program("mosquitto"), "-p", self.broker.port])
        self.wait_for_port(again, self.broker.port)
        result = self.assertExit(child.wait(), 0)
        self.assertIn(f"connected to localhost:{self.broker.port} again", result.errors)
        self.assertIn("sent 2, acked 2", result.errors)

    def test_without_reconnection_it_says_how_many_were_acknowledged(self):
        child = self.start([harness.MQZ, "pub", *self.at, "-q", "1", "--no-reconnect", "-d"],
                           stdin=subprocess.PIPE)
        child.stdin.write(b"one\n")
        child.stdin.flush()
        child.wait_for("PUBACK")
        self.broker.send(signal.SIGKILL)
        result = self.assertExit(child.wait(), 69)
        self.assertIn(f"lost the connection to localhost:{self.broker.port}", result.errors)


class Refusals(harness.Case):
    def test_a_rejected_publish_is_said_and_is_status_77(self):
        acl = self.write("acl", "topic readwrite allowed\n")
        broker = self.start_mosquitto(f"user root\nacl_file {acl}")
        result = self.mqz("pub", "-p", broker.port, "-t", "other/x", "-m", "m", "-q", "1")
        self.assertExit(result, 77)
        self.assertIn('1 of 1 messages rejected: topic "other/x": not authorized (135)',
                      result.errors)
        result = self.mqz("pub", "-p", broker.port, "-t", "allowed", "-t", "other", "-m", "m",
                          "-q", "2")
        self.assertExit(result, 1)
        self.assertIn('1 of 2 messages rejected: topic "other"', result.errors)

    def test_verified_messages_come_back_or_are_said_to_be_missing(self):
        acl = self.write("acl", "topic readwrite allowed/#\ntopic read other\n")
        broker = self.start_mosquitto(f"user root\nacl_file {acl}")
        verify = ["pub", "-p", broker.port, "--verify", "-W", "300ms"]
        for qos in ("0", "1", "2"):
            lines = b"same\n" * 3 + b"".join(b"%d\n" % i for i in range(1000))
            result = self.mqz(*verify, "-t", "allowed/1", "-q", qos, "-l", stdin=lines)
            self.assertExit(result, 0)
        result = self.mqz(*verify, "-t", "allowed/1", "-t", "other", "-m", "m", "-V", "311", "-q",
                          "1")
        self.assertExit(result, 1)
        self.assertIn("1 of 2 messages did not come back", result.errors)
        result = self.mqz(*verify, "-t", "other", "-l", stdin=b"x\n" * 20_000)
        self.assertIn("10000 of 10000 messages did not", self.assertExit(result, 1).errors)

    def test_missing_credentials_are_status_77(self):
        users = self.write("users", "")
        broker = self.start_mosquitto(f"user root\npassword_file {users}\n")
        file = self.path(f"mosquitto-{broker.port}.conf")
        with open(file, encoding="utf-8") as old:
            text = old.read().replace("allow_anonymous true", "allow_anonymous false")
        port = harness.free_port()
        strict = self.start([self.program("mosquitto"), "-c",
                             self.write("strict.conf", text.replace(str(broker.port), str(port)))])
        self.wait_for_port(strict, port)
        result = self.assertExit(self.mqz("pub", "-p", port, "-m", "m"), 77)
        self.assertIn(f"localhost:{port} refused the connection: not authorized (135)",
                      result.errors)
        self.assertIn("hint: give -u and --password-file", result.errors)

    def test_nobody_there_and_nobody_known(self):
        port = harness.free_port()
        result = self.assertExit(self.mqz("pub", "-p", port, "-m", "m"), 69)
        self.assertIn(f"mqz pub: cannot connect to localhost:{port}: Connection refused\n"
                      "  hint: is a broker running there?", result.errors)
        result = self.assertExit(self.mqz("pub", "-h", "nosuchhost.invalid", "-m", "m"), 69)
        self.assertIn('cannot resolve "nosuchhost.invalid"', result.errors)
        result = self.assertExit(self.mqz("pub", "-S", "-h", "nosuchhost.invalid", "-m", "m",
                                          seconds=30), 69)
        self.assertIn('cannot find a server by "_mqtt._tcp.nosuchhost.invalid": ', result.errors)

    def test_a_server_that_says_nothing_is_given_up(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            result = self.mqz("pub", "-h", "127.0.0.1", "-p", port, "-m", "m",
                              "--connect-timeout", "100ms")
        self.assertExit(result, 69)
        self.assertIn(f"127.0.0.1:{port} accepted the connection but sent no CONNACK",
                      result.errors)

    def test_a_terminal_is_told_what_it_waits_for_and_only_then(self):
        for command in (["pub", "-m", "m"], ["sub"]):
            main, side = pty.openpty()
            with socket.create_server(("127.0.0.1", 0)) as silent:
                where = f"127.0.0.1:{silent.getsockname()[1]}"
                words = [harness.MQZ, *command, "-t", "t", "-h", where, "--connect-timeout",
                         "300ms"]
                with subprocess.Popen(words, stderr=side, env=harness.clean_environment()) as child:
                    self.addCleanup(child.kill)
                    os.close(side)
                    said = b""
                    while more := harness.read_some(main):
                        said += more
                    self.assertEqual(child.wait(harness.PATIENCE), 69)
                self.assertNotIn("connecting to", self.mqz(*words[1:]).errors)
            os.close(main)
            name = f"mqz {command[0]}"
            expected = f"{name}: connecting to {where} ...\r\x1b[K{name}: {where} accepted"
            self.assertTrue(said.decode().startswith(expected), said)

    def test_a_list_of_servers_is_tried_in_order(self):
        broker = self.start_mosquitto()
        gone = harness.free_port()
        hosts = f"127.0.0.1:{gone},127.0.0.1:{broker.port}"
        self.assertExit(self.mqz("pub", "-h", hosts, "-m", "m"), 0)

    def test_a_local_address_is_connected_from(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            child = self.start_mqz("pub", "-h", "127.0.0.1", "-p", str(port), "-A", "127.0.0.2",
                                   "-m", "m")
            connection, peer = server.accept()
            connection.close()
            self.assertEqual(peer[0], "127.0.0.2")
            server.accept()[0].close()  # in the older version
            self.assertExit(child.wait(), 69)
        for address, why in [("192.0.2.1", "cannot connect from 192.0.2.1: Cannot assign"),
                             ("::1", "one is IPv4, the other is IPv6")]:
            result = self.mqz("pub", "-h", "127.0.0.1", "-A", address, "-m", "m")
            self.assertIn(why, self.assertExit(result, 69).errors)
        result = self.assertExit(self.mqz("pub", "-A", "eth0", "-m", "m"), 2)
        self.assertIn("--bind: 'eth0' is not an address", result.errors)

    def test_an_older_server_is_spoken_to_in_its_version(self):
        with socket.create_server(("127.0.0.1", 0)) as old:
            port = old.getsockname()[1]
            child = self.start_mqz("pub", "-h", "127.0.0.1", "-p", str(port), "-m", "m")
            levels = []
            for answer in (b"\x20\x02\x00\x01", b"\x20\x02\x00\x00"):
                connection, _ = old.accept()
                with connection:
                    levels.append(connection.recv(1000)[8])
                    connection.sendall(answer)
                    while connection.recv(1000):
                        pass
            self.assertExit(child.wait(), 0)
        self.assertEqual(levels, [5, 4])

    def test_mistakes_are_told_before_anything_is_connected(self):
        for words, why in [
            (["-t", "a/#", "-m", "x"], "'#' at position 3 is a wildcard"),
            (["-t", "", "-m", "x"], "the topic is empty"),
            (["-m", "x", "-n"], "--message and --null-message exclude each other"),
            (["-m", "x", "--wait"], "--wait needs --response-topic"),
            (["-m", "x", "-c"], "--disable-clean-session needs --id"),
            (["-m", "x", "--will-payload", "y"], "needs --will-topic"),
            (["-m", "x", "-S"], "--srv needs a domain in --host"),
            (["-m", "x", "-S", "-L", "mqtt://h"], "--srv goes with --host, not with --url"),
            (["-m", "x", "--ws", "--unix", "/s"], "--ws goes with --host, not with --unix"),
            (["-m", "x", "--proxy", "socks5h://h"], "through a proxy comes with a later part"),
            (["--json", "--verify"], "--verify goes with the topics of -t"),
            (["-m", "x", "-D", "publish", "nonsense", "1"], "no such property"),
            (["-n", "-D", "publish", "receive-maximum", "1"], "publish packet does not have it"),
            (["-m", "x", "-V", "311", "--content-type", "t"], "--content-type needs MQTT 5"),
            (["-m", "x", "-h", "a:b"], "is not a port"),
            (["-m", "x", "-L", "gopher://h"], "gopher:// does not carry messages"),
        ]:
            with self.subTest(words=words):
                result = self.assertExit(self.mqz("pub", *words), 2)
                self.assertIn(why, result.errors)
        result = self.assertExit(self.mqz("pub", "-f", "/nonexistent/file"), 66)
        self.assertIn("cannot read --file /nonexistent/file: No such file or directory",
                      result.errors)


if __name__ == "__main__":
    harness.main()
