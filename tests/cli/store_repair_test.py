"""What clients get from a store that has lost records: everything that can be read and was not
acknowledged, and nothing in pieces."""

import glob

import harness
from packets import PUBACK, PUBLISH
from store_test import StoreCase

MESSAGE_BYTES = 1_300_000  # in five parts


class StoreRepair(StoreCase):
    def damage(self, what):
        """Of one byte in the journal, which a repair then gives up with its record."""
        path, = glob.glob(self.store + "/broker/*.journal")
        with open(path, "r+b") as file:
            at = file.read().index(what)
            file.seek(at)
            file.write(bytes([what[0] ^ 1]))

    def repair(self):
        verb = ("broker", "store", "repair", "--accept-loss", self.store)
        return self.assertExit(self.mqz(*verb), 0).text

    def take(self, client):
        """Topic and payload of the next message, which is acknowledged."""
        body = client.take(PUBLISH)
        end = 2 + int.from_bytes(body[:2], "big")
        client.send(bytes([PUBACK, 2]) + body[end:end + 2])
        return body[2:end].decode(), body[end + 2:]

    def test_an_acknowledgement_settles_no_other_message_when_one_before_is_lost(self):
        broker = self.start_broker("--store", self.store, config="max_inflight_messages 1\n")
        self.client(broker.port, "away", clean=False).subscribe("q/#", 1)
        publisher = self.client(broker.port, "p")
        for number in range(1, 6):
            publisher.publish(f"q/{number}", f"message {number}".encode(), number)
        away = self.client(broker.port, "away", clean=False)
        for number in range(1, 4):
            self.assertEqual(self.take(away), (f"q/{number}", f"message {number}".encode()))
        self.assertEqual(away.take(PUBLISH)[2:5], b"q/4")  # so the others are in the journal
        self.assertExit(broker.stop(), 0)

        self.damage(b"message 2")
        self.assertRegex(self.repair(), "positions ([0-9]+) to \\1 are lost")
        # The third was acknowledged, and that cannot be known.
        broker = self.start_broker("--store", self.store, config="max_inflight_messages 1\n")
        away = self.client(broker.port, "away", clean=False)
        self.assertEqual([self.take(away)[0], self.take(away)[0]], ["q/3", "q/4"])
        self.assertEqual(away.take(PUBLISH)[2:5], b"q/5")
        self.assertExit(broker.stop(), 0)

        # What is acknowledged from then on is known.
        broker = self.start_broker("--store", self.store)
        away = self.client(broker.port, "away", clean=False)
        self.assertEqual(self.take(away), ("q/5", b"message 5"))

    def test_of_a_message_in_parts_none_is_delivered_when_one_is_lost(self):
        broker = self.start_broker("--store", self.store)
        self.client(broker.port, "away", clean=False).subscribe("q/#", 1)
        publisher = self.client(broker.port, "p")
        large = b"".join(b"%07d," % number for number in range(MESSAGE_BYTES // 8))
        publisher.publish("q/large", large, 1)
        publisher.publish("q/small", b"small", 2)
        self.assertExit(broker.stop(), 0)

        self.damage(b"%07d," % (MESSAGE_BYTES // 16))
        self.repair()
        verb = ("broker", "store", "verify", self.store)
        self.assertIn("1 message of which a part is missing is lost as a whole\n",
                      self.assertExit(self.mqz(*verb), 0).text)
        log = self.path("log")
        broker = self.start_broker("--store", self.store, config=f"log_dest file {log}\n")
        away = self.client(broker.port, "away", clean=False)
        self.assertEqual(self.take(away), ("q/small", b"small"))
        with open(log, encoding="utf-8") as file:
            self.assertIn("1 messages of which a part is missing are lost\n", file.read())


if __name__ == "__main__":
    harness.main()
