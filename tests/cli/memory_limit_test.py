"""The ceiling of the broker's memory: publishers wait there, and nothing is lost."""

import threading
import time

import harness
from measure import MEGABYTE, rss_bytes
from packets import PUBACK, PUBLISH, Socket, publish
from placements import on_every_placement

LIMIT = (256 if harness.LONG else 64) * MEGABYTE
PAYLOAD = b"x" * 4000


@on_every_placement
class MemoryLimit(harness.Case):
    def test_publishers_wait_at_the_ceiling_and_go_on_when_there_is_room(self):
        broker = self.start_broker(*self.placement, config=f"memory_limit {LIMIT}")
        absent = Socket(broker.port).join("absent", clean=False)
        absent.subscribe("flood", 1)
        absent.send(b"\xe0\0")
        self.assertIsNone(absent.receive())

        count = 2 * LIMIT // len(PAYLOAD)
        publisher = Socket(broker.port).join("publisher")
        acknowledged = 0

        def send_all():
            for number in range(count):
                mark = number.to_bytes(4, "big")
                publisher.send(publish("flood", mark + PAYLOAD, 1, 1 + number % 60_000))

        def count_answers():
            nonlocal acknowledged
            for _ in range(count):
                publisher.expect(PUBACK)
                acknowledged += 1

        threads = [threading.Thread(target=send_all), threading.Thread(target=count_answers)]
        for thread in threads:
            thread.start()
        # It waits there: nothing more is acknowledged, though everything is sent that can be.
        broker.wait_until(lambda: rss_bytes(broker.pid) > LIMIT, "its memory is full")
        other = Socket(broker.port).join("other").subscribe("elsewhere")
        seen = -1
        end = time.monotonic() + harness.PATIENCE
        while seen != acknowledged and time.monotonic() < end:
            seen = acknowledged
            time.sleep(0.3)
        self.assertEqual(seen, acknowledged)
        self.assertLess(acknowledged, count)
        self.assertLess(rss_bytes(broker.pid), LIMIT + 32 * MEGABYTE)
        other.send(b"\xc0\0")
        other.expect(0xD0)

        back = Socket(broker.port).join("absent", clean=False)
        for number in range(count):
            body = back.expect(PUBLISH)
            back.send(b"\x40\2" + body[7:9])
            self.assertEqual(int.from_bytes(body[9:13], "big"), number)
        for thread in threads:
            thread.join(harness.PATIENCE)
        self.assertEqual(acknowledged, count)


if __name__ == "__main__":
    harness.main()
