// What must hold of every history, one checker for each promise. A checker returns complaints, one
// per line; nothing when the promise was kept. Sessions that have ended are owed nothing more, but
// what they got must have been right.
#pragma once

#include <string>

#include "tests/simulation/history.h"

namespace mqz::simulation {

// Nothing comes that was not subscribed, at a higher QoS than it was sent with, or with the
// identifier of another subscription.
std::string check_subscribed(const History& history);

// A message that its publisher knows to have arrived comes to everyone who was subscribed before it
// was sent and stays: always at QoS 1 and 2, at QoS 0 as long as the connection lasts.
std::string check_nothing_lost(const History& history);

// QoS 2 comes once. At QoS 0 and 1 more than the publisher sent comes only as a repetition.
std::string check_nothing_doubled(const History& history);

// What one publisher sends to one topic at one QoS comes in that order and without gaps, as far as
// order is owed.
std::string check_order(const History& history);

// A message comes to one member of a shared group; QoS 1 and 2 surely to one that stays.
std::string check_shared(const History& history);

// Each retained topic has one writer. `probe` is a session that subscribed to all of them at the
// end: it got the last value, everyone who subscribed ends with it, and nobody gets an older one
// after a newer one.
std::string check_retained(const History& history, std::size_t probe);

std::string check_all(const History& history, std::size_t probe);

}  // namespace mqz::simulation
