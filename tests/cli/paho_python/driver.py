"""Paho Python as a driver of tests/cli/interop."""

import json
import os
import select
import sys
import tempfile

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

FOLDER = sys.argv[1]
PROPERTIES = ("session_expiry_interval receive_maximum topic_alias_maximum will_delay_interval "
              "payload_format_indicator message_expiry_interval content_type response_topic "
              "correlation_data user_property subscription_identifier topic_alias "
              "assigned_client_identifier").split()


def tell(event, **fields):
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


def library_name(name):
    return "".join(part.capitalize() for part in name.split("_"))


def to_library(packet_type, properties):
    made = Properties(packet_type)
    for name, value in properties.items():
        if name == "correlation_data":
            value = bytes.fromhex(value)
        if name == "user_property":
            value = [tuple(pair) for pair in value]
        setattr(made, library_name(name), value)
    return made


def from_library(properties):
    told = {}
    for name in PROPERTIES:
        value = getattr(properties, library_name(name), None)
        if value is None:
            continue
        if name == "correlation_data":
            value = value.hex()
        if name == "subscription_identifier" and not isinstance(value, list):
            value = [value]
        told[name] = value
    return told


def payload_of(fields):
    if "file" in fields:
        with open(fields["file"], "rb") as file:
            return file.read()
    return bytes.fromhex(fields["payload"])


class Driver:
    def __init__(self):
        self.client = None
        self.version = 0
        self.is_leaving = False

    def socket(self):
        return self.client.socket() if self.client else None

    def properties(self, packet_type, properties):
        return to_library(packet_type, properties) if self.version == 5 else None

    def connect(self, fields):
        self.version = fields["version"]
        options = {} if self.version == 5 else {"clean_session": fields["clean"]}
        self.client = mqtt.Client(fields["id"], protocol=self.version, **options)
        self.client.on_connect = self.on_connect
        self.client.on_message = self.on_message
        self.client.on_disconnect = self.on_disconnect
        self.client.on_publish = lambda *_: tell("published")
        self.client.on_subscribe = self.on_subscribe
        self.client.on_unsubscribe = lambda *_: tell("unsubscribed")
        self.is_leaving = False
        if "will" in fields:
            will = fields["will"]
            self.client.will_set(will["topic"], payload_of(will), will["qos"], will["retain"],
                                 self.properties(PacketTypes.WILLMESSAGE, will["properties"]))
        if self.version == 5:
            options = {"clean_start": fields["clean"],
                       "properties": to_library(PacketTypes.CONNECT, fields["properties"])}
        else:
            options = {}
        self.client.connect("127.0.0.1", fields["port"], fields["keep_alive"], **options)

    def subscribe(self, fields):
        if self.version != 5:
            self.client.subscribe(fields["filter"], fields["qos"])
            return
        options = SubscribeOptions(fields["qos"], fields.get("no_local", False),
                                   fields.get("retain_as_published", False),
                                   fields.get("retain_handling", 0))
        properties = Properties(PacketTypes.SUBSCRIBE)
        if "identifier" in fields:
            properties.SubscriptionIdentifier = fields["identifier"]
        self.client.subscribe(fields["filter"], options=options, properties=properties)

    def unsubscribe(self, fields):
        self.client.unsubscribe(fields["filter"])

    def publish(self, fields):
        self.client.publish(fields["topic"], payload_of(fields), fields["qos"], fields["retain"],
                            self.properties(PacketTypes.PUBLISH, fields["properties"]))

    def disconnect(self, fields):
        self.is_leaving = True
        if self.version == 5:
            self.client.disconnect(
                reasoncode=mqtt.ReasonCodes(PacketTypes.DISCONNECT, identifier=fields["code"]))
        else:
            self.client.disconnect()

    def reset(self, _):
        if self.client:
            self.client.on_disconnect = None
            if self.client.socket():
                self.client.socket().close()
            self.client = None
        tell("ready")

    def on_connect(self, _client, _user, flags, code, properties=None):
        if code != 0:
            tell("refused", code=getattr(code, "value", code))
            return
        told = from_library(properties) if properties else {}
        tell("connected", session_present=bool(flags["session present"]), properties=told)

    def on_subscribe(self, _client, _user, _id, codes, _properties=None):
        tell("subscribed", code=getattr(codes[0], "value", codes[0]))

    def on_disconnect(self, _client, _user, code, _properties=None):
        if self.is_leaving:
            tell("disconnected")
        else:
            tell("lost", code=code.value if hasattr(code, "value") else None)

    def on_message(self, _client, _user, message):
        fields = {"topic": message.topic, "qos": message.qos, "retain": bool(message.retain),
                  "dup": bool(message.dup)}
        if self.version == 5:
            fields["properties"] = from_library(message.properties)
        if len(message.payload) <= 4096:
            fields["payload"] = message.payload.hex()
        else:
            with tempfile.NamedTemporaryFile(dir=FOLDER, delete=False) as file:
                file.write(message.payload)
            fields["file"] = file.name
        tell("message", **fields)

    def turn(self, readable):
        if self.socket() in readable:
            self.client.loop_read()
        if self.client and self.client.want_write():
            self.client.loop_write()
        if self.client:
            self.client.loop_misc()


def main():
    driver = Driver()
    unread = b""
    tell("ready")
    while True:
        socket = driver.socket()
        wanted = [sys.stdin] + ([socket] if socket else [])
        writers = [socket] if socket and driver.client.want_write() else []
        readable, _, _ = select.select(wanted, writers, [], 0.1)
        if sys.stdin in readable:
            some = os.read(sys.stdin.fileno(), 65536)
            if not some:
                return
            *lines, unread = (unread + some).split(b"\n")
            for line in lines:
                fields = json.loads(line)
                getattr(driver, fields["do"])(fields)
        driver.turn(readable)


main()
