"""Damage of what long queues have in the journal alone: it is told with its place, listed by
client, holds that client alone, and only if somebody accepts the loss does it get the rest."""

import glob
import json
import os

import harness
from measure import MEGABYTE
from packets import publish
from store_test import Client

COUNT = 40_000  # three segments' worth of growth with a snapshot for each 8 MB


def line_of(number):
    return f"{number:08d}".ljust(600, ".")


class StoreQueue(harness.Case):
    def setUp(self):
        super().setUp()
        self.store = self.path("store")
        self.port = harness.free_port()

    def words(self, more=""):
        config = self.write("queue.conf", f"listener {self.port} 127.0.0.1\nallow_anonymous true\n"
                                          f"log_type error\nmax_inflight_messages 65535\n{more}")
        return ["broker", "-c", config, "--store", self.store,
                "--store-snapshot-bytes", str(8 * MEGABYTE)]

    def start_on_store(self, more=""):
        broker = self.start_mqz(*self.words(more))
        self.wait_for_port(broker, self.port)
        return broker

    def fill(self):
        """A store with a long queue of an absent client, the first of it behind the snapshot."""
        broker = self.start_on_store()
        absent = Client(self.port, "absent", clean=False)
        absent.subscribe("q", 1)
        absent.close()
        lines = "".join(line_of(number) + "\n" for number in range(COUNT))
        self.assertExit(self.mqz("pub", "-p", str(self.port), "-t", "q", "-q", "1", "-l",
                                 stdin=lines.encode(), seconds=100), 0)
        self.assertExit(broker.stop(), 0)
        self.assertEqual(len(glob.glob(self.store + "/broker/*.snapshot")), 1)
        self.first = sorted(glob.glob(self.store + "/broker/*.journal"))[0]
        return json.loads(self.assertExit(self.verb("verify", "--json"), 0).text)

    def verb(self, verb, *words):
        return self.mqz("broker", "store", verb, *words, self.store)

    def hint(self):
        return f"mqz broker store repair --accept-loss {self.store}"

    def names(self):
        return sorted(os.listdir(self.store + "/broker"))

    def take(self, count):
        out = self.mqz("sub", "-p", str(self.port), "-t", "q", "-q", "1", "-i", "absent", "-c",
                       "-V", "311", "-C", str(count), seconds=100)
        self.assertExit(out, 0)
        return out.lines

    def test_a_missing_segment_is_told_before_anything_is_served(self):
        before = self.fill()
        gone = before["segments"][0]["records"]
        os.remove(self.first)
        names = self.names()
        refused = self.assertExit(self.mqz(*self.words()), 65)
        self.assertIn(f"{self.first}: missing, with ", refused.errors)
        self.assertIn("client absent", refused.errors)
        self.assertIn(self.hint(), refused.errors)
        self.assertEqual(names, self.names())
        verify = self.assertExit(self.verb("verify"), 65)
        self.assertIn(f"damaged: {self.first}: offset 0: missing, with ", verify.text)
        self.assertIn(self.hint(), verify.errors)
        told = json.loads(self.assertExit(self.verb("verify", "--json"), 65).text)["unreadable"]
        self.assertEqual([(one["client"], one["file"], one["missing"]) for one in told],
                         [("absent", self.first, True)])
        count = told[0]["messages"]
        self.assertLess(gone - 10, count)
        self.assertLessEqual(count, gone)

        listed = self.assertExit(self.verb("repair"), 65)
        self.assertIn(f"lost: {count} messages for client absent", listed.text)
        self.assertIn(f"lost: {count} messages for client absent",
                      self.assertExit(self.verb("repair", "--accept-loss"), 0).text)
        self.assertIn(f"{count} messages waiting for client absent cannot be read: {self.first} "
                      "is missing", self.assertExit(self.verb("verify"), 0).text)
        broker = self.start_on_store()
        self.assertEqual(self.take(COUNT - count), [line_of(n) for n in range(count, COUNT)])
        self.assertExit(broker.stop(), 0)
        self.assertExit(self.verb("compact"), 0)

    def test_salvage_goes_on_without_a_missing_segment_and_logs_it(self):
        self.fill()
        os.remove(self.first)
        log = self.path("log")
        broker = self.start_on_store(f"store_recovery salvage\nlog_dest file {log}\n")

        def told():
            if not os.path.exists(log):
                return False
            with open(log, encoding="utf-8") as file:
                return f"cannot be read: {self.first} is missing\n" in file.read()

        broker.wait_until(told, "the log tells of the loss")
        with open(log, encoding="utf-8") as file:
            lost = int(file.read().split("client absent: ")[1].split()[0])
        self.assertEqual(self.take(COUNT - lost), [line_of(n) for n in range(lost, COUNT)])
        self.assertExit(broker.stop(), 0)

    def test_a_damaged_message_holds_its_client_and_costs_only_itself(self):
        self.fill()
        with open(self.first, "r+b") as file:
            at = file.read().index(line_of(777).encode()) + 300
            file.seek(at)
            file.write(b"!!!!!")
        broker = self.start_on_store()
        self.assertEqual(self.take(777), [line_of(n) for n in range(777)])
        for _ in range(20):
            absent = Client(self.port, "absent", clean=False)
            self.addCleanup(absent.close)
            self.assertEqual(absent.socket.recv(1 << 16), b"")
        absent = Client(self.port, "absent", version=5, clean=False, expiry=0xFFFF_FFFF)
        self.addCleanup(absent.close)
        told = absent.take(0xE0)
        self.assertEqual(told[0], 0x83)
        self.assertIn(b"a message that waits here cannot be read from the store", told)
        other = Client(self.port, "other")
        self.addCleanup(other.close)
        other.subscribe("o", 0)
        other.publish("o2", b"x")
        other.send(publish("o", b"served", 0))
        self.assertIn(b"served", other.take(0x30))
        log = self.assertExit(broker.stop(), 0).errors
        held = [line for line in log.split("\n") if "is held" in line]
        self.assertEqual(len(held), 1, held)
        self.assertRegex(held[0], f"client absent is held: {self.first}: offset [0-9]+: a record "
                                  f"is not what was written; {COUNT - 777} messages wait")
        self.assertIn(self.hint(), held[0])
        offset = int(held[0].split(f"{self.first}: offset ")[1].split(":")[0])
        self.assertLess(at - 400, offset)
        self.assertLess(offset, at)

        verify = self.assertExit(self.verb("verify"), 65)
        self.assertIn(f"damaged: {self.first}: offset {offset}: a message waiting for client "
                      "absent cannot be read", verify.text)
        listed = self.assertExit(self.verb("repair"), 65).text
        lost = ("lost: a message for client absent, as far as it reads: topic=q qos=1 "
                "payloadlen=600 ")
        self.assertIn(lost, listed)
        self.assertEqual(listed.count("lost: "), 1)
        repaired = self.assertExit(self.verb("repair", "--accept-loss"), 0)
        self.assertIn(lost, repaired.text)
        self.assertIn(f"1 message waiting for client absent cannot be read: {self.first} is "
                      "damaged", self.assertExit(self.verb("verify"), 0).text)
        broker = self.start_on_store()
        self.assertEqual(self.take(COUNT - 778), [line_of(n) for n in range(778, COUNT)])
        self.assertIn("client absent: message dropped: it cannot be read: "
                      f"{self.first}: offset {offset}: ",
                      self.assertExit(broker.stop(), 0).errors)

    def test_an_accepted_loss_is_not_one_of_later_segments(self):
        self.fill()
        names = sorted(glob.glob(self.store + "/broker/*.journal"))
        self.assertGreater(len(names), 1)
        os.mkdir(self.store + "/broker/lost")
        with open(self.store + "/broker/lost/accepted", "w", encoding="utf-8") as file:
            file.write("segments up to 1\n")
        ends = []
        for name, letter in zip(names[:2], "?!"):
            with open(name, "r+b") as file:
                at = file.read().index(b"." * 100, 200_000)
                file.seek(at)
                file.write(letter.encode() * 5)
                ends.append(name)
        verify = self.assertExit(self.verb("verify"), 65).text
        self.assertIn(f"waiting for client absent cannot be read: {ends[0]} is damaged", verify)
        damaged = [line for line in verify.split("\n") if "a message waiting for" in line]
        self.assertEqual(len(damaged), 1, verify)
        self.assertIn(f"damaged: {ends[1]}: offset ", damaged[0])

    def test_of_a_damaged_snapshot_the_sound_parts_are_kept(self):
        count = 34_000
        broker = self.start_on_store()
        publisher = Client(self.port, "p")
        packets = [publish(f"r/{n:05d}", line_of(n).encode(), 0, retain=True)
                   for n in range(count)]
        publisher.socket.sendall(b"".join(packets[:14_000]))
        broker.wait_until(lambda: glob.glob(self.store + "/broker/*.snapshot"), "a snapshot")
        publisher.socket.sendall(b"".join(packets[14_000:]))
        publisher.publish("end", b"", 1)
        publisher.close()
        first = self.store + "/broker/0000000000000001.journal"
        broker.wait_until(lambda: not os.path.exists(first), "the second lets a segment go")
        self.assertExit(broker.stop(), 0)
        snapshot, = glob.glob(self.store + "/broker/*.snapshot")
        with open(snapshot, "r+b") as file:
            at = file.read().index(line_of(5000).encode()) + 300
            file.seek(at)
            file.write(b"!")
        refused = self.assertExit(self.mqz(*self.words()), 65)
        self.assertIn(f"{snapshot}: offset ", refused.errors)
        self.assertIn(self.hint(), refused.errors)
        verify = self.assertExit(self.verb("verify"), 65)
        self.assertIn(f"damaged: {snapshot}: offset ", verify.text)

        listed = self.assertExit(self.verb("repair"), 65).text
        told = [line for line in listed.split("\n") if line.startswith("lost, unless ")]
        lost = {line.split(" topic=")[1].split()[0] for line in told}
        self.assertIn("r/05000", lost)
        self.assertLess(len(lost), 1000)
        repaired = self.assertExit(self.verb("repair", "--accept-loss"), 0).text
        self.assertIn("entries kept; as it was it is in lost/", repaired)
        self.assertExit(self.verb("verify"), 0)
        broker = self.start_on_store()
        out = self.mqz("sub", "-p", str(self.port), "-t", "r/#", "-F", "%t",
                       "-C", str(count - len(lost)), seconds=60)
        self.assertExit(out, 0)
        self.assertEqual(set(out.lines), {f"r/{n:05d}" for n in range(count)} - lost)
        self.assertExit(broker.stop(), 0)


if __name__ == "__main__":
    harness.main()
