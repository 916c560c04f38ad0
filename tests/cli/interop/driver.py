"""A client of some maker, in a process of its own that takes commands and tells events as JSON.

Commands, one per line, and the event that answers each:

    {"do": "connect", "port", "version": 3|4|5, "id", "clean", "keep_alive",
     "will": {"topic", "payload", "qos", "retain", "properties"}, "properties"}
                                           connected: session_present, properties; or refused: code
    {"do": "subscribe", "filter", "qos", "identifier", "no_local", "retain_as_published",
     "retain_handling"}                    subscribed: code
    {"do": "unsubscribe", "filter"}        unsubscribed
    {"do": "publish", "topic", "payload" or "file", "qos", "retain", "properties"}
                                           published, when the QoS is done
    {"do": "disconnect", "code"}           disconnected
    {"do": "reset"}                        ready: the connection, if any, was ended and forgotten

Events that nobody asked for: ready (at the start), message (topic, payload or file, qos, retain,
dup, properties), lost (code: that of DISCONNECT, if one came and the library tells it).

Payloads and correlation data are hexadecimal; payloads of more than 4096 bytes are files in the
folder that the program is given as its argument. Properties have the specification's names in
snake_case; user_property is a list of pairs, subscription_identifier a list of numbers.
"""

import collections
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

import harness


class Message:
    def __init__(self, event):
        self.topic = event["topic"]
        self.qos = event["qos"]
        self.retain = event["retain"]
        self.properties = event.get("properties", {})
        if "file" in event:
            with open(event["file"], "rb") as file:
                self.payload = file.read()
            os.remove(event["file"])
        else:
            self.payload = bytes.fromhex(event["payload"])

    @property
    def text(self):
        return self.payload.decode()

    def __repr__(self):
        return (f"{self.topic} {self.payload[:60]!r} qos {self.qos} retain {self.retain} "
                f"{self.properties}")


class Client:
    def __init__(self, words, folder):
        self.words = words
        self.folder = folder
        self.unread = b""
        self.events = collections.deque()
        self.messages = collections.deque()
        self.child = subprocess.Popen(
            [*words, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=harness.clean_environment(), start_new_session=True,
        )
        self.wait_for("ready")

    def is_running(self):
        return self.child.poll() is None

    def tell(self, do, **fields):
        line = json.dumps({"do": do, **fields}) + "\n"
        self.child.stdin.write(line.encode())
        self.child.stdin.flush()

    def take(self, end):
        """Reads once, until `end` at the latest; False when nothing came."""
        ready, _, _ = select.select([self.child.stdout], [], [], max(0, end - time.monotonic()))
        if not ready:
            return False
        some = os.read(self.child.stdout.fileno(), 1 << 20)
        if not some:
            raise AssertionError(f"{self.words} ended with {self.child.wait()}")
        *lines, self.unread = (self.unread + some).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if event["event"] == "message":
                self.messages.append(Message(event))
            else:
                self.events.append(event)
        return True

    def wait_for(self, *kinds, seconds=harness.PATIENCE):
        """The next event of one of these kinds; others that came before it are forgotten."""
        end = time.monotonic() + seconds
        while True:
            while self.events:
                event = self.events.popleft()
                if event["event"] in kinds:
                    return event
            if not self.take(end) and time.monotonic() >= end:
                raise AssertionError(f"{self.words}: no {' or '.join(kinds)} within {seconds} s")

    def ask(self, do, answer, **fields):
        self.tell(do, **fields)
        return self.wait_for(answer)

    def connect(self, **fields):
        self.tell("connect", **fields)
        return self.wait_for("connected", "refused")

    def subscribe(self, topic_filter, qos=0, **options):
        return self.ask("subscribe", "subscribed", filter=topic_filter, qos=qos, **options)["code"]

    def unsubscribe(self, topic_filter):
        self.ask("unsubscribe", "unsubscribed", filter=topic_filter)

    def publish(self, topic, payload=b"", qos=0, retain=False, **properties):
        if isinstance(payload, str):
            payload = payload.encode()
        fields = {"topic": topic, "qos": qos, "retain": retain, "properties": properties}
        if len(payload) <= 4096:
            return self.ask("publish", "published", payload=payload.hex(), **fields)
        with tempfile.NamedTemporaryFile(dir=self.folder) as file:
            file.write(payload)
            file.flush()
            return self.ask("publish", "published", file=file.name, **fields)

    def disconnect(self, code=0):
        return self.ask("disconnect", "disconnected", code=code)

    def reset(self):
        self.ask("reset", "ready")
        self.messages.clear()
        self.events.clear()

    def receive(self, seconds=harness.PATIENCE):
        end = time.monotonic() + seconds
        while not self.messages:
            if not self.take(end) and time.monotonic() >= end:
                raise AssertionError(f"{self.words}: no message within {seconds} s")
        return self.messages.popleft()

    def receive_all(self, count):
        return [self.receive() for _ in range(count)]

    def texts(self, count):
        return [message.text for message in self.receive_all(count)]

    def freeze(self):
        self.child.send_signal(signal.SIGSTOP)

    def kill(self):
        """The process is gone, and its connection without a DISCONNECT."""
        self.child.kill()
        self.child.wait()
        self.child.stdin.close()
        self.child.stdout.close()


class Pool:
    """Running clients that no test is using."""

    def __init__(self, words):
        self.words = words
        self.idle = []
        self.folder = tempfile.mkdtemp(prefix="mqz-test-")

    def get(self):
        return self.idle.pop() if self.idle else Client(self.words, self.folder)

    def give_back(self, client):
        if not client.is_running():
            return
        try:
            client.child.send_signal(signal.SIGCONT)
            client.reset()
        except (AssertionError, OSError):
            client.kill()
            raise
        self.idle.append(client)

    def close(self):
        for client in self.idle:
            client.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
