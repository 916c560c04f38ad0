"""The store on the disk: where it is, what the verbs below `mqz broker store` say, and what the
broker does when the store is damaged, in use, or when the disk is full."""

import glob
import json
import os
import resource
import signal
import socket
import subprocess

import harness
from packets import CONNACK, PUBACK, PUBLISH, QUOTA_EXCEEDED, SUBACK, Reader, connect, publish
from packets import subscribe

PINGREQ, PINGRESP = b"\xc0\x00", 0xD0


class Client:
    """A connection that is waited for, packet by packet."""

    def __init__(self, port, client_id, version=4, clean=True, expiry=0):
        self.reader = Reader()
        self.packets = []
        self.version = version
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=harness.PATIENCE)
        self.send(connect(client_id, version, clean, expiry=expiry))
        self.take(CONNACK)

    def send(self, packet):
        self.socket.sendall(packet)

    def take(self, kind):
        """The body of the next packet, which has to be of this kind."""
        while not self.packets:
            some = self.socket.recv(1 << 16)
            assert some, "the broker has closed the connection"
            self.packets += self.reader.feed(some)
        first, body = self.packets.pop(0)
        assert first & 0xF0 == kind, f"{first:#x} {body!r}, not {kind:#x}"
        return body

    def subscribe(self, topic_filter, qos):
        self.send(subscribe(topic_filter, qos, self.version))
        self.take(SUBACK)

    def publish(self, topic, payload, packet_id=1, retain=False, qos=1):
        self.send(publish(topic, payload, qos, packet_id, self.version, retain))
        return self.take(PUBACK)

    def close(self):
        self.socket.close()


def reason_of(puback):
    return puback[2] if len(puback) > 2 else 0


class StoreCase(harness.Case):
    def setUp(self):
        super().setUp()
        self.store = self.path("store")

    def client(self, port, client_id, **how):
        client = Client(port, client_id, **how)
        self.addCleanup(client.close)
        return client

    def fill(self, count=20):
        """A store with a durable session and messages for it, and no broker."""
        broker = self.start_broker("--store", self.store)
        subscriber = self.client(broker.port, "s1", clean=False)
        subscriber.subscribe("kept/#", 1)
        subscriber.close()
        publisher = self.client(broker.port, "p1")
        for number in range(count):
            publisher.publish(f"kept/{number}", f"payload {number}".encode(), number + 1)
        publisher.publish("bytes", b"\xff\x00two", 99, retain=True)
        publisher.close()
        self.assertExit(broker.stop(), 0)

    def journal(self):
        return sorted(glob.glob(self.store + "/broker/*.journal"))[0]

    def damage(self, what=b"kept/7"):
        """Flips a bit of something that was synced, with much behind it."""
        with open(self.journal(), "r+b") as file:
            at = file.read().index(what)
            file.seek(at)
            file.write(bytes([what[0] ^ 1]))
        return at

    def files(self):
        found = {}
        for name in sorted(os.listdir(self.store + "/broker")):
            with open(f"{self.store}/broker/{name}", "rb") as file:
                found[name] = file.read() if name != "LOCK" else b""
        return found

    def verb(self, verb, *words):
        return self.mqz("broker", "store", verb, *words, self.store)


class Verbs(StoreCase):
    def test_a_sound_store_is_said_to_be_sound_by_every_verb(self):
        self.fill()
        before = self.files()
        for verb in ("verify", "compact", "repair", "upgrade"):
            self.assertIn("sound", self.assertExit(self.verb(verb), 0).text)
        told = json.loads(self.assertExit(self.verb("verify", "--json"), 0).text)
        self.assertEqual((told["sound"], told["damage"]), (True, []))
        self.assertEqual(told["segments"][0]["first"], 1)
        self.assertEqual(before, self.files())

    def test_the_part_itself_may_be_named(self):
        self.fill(1)
        self.store += "/broker"
        self.assertExit(self.verb("verify"), 0)

    def test_dump_shows_every_record_without_loss(self):
        self.fill(3)
        dump = self.assertExit(self.verb("dump", "--json"), 0)
        records = [json.loads(line) for line in dump.lines]
        self.assertEqual([one["position"] for one in records], list(range(1, len(records) + 1)))
        types = [one["type"] for one in records]
        self.assertEqual(types[0], "start")
        session = records[types.index("connect")]
        self.assertEqual((session["client"], session["durable"]), ("s1", True))
        subscription = records[types.index("subscribe")]
        self.assertEqual(subscription["filters"], ["kept/#"])
        self.assertEqual((subscription["session"], subscription["client"]),
                         (session["session"], "s1"))
        published = [one for one in records if one["type"] == "publish"]
        self.assertEqual([one["payload"] for one in published][:3],
                         ["payload 0", "payload 1", "payload 2"])
        self.assertEqual(published[0]["topic"], "kept/0")
        self.assertEqual((published[3]["encoding"], published[3]["payload"]),
                         ("base64", "/wB0d28="))
        text = self.assertExit(self.verb("dump"), 0).text
        self.assertIn("publish topic=kept/1 qos=1 mid=2 payloadlen=9 payload=\"payload 1\"\n", text)
        self.assertIn("client=s1", text)

    def test_damage_is_found_named_and_repaired_only_if_the_loss_is_accepted(self):
        self.fill()
        self.damage()
        before = self.files()
        verify = self.assertExit(self.verb("verify"), 65)
        self.assertIn(f"{self.journal()}: offset ", verify.errors)
        hint = f"mqz broker store repair --accept-loss {self.store}"
        self.assertIn(hint, verify.errors)
        self.assertFalse(json.loads(self.verb("verify", "--json").text)["sound"])
        dump = self.assertExit(self.verb("dump"), 65)
        self.assertIn("kept/6", dump.text)
        self.assertIn("unreadable", dump.text)
        self.assertIn("kept/8", dump.text)
        for verb in ("compact", "upgrade", "repair"):
            self.assertIn(hint, self.assertExit(self.verb(verb), 65).errors)
        self.assertEqual(before, self.files())
        self.assertIn("lost, as far as it reads: ", self.verb("repair").text)
        repair = self.assertExit(self.verb("repair", "--accept-loss"), 0)
        self.assertIn("topic=jept/7 qos=1 ", repair.text)
        self.assertRegex(repair.text, "positions [0-9]+ to [0-9]+ are lost")
        self.assertIn("client s1 may lack messages of: kept/#", repair.text)
        self.assertIn("given up", self.assertExit(self.verb("verify"), 0).text)
        self.assertTrue(os.listdir(self.store + "/broker/lost"))
        broker = self.start_broker("--store", self.store)
        again = self.client(broker.port, "s1", clean=False)
        self.assertEqual(again.take(PUBLISH)[2:8], b"kept/0")

    def test_a_store_in_use_is_left_alone_and_the_process_named(self):
        broker = self.start_broker("--store", self.store)
        for verb in ("verify", "dump", "compact", "repair", "upgrade"):
            self.assertIn(f"process {broker.pid}", self.assertExit(self.verb(verb), 75).errors)
        second = self.assertExit(self.mqz("broker", "-p", "0", "--store", self.store), 75)
        self.assertIn(f"process {broker.pid}", second.errors)
        os.remove(self.store + "/broker/LOCK")
        for _ in range(2):
            self.assertExit(self.verb("verify"), 75)
            self.assertExit(self.mqz("broker", "-p", "0", "--store", self.store), 75)

    def test_what_is_no_store_is_said_to_be_none(self):
        self.assertExit(self.mqz("broker", "store", "verify", self.folder), 66)
        self.assertEqual(os.listdir(self.folder), [])
        self.assertExit(self.verb("dump"), 66)
        self.assertExit(self.mqz("broker", "store", "verify", self.write("file", "")), 66)

    def test_an_empty_name_is_a_mistake(self):
        self.assertExit(self.mqz("broker", "store", "verify", ""), 2)

    def test_who_only_looks_makes_no_file(self):
        self.fill(1)
        os.remove(self.store + "/broker/LOCK")
        before = self.files()
        for verb in ("verify", "dump"):
            self.assertExit(self.verb(verb), 0)
        self.assertEqual(before, self.files())

    def test_a_snapshot_alone_is_refused_as_it_is(self):
        os.makedirs(self.store + "/broker")
        name = "00000000000000ff.snapshot"
        with open(f"{self.store}/broker/{name}", "wb") as file:
            file.write(b"not read any more")
        self.assertIn("STORE", self.assertExit(self.verb("verify"), 65).errors)
        refused = self.assertExit(self.mqz("broker", "-p", "0", "--store", self.store), 65)
        self.assertIn(f"STORE: missing beside {name}", refused.errors)
        self.assertIn("mqz broker store repair --accept-loss", refused.errors)
        self.assertEqual(sorted(self.files()), [name, "LOCK"])

    def test_a_missing_newest_segment_is_told(self):
        broker = self.start_broker("--store", self.store)
        self.client(broker.port, "s1", clean=False).subscribe("kept", 1)
        publisher = self.client(broker.port, "p1")
        for number in range(9):
            publisher.publish("kept", bytes(1_000_000), number + 1)
        broker.send(signal.SIGKILL)
        broker.child.wait(harness.PATIENCE)
        last = sorted(glob.glob(self.store + "/broker/*.journal"))[-1]
        self.assertNotEqual(last, self.journal())
        self.assertExit(self.verb("verify"), 0)
        os.remove(last)
        refused = self.assertExit(self.mqz("broker", "-p", "0", "--store", self.store), 65)
        self.assertIn(f"{last}: missing, and perhaps others behind it", refused.errors)
        self.assertIn("mqz broker store repair --accept-loss", refused.errors)
        self.assertIn(f"{last}: ", self.assertExit(self.verb("verify"), 65).errors)
        repair = self.assertExit(self.verb("repair", "--accept-loss"), 0)
        self.assertRegex(repair.text, "positions from [0-9]+ on are lost; nothing says how many")
        self.assertExit(self.verb("verify"), 0)

    def test_what_is_cut_off_the_end_is_told(self):
        self.fill(1)
        verify = self.assertExit(self.verb("verify", "--json"), 0)
        used = json.loads(verify.text)["segments"][-1]["used_bytes"]
        self.assertNotIn("incomplete", self.verb("verify").text)
        with open(self.journal(), "r+b") as file:
            file.seek(used)
            file.write(b"half an entry")
        told = f"the last write is incomplete at offset {used} (13 bytes): it will be cut"
        self.assertIn(told, self.assertExit(self.verb("verify"), 0).text)
        broker = self.start_broker("--store", self.store)
        broker.wait_for(f"{self.journal()}: offset {used}: the last write was incomplete: "
                        "13 bytes were cut")
        self.assertExit(broker.stop(), 0)
        self.assertNotIn("incomplete", self.assertExit(self.verb("verify"), 0).text)

    def test_a_damaged_identity_is_named(self):
        self.fill(1)
        header = self.store + "/broker/STORE"
        with open(header, "r+b") as file:
            file.seek(8)
            file.write(b"\x02")
        self.assertIn("STORE: offset 0", self.assertExit(self.verb("verify"), 65).errors)

    def test_every_verb_has_its_help_and_a_wrong_one_is_named(self):
        for verb in ("verify", "dump", "compact", "repair", "upgrade"):
            shown = self.assertExit(self.mqz("broker", "store", verb, "--help"), 0)
            self.assertIn(f"usage: mqz broker store {verb}", shown.text)
            missing = self.assertExit(self.mqz("broker", "store", verb), 2)
            self.assertIn(f"see mqz broker store {verb} --help", missing.errors)
        self.assertIn("verify", self.assertExit(self.mqz("broker", "store", "verfy"), 2).errors)
        self.assertExit(self.mqz("broker", "store"), 2)
        self.assertIn("store", self.assertExit(self.mqz("broker", "--help"), 0).text)


class Start(StoreCase):
    def test_a_damaged_store_is_refused_with_the_command_that_repairs_it(self):
        self.fill()
        self.damage()
        before = self.files()
        refused = self.assertExit(self.mqz("broker", "-p", "0", "--store", self.store), 65)
        self.assertIn(f"{self.journal()}: offset ", refused.errors)
        self.assertIn(f"mqz broker store repair --accept-loss {self.store}", refused.errors)
        self.assertEqual(before, self.files())

    def test_store_recovery_salvage_repairs_at_the_start_and_logs_the_loss(self):
        self.fill()
        self.damage()
        log = self.path("log")
        broker = self.start_broker("--store", self.store,
                                   config=f"store_recovery salvage\nlog_dest file {log}\n")
        broker.wait_for("are lost")

        def log_tells():
            with open(log, encoding="utf-8") as file:
                return "are lost" in file.read()

        broker.wait_until(log_tells, "the log tells of the loss")
        client = self.client(broker.port, "s1", clean=False)
        got = [client.take(PUBLISH)[2:8] for _ in range(8)]
        self.assertEqual(got, [b"kept/%d" % number for number in (0, 1, 2, 3, 4, 5, 6, 8)])

    def test_a_wrong_store_recovery_is_an_error_of_the_file(self):
        file = self.write("c.conf", "store_recovery maybe\n")
        self.assertIn("strict or salvage",
                      self.assertExit(self.mqz("broker", "-c", file, "--check-config"), 78).errors)

    def test_a_store_is_what_nobody_has_to_ask_for(self):
        state, port = self.path("xdg"), harness.free_port()
        broker = self.start_mqz("broker", "-p", port, env={"XDG_STATE_HOME": state})
        broker.wait_for(f"on the disk, in {state}/mqz/broker")
        self.wait_for_port(broker, port)
        self.client(port, "p").publish("kept", b"x", retain=True)
        second = self.assertExit(self.mqz("broker", "-p", "0", env={"XDG_STATE_HOME": state}), 75)
        self.assertIn(f"process {broker.pid}", second.errors)
        self.assertIn("--store none", second.errors)
        broker.send(signal.SIGKILL)
        broker.child.wait(harness.PATIENCE)
        again = self.start_mqz("broker", "-p", port, env={"XDG_STATE_HOME": state})
        self.wait_for_port(again, port)
        client = self.client(port, "c")
        client.subscribe("kept", 0)
        self.assertTrue(client.take(PUBLISH).endswith(b"x"))
        self.assertExit(again.stop(), 0)

    def test_nothing_is_kept_where_that_is_asked_for(self):
        for words, config in ((("--store", "none"), "persistence true\n"),
                              ((), "persistence false\n"),
                              ((), f"persistence false\npersistence_location {self.path('p')}\n")):
            broker = self.start_broker(*words, config=config)
            broker.wait_for("in memory only")
            self.assertExit(broker.stop(), 0)
            self.assertFalse(os.path.exists(self.path("state")))
            self.assertFalse(os.path.exists(self.path("p")))

    def test_a_place_where_no_store_can_be_is_told_with_what_to_do(self):
        refused = self.mqz("broker", "-p", "0", env={"XDG_STATE_HOME": "/proc/none"})
        self.assertIn("--store none", self.assertExit(refused, 66).errors)

    def test_a_name_with_a_line_feed_stays_on_its_line(self):
        broker = self.start_broker("--store", self.path("pl//a\nb"))
        broker.wait_for(self.path("pl/a\\nb/broker"))
        self.assertExit(broker.stop(), 0)

    def test_persistence_has_a_place_of_its_own(self):
        location = self.path("location")
        places = {
            location + "/mqz": (f"persistence true\npersistence_location {location}\n", {}),
            location + "2/mqz": (f"persistence_location {location}2\n", {}),
            self.path("state"): ("persistence true\n", {"STATE_DIRECTORY": self.path("state")}),
            self.path("xdg/mqz"): ("persistence true\n", {"XDG_STATE_HOME": self.path("xdg")}),
            self.path("home/.local/state/mqz"): ("persistence true\n",
                                                 {"HOME": self.path("home")}),
        }
        for place, (config, env) in places.items():
            without = {"STATE_DIRECTORY": "", "XDG_STATE_HOME": ""}
            broker = self.start_broker(config=config, env=without | env)
            broker.wait_for(f"on the disk, in {place}/broker")
            self.assertTrue(os.path.exists(place + "/broker/STORE"))
            self.assertExit(broker.stop(), 0)

    def test_the_flag_wins_over_the_file(self):
        broker = self.start_broker("--store", "none", config="persistence true\n"
                                   f"persistence_location {self.path('location')}\n")
        broker.wait_for("in memory only")
        self.assertFalse(os.path.exists(self.path("location")))

    def test_the_promise_is_printed_and_a_topic(self):
        for words, line, topic in ((("--store", self.store), "durable: ", b"sync"),
                                   (("--store", self.store, "--durability", "interval:20ms"),
                                    "within 20 ms", b"interval:20ms"),
                                   (("--store", self.store, "--durability", "none"),
                                    "not durable", b"none"),
                                   ((), "in memory only", b"memory")):
            broker = self.start_broker(*words, config="sys_interval 1\n")
            broker.wait_for(line)
            client = self.client(broker.port, "c")
            client.subscribe("$SYS/broker/store/durability", 0)
            self.assertTrue(client.take(PUBLISH).endswith(topic))
            self.assertExit(broker.stop(), 0)

    def test_a_store_that_cannot_be_is_a_clear_error(self):
        file = self.write("file", "text")
        for place in (file, file + "/below"):
            refused = self.assertExit(self.mqz("broker", "-p", "0", "--store", place), 66)
            self.assertIn("Not a directory", refused.errors)
        with open(file, encoding="utf-8") as same:
            self.assertEqual(same.read(), "text")
        self.assertExit(self.mqz("broker", "-p", "0", "--store", "/proc/none"), 66)

    def test_a_write_that_fails_ends_the_broker_with_the_reason(self):
        port = harness.free_port()
        # Without the signal a write beyond the limit is an error, as a broken disk's would be.
        broker = self.start(["/bin/sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\"", harness.MQZ,
                             "broker", "-p", str(port), "--store", self.store])
        self.wait_for_port(broker, port)
        client = self.client(port, "c")
        subprocess.run([self.program("prlimit"), "--pid", str(broker.pid), "--fsize=512"],
                       check=True)
        client.send(publish("t", b"x", 1, 1, retain=True))
        ended = self.assertExit(broker.wait(), 74)
        self.assertIn("File too large", ended.errors)
        self.assertIn("nothing was acknowledged after it", ended.errors)


class Descriptors(StoreCase):
    def test_a_crowd_that_takes_all_descriptors_leaves_the_store_its_own(self):
        self.store = self.path("store")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        try:
            broker = self.start_broker("--store", self.store, "--threads", "1")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        client = self.client(broker.port, "first", version=5)
        crowd = [socket.create_connection(("127.0.0.1", broker.port)) for _ in range(80)]
        # More than the first segment takes, and the one that is prepared.
        for number in range(1, 90):
            payload = bytes(1_000_000)
            self.assertLess(reason_of(client.publish(f"t/{number}", payload, number, True)), 0x80)
        for one in crowd:
            one.close()
        self.client(broker.port, "later", version=5).close()


class DiskFull(StoreCase):
    """On a file system of its own, which only root can mount."""

    SIZE = 130 << 20

    def setUp(self):
        super().setUp()
        self.disk = self.path("disk")
        self.store = self.disk + "/store"
        os.mkdir(self.disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.SIZE}", "tmpfs",
                                  self.disk], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.fail("this test mounts a small tmpfs (run it as root, or under "
                      "`unshare --map-root-user --mount`): " + mounted.stderr.decode())
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)

    def take_room(self):
        about = os.statvfs(self.disk)
        with open(self.disk + "/ballast", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, about.f_bavail * about.f_frsize)

    def use_up_the_room(self, client):
        """Fills segments until the broker refuses; returns how many it took."""
        for number in range(1, 20_000):
            if reason_of(client.publish("kept", bytes(100_000), number % 60_000 + 1)) != 0:
                return number - 1
        self.fail("the disk never became full")

    def test_publishes_are_refused_while_the_disk_is_full_and_taken_again_after(self):
        broker = self.start_broker("--store", self.store)
        subscriber = self.client(broker.port, "s", clean=False)
        subscriber.subscribe("kept", 1)
        subscriber.close()
        self.take_room()
        client = self.client(broker.port, "new", version=5)
        taken = self.use_up_the_room(client)
        self.assertGreater(taken, 0)
        broker.wait_for("disk is full")
        # What frees room, or needs none, goes on.
        old = self.client(broker.port, "old")
        old.subscribe("live", 1)
        client.publish("live", b"x", 7)
        self.assertTrue(old.take(PUBLISH).endswith(b"x"))
        self.client(broker.port, "s2", clean=False).close()
        # Before version 5 there is no answer, and everything else is answered.
        old.send(publish("kept", b"withheld", 1, 3))
        old.send(PINGREQ)
        old.take(PINGRESP)
        self.assertEqual(reason_of(client.publish("kept", b"no", 8)), QUOTA_EXCEEDED)
        os.remove(self.disk + "/ballast")
        self.assertEqual(old.take(PUBACK)[:2], b"\0\3")
        self.assertEqual(reason_of(client.publish("kept", b"again", 9)), 0)
        broker.wait_for("has room again")
        broker.send(signal.SIGKILL)
        broker.child.wait(harness.PATIENCE)
        found = self.assertExit(self.verb("dump", "--json"), 0)
        kept = [one for one in map(json.loads, found.lines) if one.get("topic") == "kept"]
        self.assertEqual(len(kept), taken + 2)
        self.assertEqual([one["payload"] for one in kept[-2:]], ["withheld", "again"])

    def test_it_is_full_when_nothing_fits_and_says_what_is_wanted(self):
        broker = self.start_broker("--store", self.store)
        client = self.client(broker.port, "new", version=5)
        subscriber = self.client(broker.port, "s", clean=False)
        subscriber.subscribe("kept", 1)
        subscriber.close()
        self.use_up_the_room(client)
        about = os.statvfs(self.disk)
        # A smallest segment and a half.
        self.assertLess(about.f_bavail * about.f_frsize, 12 << 20)
        broker.wait_for("no room for its next segment: 8 MB wanted, ")

    def test_a_start_without_room_is_a_clear_error(self):
        self.take_room()
        refused = self.assertExit(self.mqz("broker", "-p", "0", "--store", self.store), 74)
        self.assertIn("No space left on device", refused.errors)


if __name__ == "__main__":
    harness.main()
