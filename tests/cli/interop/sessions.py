"""What outlives a connection, and what its end means: sessions, wills, takeover, keep-alive."""

import time

from interop.suite import scenario


@scenario()
def what_came_while_a_client_was_away_follows_in_order(case):
    client = case.client()
    case.assertFalse(case.connect_durably(client, "durable")["session_present"])
    client.subscribe("news/+", 2)
    client.disconnect()
    publisher = case.join("pub")
    publisher.publish("news/0", "not kept", qos=0)
    for number in range(20):
        publisher.publish(f"news/{number % 3}", str(number), qos=1 + number % 2)
    client.reset()
    case.assertResumes(case.connect_durably(client, "durable"))
    got = client.receive_all(20)
    # Order is owed per QoS.
    for qos in (1, 2):
        case.assertEqual([m.text for m in got if m.qos == qos],
                         [str(number) for number in range(20) if 1 + number % 2 == qos])
    case.assertNothingWaits(client, "nothing-more")


@scenario()
def a_killed_clients_session_goes_on_in_its_next_process(case):
    client = case.client()
    case.connect_durably(client, "durable")
    client.subscribe("news", 1)
    client.kill()
    publisher = case.join("pub")
    publisher.publish("news", "one", qos=1)
    publisher.publish("news", "two", qos=2)
    again = case.client()
    case.assertResumes(case.connect_durably(again, "durable"))
    case.assertEqual([(m.text, m.qos) for m in again.receive_all(2)], [("one", 1), ("two", 1)])


@scenario()
def a_clean_start_forgets_the_session(case):
    client = case.client()
    case.connect_durably(client, "durable")
    client.subscribe("news", 1)
    client.disconnect()
    case.join("pub").publish("news", "kept", qos=1)
    client.reset()
    case.assertFalse(case.connect(client, "durable", clean=True)["session_present"])
    case.assertNothingWaits(client, "nothing")
    client.disconnect()
    client.reset()
    case.assertFalse(case.connect_durably(client, "durable")["session_present"])


@scenario()
def a_will_is_published_when_its_client_is_killed(case):
    watcher = case.join("watcher")
    watcher.subscribe("gone/#", 2)
    for qos in (0, 1, 2):
        client = case.join(f"mortal-{qos}", will=case.will(f"gone/{qos}", "farewell", qos=qos))
        client.kill()
        message = watcher.receive()
        case.assertEqual((message.topic, message.text, message.qos),
                         (f"gone/{qos}", "farewell", qos))
    retained = case.join("retained", will=case.will("gone/kept", "kept", retain=True))
    retained.kill()
    case.assertEqual(watcher.receive().text, "kept")
    late = case.join("late")
    late.subscribe("gone/kept", 1)
    message = late.receive()
    case.assertEqual((message.text, message.retain), ("kept", True))


@scenario()
def a_will_is_not_published_after_a_disconnect(case):
    watcher = case.join("watcher")
    watcher.subscribe("gone/#", 1)
    client = case.join("polite", will=case.will("gone/polite", "farewell"))
    client.disconnect()
    case.assertNothingWaits(watcher, "nothing")


@scenario()
def a_second_client_takes_the_id_over(case):
    first = case.join("same", will=case.will("gone", "taken over"))
    watcher = case.join("watcher")
    watcher.subscribe("gone", 1)
    second = case.join("same")
    lost = first.wait_for("lost")
    if case.is_v5:
        case.assertIn(lost.get("code"), (0x8E, None))
    case.assertEqual(watcher.receive().text, "taken over")
    second.subscribe("alive", 1)
    second.publish("alive", "yes", qos=1)
    case.assertEqual(second.receive().text, "yes")


@scenario()
def a_session_is_taken_over_with_its_subscriptions(case):
    first = case.client()
    case.connect_durably(first, "same")
    first.subscribe("news", 1)
    second = case.client()
    case.assertResumes(case.connect_durably(second, "same"))
    first.wait_for("lost")
    case.join("pub").publish("news", "to the second", qos=1)
    case.assertEqual(second.receive().text, "to the second")


@scenario()
def a_frozen_client_is_missed_after_its_keep_alive_and_a_quiet_one_is_not(case):
    watcher = case.join("watcher")
    watcher.subscribe("gone/+", 1)
    quiet = case.join("quiet", keep_alive=1, will=case.will("gone/quiet", "missed"))
    frozen = case.join("frozen", keep_alive=1, will=case.will("gone/frozen", "missed"))
    begin = time.monotonic()
    frozen.freeze()
    case.assertEqual(watcher.receive().topic, "gone/frozen")
    case.assertGreater(time.monotonic() - begin, 0.4)  # its last packet may be a second old
    # By now the quiet one has lived by its pings for longer than its keep-alive.
    quiet.publish("gone/nobody", "still here", qos=1)
    case.assertEqual(watcher.receive().topic, "gone/nobody")
