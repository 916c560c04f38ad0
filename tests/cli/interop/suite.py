"""Makes test cases of the scenarios: one class per protocol version and way to place clients."""

import harness
from interop import driver
from placements import PLACEMENTS

SCENARIOS = []

EVERY_VERSION = (3, 4, 5)  # the protocol level of CONNECT: 3.1, 3.1.1, 5
VERSION_NAMES = {3: "v31", 4: "v311", 5: "v5"}


def scenario(versions=EVERY_VERSION, config=""):
    """Marks a function that takes an `Interop` case and plays something on its broker."""

    def add(function):
        function.versions = versions
        function.config = config
        SCENARIOS.append(function)
        return function

    return add


class Interop(harness.Case):
    """A broker, and clients of one maker that speak one version."""

    words = ()
    version = 0
    placement = ()

    @classmethod
    def setUpClass(cls):
        cls.pool = driver.Pool(cls.words)
        cls.addClassCleanup(cls.pool.close)

    def play(self, function):
        self.broker = self.start_broker(*self.placement, config=function.config)
        function(self)

    @property
    def is_v5(self):
        return self.version == 5

    def client(self):
        client = self.pool.get()
        self.addCleanup(self.pool.give_back, client)
        return client

    def connect(self, client, client_id, clean=True, keep_alive=60, will=None, **properties):
        fields = {"will": will} if will else {}
        event = client.connect(
            port=self.broker.port, version=self.version, id=client_id, clean=clean,
            keep_alive=keep_alive, properties=properties, **fields,
        )
        self.assertEqual(event["event"], "connected", event)
        return event

    def join(self, client_id, **options):
        """A connected client."""
        client = self.client()
        self.connect(client, client_id, **options)
        return client

    def connect_durably(self, client, client_id, clean=False, **options):
        """With a session that outlives the connection."""
        if self.is_v5:
            options = {"session_expiry_interval": 600, **options}
        return self.connect(client, client_id, clean=clean, **options)

    def will(self, topic, text, qos=1, retain=False, **properties):
        return {"topic": topic, "payload": text.encode().hex(), "qos": qos, "retain": retain,
                "properties": properties}

    def assertResumes(self, connected):
        # The acknowledgement of 3.1 does not tell, and one library tells only that of 3.1.1.
        if connected["session_present"] is not None:
            self.assertEqual(connected["session_present"], self.version != 3)

    def assertNothingWaits(self, client, topic):
        """Nothing is on the way to a client: a message sent last comes first."""
        client.subscribe(topic, 1)
        client.publish(topic, "last", qos=1)
        self.assertEqual(client.receive().topic, topic)
        client.unsubscribe(topic)


def make_cases(module, name, words, versions=EVERY_VERSION, is_slow=False):
    """Puts a test class for every version and placement into `module` (its globals).

    A slow client has one placement for each version, unless the long forms are wanted.
    """
    from interop import delivery, sessions, version_five  # noqa: F401 (they fill SCENARIOS)

    for index, version in enumerate(versions):
        for place, (placement_name, placement) in enumerate(PLACEMENTS.items()):
            if is_slow and not harness.LONG and place != index % len(PLACEMENTS):
                continue
            members = {"words": words, "version": version, "placement": placement,
                       "__module__": module["__name__"]}
            for one in SCENARIOS:
                if version in one.versions:
                    members[f"test_{one.__name__}"] = lambda self, one=one: self.play(one)
            title = f"{name}_{VERSION_NAMES[version]}_{placement_name}"
            module[title] = type(title, (Interop,), members)
