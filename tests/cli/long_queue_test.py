"""Long queues of absent clients are in the journal: they take little memory, and nothing of them is
lost by compaction or a crash."""

import signal

import harness
from measure import MEGABYTE, rss_bytes

COUNT = 1_000_000 if harness.LONG else 100_000
# For a message in a queue, whatever its size; an entry has 32 bytes, and arrays double.
BYTES_EACH = 100

# Of what a shared group gave: an entry has 32 bytes more.
SHARED_COUNT = COUNT // 2
BYTES_OF_SHARE = 150

# Their records come in parts.
LARGE_COUNT = 300
LARGE_BYTES = MEGABYTE


def line_of(number, size=600):
    return f"{number:08d}".ljust(size, ".")


class LongQueue(harness.Case):
    def start_on(self, port):
        config = self.write("long.conf", f"listener {port} 127.0.0.1\nallow_anonymous true\n"
                                         "log_type error\n"
                                         # More than there are packet identifiers are sent.
                                         "max_inflight_messages 65535\n")
        broker = self.start_mqz("broker", "-c", config, "--store", self.path("store"),
                                "--store-snapshot-bytes", str(8 * MEGABYTE))
        self.wait_for_port(broker, port)
        return broker

    def publish(self, port, begin, end, size=600):
        lines = "".join(line_of(number, size) + "\n" for number in range(begin, end))
        self.assertExit(self.mqz("pub", "-p", str(port), "-t", "q", "-q", "1", "-l",
                                     stdin=lines.encode(), seconds=600), 0)

    def leave_a_session(self, port, topic="q", client="absent"):
        self.assertExit(self.mqz("sub", "-p", str(port), "-t", topic, "-q", "1", "-i", client,
                                 "-V", "311", "-c", "-E", seconds=60), 0)

    def end_a_session(self, port, client):
        """It begins a clean one."""
        self.assertExit(self.mqz("sub", "-p", str(port), "-t", "none", "-i", client, "-V", "311",
                                 "-E", seconds=60), 0)

    def kill_and_start(self, broker, port):
        broker.send(signal.SIGKILL)
        broker.child.wait(harness.PATIENCE)
        return self.start_on(port)

    def take(self, port, begin, end, topic="q", client="absent"):
        """The next messages of the queue; perhaps some of those before them again."""
        out = self.mqz("sub", "-p", str(port), "-t", topic, "-q", "1", "-i", client, "-c",
                           "-V", "311", "-C", str(end - begin), seconds=600)
        self.assertExit(out, 0)
        return out.lines

    def test_a_long_queue_takes_little_memory_and_survives(self):
        port = harness.free_port()
        broker = self.start_on(port)
        self.leave_a_session(port)
        before = rss_bytes(broker.pid)
        self.publish(port, 0, COUNT)
        if not harness.SANITIZED:
            self.assertLess(rss_bytes(broker.pid) - before, COUNT * BYTES_EACH + 24 * MEGABYTE)
        third = COUNT // 3
        expected = [line_of(number) for number in range(COUNT)]
        self.assertEqual(self.take(port, 0, third), expected[:third])

        broker = self.kill_and_start(broker, port)
        # What was acknowledged last may come again.
        got = self.take(port, third, COUNT)
        first = expected.index(got[0])
        self.assertLessEqual(first, third)
        self.assertGreaterEqual(first, third - 65535)
        self.assertEqual(got, expected[first:first + len(got)])
        rest = COUNT - first - len(got)
        if rest:
            self.assertEqual(self.take(port, COUNT - rest, COUNT), expected[COUNT - rest:])
        self.assertExit(broker.stop(), 0)

    def test_what_a_shared_group_gave_takes_little_memory_and_survives(self):
        port = harness.free_port()
        broker = self.start_on(port)
        group = "$share/g/q"
        self.leave_a_session(port, group, "first")
        before = rss_bytes(broker.pid)
        self.publish(port, 0, SHARED_COUNT)
        bound = SHARED_COUNT * BYTES_OF_SHARE + 24 * MEGABYTE
        if not harness.SANITIZED:
            self.assertLess(rss_bytes(broker.pid) - before, bound)
        # The next member gets all of it, wherever the broker ends.
        self.leave_a_session(port, group, "second")
        self.end_a_session(port, "first")
        broker = self.kill_and_start(broker, port)
        got = self.take(port, 0, SHARED_COUNT, group, "second")
        self.assertEqual(got, [line_of(number) for number in range(SHARED_COUNT)])
        if not harness.SANITIZED:
            self.assertLess(rss_bytes(broker.pid) - before, bound)
        self.assertExit(broker.stop(), 0)

    def assert_little(self, broker, before):
        """Not a third of what is queued, whatever else the allocator keeps."""
        if not harness.SANITIZED:
            self.assertLess(rss_bytes(broker.pid) - before, LARGE_COUNT * LARGE_BYTES // 3)

    def test_large_messages_take_little_memory_and_survive(self):
        port = harness.free_port()
        broker = self.start_on(port)
        self.leave_a_session(port)
        before = rss_bytes(broker.pid)
        for begin in range(0, LARGE_COUNT, 50):
            self.publish(port, begin, begin + 50, LARGE_BYTES)
        self.assert_little(broker, before)

        broker = self.kill_and_start(broker, port)
        self.assert_little(broker, before)
        number = 0
        while number < LARGE_COUNT:
            lines = self.take(port, number, min(number + 50, LARGE_COUNT))
            first = int(lines[0][:8])
            self.assertLessEqual(first, number)  # what was acknowledged last may come again
            for number, line in enumerate(lines, first):
                self.assertTrue(line == line_of(number, LARGE_BYTES), number)
            number += 1
        self.assertExit(broker.stop(), 0)


if __name__ == "__main__":
    harness.main()
