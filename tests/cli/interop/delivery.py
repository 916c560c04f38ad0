"""Messages from clients to clients that are there: QoS, retained, shared, large."""

from interop.suite import scenario


@scenario()
def every_qos_goes_both_ways(case):
    subscribers = []
    for granted in (0, 1, 2):
        subscriber = case.join(f"sub-{granted}")
        case.assertEqual(subscriber.subscribe("room/+", granted), granted)
        subscribers.append(subscriber)
    publisher = case.join("pub")
    for qos in (0, 1, 2):
        publisher.publish("room/temp", f"at {qos}", qos=qos)
    for granted, subscriber in enumerate(subscribers):
        # Order is owed per QoS, so what overtakes is sorted here.
        got = sorted(subscriber.receive_all(3), key=lambda message: message.text)
        for qos, message in enumerate(got):
            case.assertEqual(message.text, f"at {qos}")
            case.assertEqual(message.topic, "room/temp")
            case.assertEqual(message.qos, min(qos, granted), message)
            case.assertFalse(message.retain)


@scenario()
def many_messages_keep_their_order_at_every_qos(case):
    burst = 20  # of QoS 2, no more may be on their way, and one library does not count
    for qos in (0, 1, 2):
        subscriber = case.join(f"sub-{qos}")
        subscriber.subscribe(f"line/{qos}", qos)
        publisher = case.join(f"pub-{qos}")
        for number in range(2 * burst):
            publisher.tell("publish", topic=f"line/{qos}", payload=f"{number}".encode().hex(),
                           qos=qos, retain=False, properties={})
            if number % burst == burst - 1:
                for _ in range(burst):
                    publisher.wait_for("published")
        case.assertEqual(subscriber.texts(2 * burst), [str(number) for number in range(2 * burst)])


@scenario()
def a_retained_message_waits_for_subscribers_until_it_is_cleared(case):
    publisher = case.join("pub")
    live = case.join("live")
    live.subscribe("state/#", 1)
    publisher.publish("state/a", "old", qos=1, retain=True)
    publisher.publish("state/a", "new", qos=1, retain=True)
    case.assertEqual([(m.text, m.retain) for m in live.receive_all(2)],
                     [("old", False), ("new", False)])
    late = case.join("late")
    late.subscribe("state/#", 1)
    message = late.receive()
    case.assertEqual((message.text, message.retain, message.qos), ("new", True, 1))
    publisher.publish("state/a", b"", qos=1, retain=True)
    case.assertEqual(late.receive().payload, b"")
    later = case.join("later")
    later.subscribe("state/#", 1)
    case.assertNothingWaits(later, "state-is-empty")


@scenario()
def unsubscribing_ends_it(case):
    client = case.join("both")
    client.subscribe("here", 1)
    client.publish("here", "one", qos=1)
    case.assertEqual(client.receive().text, "one")
    client.unsubscribe("here")
    client.publish("here", "two", qos=1)
    case.assertNothingWaits(client, "elsewhere")


@scenario()
def the_members_of_a_shared_subscription_get_each_message_once(case):
    members = [case.join(f"member-{number}") for number in range(3)]
    for member in members:
        member.subscribe("$share/workers/job/+", 1)
    whole = case.join("whole")
    whole.subscribe("job/+", 1)
    publisher = case.join("pub")
    count = 30
    for number in range(count):
        publisher.publish(f"job/{number}", str(number), qos=1)
    case.assertEqual(whole.texts(count), [str(number) for number in range(count)])
    got = []
    for member in members:
        # Behind its share: this comes last.
        member.subscribe("end", 1)
        publisher.publish("end", "end", qos=1)
        share = []
        while not share or share[-1] != "end":
            share.append(member.receive().text)
        case.assertGreater(len(share), 1, "a member got nothing")
        got += share[:-1]
        member.unsubscribe("end")
    case.assertEqual(sorted(got, key=int), [str(number) for number in range(count)])


@scenario(config="max_packet_size 20000000")
def payloads_of_a_megabyte_and_of_sixteen_arrive_whole(case):
    subscriber = case.join("sub")
    subscriber.subscribe("large/+", 2)
    publisher = case.join("pub")
    for megabytes, qos in ((1, 0), (1, 1), (1, 2), (16, 1)):
        size = megabytes << 20
        payload = bytes(range(251)) * (size // 251 + 1)
        payload = payload[:size]
        publisher.publish(f"large/{qos}", payload, qos=qos)
        message = subscriber.receive()
        case.assertEqual(message.topic, f"large/{qos}")
        case.assertTrue(message.payload == payload, f"{megabytes} MB at QoS {qos} came changed")


@scenario()
def payloads_are_bytes_and_topics_are_utf8(case):
    client = case.join("both")
    client.subscribe("straße/+/☀", 1)
    client.publish("straße/größe/☀", bytes(range(256)), qos=1)
    message = client.receive()
    case.assertEqual(message.topic, "straße/größe/☀")
    case.assertEqual(message.payload, bytes(range(256)))
