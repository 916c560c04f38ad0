"""What the tests of the built program share: brokers on free ports, bounded runs, no leftovers.

A test case derives from `Case`. Every process it starts is ended by its pid when the test ends,
every wait has a limit, and a server that is not installed fails the test: it is never skipped.
The program under test is $MQZ.
"""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

MQZ = os.environ.get("MQZ", "")
SANITIZED = bool(os.environ.get("MQZ_SANITIZE"))
LONG = os.environ.get("MQZ_LONG") == "1"

# Limits are three times what is promised, and sanitized programs are slow.
PATIENCE = 30.0 if SANITIZED else 10.0


def free_port():
    """A TCP port of 127.0.0.1 and ::1 that nobody listens on just now."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as four:
            four.bind(("127.0.0.1", 0))
            port = four.getsockname()[1]
            with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as six:
                try:
                    six.bind(("::1", port))
                except OSError as error:
                    if error.errno == 98:  # taken there: try another
                        continue
            return port


def clean_environment(extra=None):
    """The environment without settings of this machine's user."""
    keep = {k: v for k, v in os.environ.items() if not k.startswith("MQZ_")}
    keep.pop("MQZ", None)
    keep["HOME"] = "/nonexistent"
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"):
        keep.pop(name, None)
    keep.update(extra or {})
    return keep


def exits_of(words, known={}):
    """The statuses in the help of the command that `words` begin with; else those of mqz itself."""
    path = tuple(words[: next((i for i, w in enumerate(words) if not w.isalpha()), len(words))])
    while path not in known:
        help_text = subprocess.run([MQZ, *path, "--help"], capture_output=True, check=False,
                                   env=clean_environment(), timeout=PATIENCE).stdout.decode()
        if "exit codes:" in help_text:
            rows = help_text[help_text.index("exit codes:"):]
            known[path] = {int(word) if word.isdigit() else word
                           for word in re.findall(r"^  (\S+)", rows, re.M)}
        else:  # an operand, or no command
            path = path[:-1]
    return known[path]


class Result:
    def __init__(self, code, out, err):
        self.code = code
        self.out = out
        self.err = err

    @property
    def text(self):
        return self.out.decode()

    @property
    def lines(self):
        return self.out.decode().splitlines()

    @property
    def errors(self):
        return self.err.decode()

    def __repr__(self):
        err = self.err[-2000:].decode(errors="replace")
        return f"exit {self.code}\nstdout: {self.out[-2000:]!r}\nstderr: {err}"


class Process:
    """A program in the background; its output is kept in files, so that it never blocks."""

    def __init__(self, words, folder, name, stdin=None, env=None):
        self.words = words
        self.out_path = os.path.join(folder, name + ".out")
        self.err_path = os.path.join(folder, name + ".err")
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.child = subprocess.Popen(
                words,
                stdin=stdin if stdin is not None else subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=clean_environment(env),
                start_new_session=True,
            )

    @property
    def pid(self):
        return self.child.pid

    @property
    def stdin(self):
        return self.child.stdin

    def out(self):
        with open(self.out_path, "rb") as file:
            return file.read()

    def err(self):
        with open(self.err_path, "rb") as file:
            return file.read()

    def said(self):
        return (self.out() + self.err()).decode(errors="replace")

    def complain(self, text):
        raise AssertionError(f"{self.words}: {text}:\n{self.said()}")

    def is_running(self):
        return self.child.poll() is None

    def wait_for(self, text, seconds=PATIENCE):
        """Until `text` stands in its output. Fails when it ends before, or is late."""
        return self.wait_until(lambda: text in self.said(), f"it says {text!r}", seconds)

    def wait_until(self, condition, what, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not condition():
            if not self.is_running() and not condition():
                self.complain(f"ended with {self.child.returncode} before {what}")
            if time.monotonic() > end:
                self.complain(f"not within {seconds} s: {what}")
            time.sleep(0.005)
        return self

    def send(self, number):
        self.child.send_signal(number)

    def wait(self, seconds=PATIENCE):
        """Waits for its end and returns what came of it."""
        try:
            code = self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.complain(f"still runs after {seconds} s")
        return Result(code, self.out(), self.err())

    def stop(self, number=signal.SIGTERM, seconds=PATIENCE):
        self.send(number)
        return self.wait(seconds)

    def end(self):
        """For the end of a test: by pid, whatever state it is in."""
        if self.child.stdin is not None:
            try:
                self.child.stdin.close()
            except OSError:
                pass
        if self.is_running():
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(3)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait(PATIENCE)


class Case(unittest.TestCase):
    def setUp(self):
        if not MQZ or not os.access(MQZ, os.X_OK):
            self.fail("MQZ must name the built program, e.g. MQZ=build/mqz")
        self.folder = tempfile.mkdtemp(prefix="mqz-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.started = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def program(self, name):
        """The path of another program, which must be installed."""
        found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if found is None:
            self.fail(f"{name} is not installed; packaging/install-deps --tests installs it")
        return found

    def run_words(self, words, stdin=b"", seconds=PATIENCE, env=None):
        """Runs any program to its end."""
        try:
            done = subprocess.run(
                words,
                input=stdin,
                capture_output=True,
                timeout=seconds,
                env=clean_environment(env),
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            said = f"stderr: {late.stderr}; stdout: {late.stdout}"
            self.fail(f"{words} still ran after {seconds} s; {said}")
        return Result(done.returncode, done.stdout, done.stderr)

    def mqz(self, *words, stdin=b"", seconds=PATIENCE, env=None):
        """Runs mqz to its end; its status must be one that the command's help tells. What it keeps
        unasked is in the test's folder."""
        words = [str(word) for word in words]
        env = {"XDG_STATE_HOME": self.path("state")} | (env or {})
        result = self.run_words([MQZ, *words], stdin=stdin, seconds=seconds, env=env)
        if words and result.code > 0:
            told = exits_of(words)
            self.assertTrue(result.code in told or (result.code > 128 and "128+n" in told),
                            f"{words[0]} --help does not tell status {result.code}")
        return result

    def start(self, words, stdin=None, env=None):
        """Starts any program in the background; it is ended with the test."""
        self.started += 1
        name = f"{self.started}-{os.path.basename(words[0])}"
        process = Process([str(w) for w in words], self.folder, name, stdin=stdin, env=env)
        self.addCleanup(process.end)
        return process

    def start_mqz(self, *words, stdin=None, env=None):
        env = {"XDG_STATE_HOME": self.path("state")} | (env or {})
        return self.start([MQZ, *words], stdin=stdin, env=env)

    def start_broker(self, *words, config="", env=None):
        """Starts `mqz broker` on a free port of loopback; `.port` says which. Without a word about
        a store it keeps nothing."""
        port = free_port()
        if "--store" not in words and "persistence" not in config:
            words += ("--store", "none")
        text = f"listener {port} 127.0.0.1\nallow_anonymous true\n{config}\n"
        file = self.write(f"broker-{port}.conf", text)
        process = self.start_mqz("broker", "-c", file, *words, env=env)
        process.wait_for(str(port))
        self.wait_for_port(process, port)
        process.port = port
        return process

    def start_mosquitto(self, config=""):
        """Starts Debian's mosquitto on a free port of loopback; `.port` says which."""
        program = self.program("mosquitto")
        port = free_port()
        text = f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n{config}\n"
        process = self.start([program, "-c", self.write(f"mosquitto-{port}.conf", text)])
        self.wait_for_port(process, port)
        process.port = port
        return process

    def start_websockets(self, config="", port=None):
        """Debian's mosquitto for WebSocket at `.port`, for plain MQTT at `.plain`."""
        # It ends at once if WebSocket is all it has to listen for, and ignores the bind address.
        port = port or free_port()
        more = f"listener {port}\nprotocol websockets\nsocket_domain ipv4\n{config}"
        process = self.start_mosquitto(more)
        self.wait_for_port(process, port)
        process.plain, process.port = process.port, port
        return process

    def start_redis(self, *words):
        """Starts Debian's redis-server on a free port of loopback; `.port` says which."""
        program = self.program("redis-server")
        port = free_port()
        process = self.start(
            [program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--dir", self.folder, *words]
        )
        self.wait_for_port(process, port)
        process.port = port
        return process

    def wait_for_port(self, process, port, seconds=PATIENCE):
        def listens():
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.settimeout(1)
                return probe.connect_ex(("127.0.0.1", port)) == 0

        process.wait_until(listens, f"port {port} answers", seconds)

    def assertExit(self, result, code):
        self.assertEqual(result.code, code, result)
        return result


def read_some(descriptor, seconds=PATIENCE):
    """What a pipe or a terminal has to say within the time; b'' at its end."""
    ready, _, _ = select.select([descriptor], [], [], seconds)
    if not ready:
        raise AssertionError(f"nothing to read within {seconds} s")
    try:
        return os.read(descriptor, 65536)
    except OSError:  # a terminal whose other side is closed
        return b""


def main():
    unittest.main(verbosity=0)
