"""What only version 5 has: properties, aliases, expiry, delays, options of subscriptions."""

import time

from interop.suite import scenario

V5 = (5,)


@scenario(V5)
def properties_travel_with_the_message(case):
    subscriber = case.join("sub")
    subscriber.subscribe("request", 2)
    publisher = case.join("pub")
    sent = {
        "payload_format_indicator": 1,
        "content_type": "text/plain; charset=utf-8",
        "response_topic": "answer/here",
        "correlation_data": bytes([0, 255, 7, 0]).hex(),
        # One library sorts by name, so equal names stand together.
        "user_property": [["zeta", "1"], ["zeta", "2"], ["alpha", "3"], ["", ""]],
    }
    for qos in (0, 1, 2):
        publisher.publish("request", "what?", qos=qos, **sent)
        case.assertEqual(subscriber.receive().properties, sent)


@scenario(V5)
def a_subscription_identifier_comes_with_what_it_matched(case):
    client = case.join("both")
    client.subscribe("a/+", 1, identifier=7)
    client.subscribe("a/b", 1, identifier=268_435_455)
    client.subscribe("c", 1)
    client.publish("a/b", "both", qos=1)
    client.publish("a/x", "one", qos=1)
    client.publish("c", "none", qos=1)
    got = {}
    for message in client.receive_all(3):
        got[message.text] = sorted(message.properties.get("subscription_identifier", []))
    case.assertEqual(got, {"both": [7, 268_435_455], "one": [7], "none": []})


@scenario(V5)
def a_clients_topic_aliases_are_resolved(case):
    subscriber = case.join("sub")
    subscriber.subscribe("a/#", 1)
    publisher = case.join("pub")
    publisher.publish("a/first", "1", qos=1, topic_alias=1)
    publisher.publish("a/second", "2", qos=1, topic_alias=2)
    publisher.publish("", "3", qos=1, topic_alias=1)
    publisher.publish("", "4", qos=0, topic_alias=2)
    publisher.publish("a/third", "5", qos=1, topic_alias=1)
    publisher.publish("", "6", qos=1, topic_alias=1)
    got = sorted((message.text, message.topic) for message in subscriber.receive_all(6))
    case.assertEqual(got, [("1", "a/first"), ("2", "a/second"), ("3", "a/first"),
                           ("4", "a/second"), ("5", "a/third"), ("6", "a/third")])


@scenario(V5)
def the_brokers_topic_aliases_are_understood(case):
    subscriber = case.join("sub", topic_alias_maximum=2)
    subscriber.subscribe("a/#", 1)
    publisher = case.join("pub")
    topics = [f"a/{number % 3}" for number in range(12)]
    for topic in topics:
        publisher.publish(topic, topic, qos=1)
    names = {}
    for message in subscriber.receive_all(len(topics)):
        # A library that does not resolve aliases gives the empty topic and the property.
        alias = message.properties.get("topic_alias")
        if alias and message.topic:
            names[alias] = message.topic
        case.assertEqual(message.topic or names[alias], message.text)


@scenario(V5)
def a_message_expires_while_its_receiver_is_away(case):
    client = case.client()
    case.connect_durably(client, "durable")
    client.subscribe("news", 1)
    client.disconnect()
    publisher = case.join("pub")
    publisher.publish("news", "short", qos=1, message_expiry_interval=1)
    publisher.publish("news", "long", qos=1, message_expiry_interval=100)
    publisher.publish("kept", "short", qos=1, retain=True, message_expiry_interval=1)
    time.sleep(1.2)  # the broker's clock is this one
    client.reset()
    case.connect_durably(client, "durable")
    message = client.receive()
    case.assertEqual(message.text, "long")
    case.assertLess(message.properties["message_expiry_interval"], 100)
    client.subscribe("kept", 1)
    case.assertNothingWaits(client, "nothing")


@scenario(V5)
def a_session_expires(case):
    client = case.client()
    case.connect(client, "short", clean=False, session_expiry_interval=1)
    client.subscribe("news", 1)
    client.disconnect()
    client.reset()
    case.assertResumes(case.connect(client, "short", clean=False, session_expiry_interval=1))
    client.disconnect()
    time.sleep(1.2)  # the broker's clock is this one
    client.reset()
    again = case.connect(client, "short", clean=False, session_expiry_interval=1)
    case.assertFalse(again["session_present"])
    case.join("pub").publish("news", "nobody subscribed", qos=1)
    case.assertNothingWaits(client, "nothing")


@scenario(V5)
def a_will_waits_for_its_delay_and_not_at_all_when_the_client_returns(case):
    watcher = case.join("watcher")
    watcher.subscribe("gone/#", 1)
    will = case.will("gone/back", "never", will_delay_interval=1)
    client = case.client()
    case.connect_durably(client, "back", will=will)
    client.kill()
    client = case.client()
    case.connect_durably(client, "back")
    other = case.client()
    sent = {"content_type": "text/plain", "user_property": [["why", "killed"]]}
    case.connect_durably(
        other, "away", will=case.will("gone/away", "late", will_delay_interval=1, **sent))
    begin = time.monotonic()
    other.kill()
    message = watcher.receive()
    case.assertGreater(time.monotonic() - begin, 0.9)
    case.assertEqual((message.topic, message.text), ("gone/away", "late"))
    case.assertEqual(message.properties, sent)
    case.assertNothingWaits(watcher, "nothing")


@scenario(V5)
def a_disconnect_may_ask_for_the_will(case):
    watcher = case.join("watcher")
    watcher.subscribe("gone", 1)
    client = case.join("leaving", will=case.will("gone", "as asked"))
    client.disconnect(code=4)
    case.assertEqual(watcher.receive().text, "as asked")


@scenario(V5)
def options_of_subscriptions_hold(case):
    client = case.join("both")
    other = case.join("other")
    client.subscribe("local", 1, no_local=True)
    client.publish("local", "mine", qos=1)
    other.publish("local", "theirs", qos=1)
    case.assertEqual(client.receive().text, "theirs")
    other.publish("kept", "retained", qos=1, retain=True)
    client.subscribe("kept", 1, retain_handling=2)
    client.subscribe("kept", 1, retain_handling=1, retain_as_published=True)  # not a new one
    other.publish("kept", "newer", qos=1, retain=True)
    message = client.receive()
    case.assertEqual((message.text, message.retain), ("newer", True))
    client.unsubscribe("kept")
    client.subscribe("kept", 1, retain_handling=1)
    case.assertEqual(client.receive().text, "newer")


@scenario(V5)
def the_receive_maximum_of_a_client_holds_messages_back(case):
    client = case.client()
    case.connect_durably(client, "small", receive_maximum=1)
    client.subscribe("line", 2)
    publisher = case.join("pub")
    for number in range(20):
        publisher.publish("line", str(number), qos=2)
    case.assertEqual(client.texts(20), [str(number) for number in range(20)])


@scenario(V5)
def a_client_without_an_id_is_given_one(case):
    client = case.client()
    event = case.connect(client, "")
    case.assertTrue(event["properties"].get("assigned_client_identifier"), event)
