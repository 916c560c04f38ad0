"""`mqz pub -l` sends as many messages as there are lines: around 65 536, where packet identifiers
wrap, and, in the long form, far beyond."""

import harness

FEW = [0, 1, 1000, 65_535, 65_536, 65_537]
COUNTS = FEW + [100_000, 1_000_000] if harness.LONG else FEW
# A million lines at QoS 2 are eight million packets.
PATIENCE = 900.0 if harness.LONG else 120.0


class Lines(harness.Case):
    def test_the_broker_gets_every_line(self):
        # Nothing is dropped for a receiver that is a little slower.
        self.check_every_count(self.start_broker(config="max_queued_messages 0"))

    def test_mosquitto_gets_every_line(self):
        keep_all = "max_queued_messages 0\nmax_inflight_messages 1000"
        self.check_every_count(self.start_mosquitto(keep_all))

    def check_every_count(self, server):
        at = ["-p", str(server.port)]
        for count in COUNTS:
            lines = b"".join(b"%d\n" % i for i in range(count))
            for qos in ("0", "1", "2"):
                with self.subTest(qos=qos, count=count):
                    self.check(at, qos, count, lines)

    def check(self, at, qos, count, lines):
        topic = ["-t", f"n/{qos}/{count}", "-q", qos]
        self.assertExit(self.mqz("pub", *at, *topic, "-r", "-m", "ready"), 0)
        receiver = self.start_mqz("sub", *at, *topic, "-C", str(count + 2))
        receiver.wait_until(lambda: receiver.out() == b"ready\n", "it is subscribed")
        result = self.mqz("pub", *at, *topic, "-l", "--stats", stdin=lines, seconds=PATIENCE)
        self.assertExit(result, 0)
        owed = 0 if qos == "0" else count
        self.assertIn(f"sent {count}, acked {owed}, rejected 0", result.errors)
        self.assertExit(self.mqz("pub", *at, *topic, "-m", "end"), 0)
        got = self.assertExit(receiver.wait(PATIENCE), 0).out
        self.assertEqual(got.count(b"\n"), count + 2)
        # Of QoS 0 the server may still have lines to read when the next publisher comes.
        got = got.replace(b"end\n", b"", 1)
        self.assertTrue(got == b"ready\n" + lines, "the lines are the same, in order")


if __name__ == "__main__":
    harness.main()
