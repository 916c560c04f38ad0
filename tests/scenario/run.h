// Plays a scenario against a broker. The broker side of the fake world is BrokerUnderTest; whoever
// owns the shards implements it.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "tests/scenario/transcript.h"

namespace mqz::scenario {

// A broker on a fake network and a fake clock. Connections are known by the transcript's names; a
// name is connected again only after its connection was closed or dropped. Everything happens
// inside these calls: take_output, is_closed and advance leave nothing undone that is due at the
// present time, in any shard and in the sequencer.
class BrokerUnderTest {
 public:
  virtual ~BrokerUnderTest() = default;

  // A setting as in a configuration file, before the first connect. False: the broker has no such
  // word.
  virtual bool configure(const std::string& word, const std::string& value) = 0;
  virtual void connect(const std::string& name) = 0;
  virtual void send(const std::string& name, Bytes bytes) = 0;
  // What the broker wrote to the connection since the last call; also after it closed it.
  virtual std::string take_output(const std::string& name) = 0;
  // Has the broker closed the connection?
  virtual bool is_closed(const std::string& name) = 0;
  // The client's side of the connection is gone, without a word.
  virtual void drop(const std::string& name) = 0;
  // Moves both clocks; timers on the way fire in order, each at its own time.
  virtual void advance(Millis time) = 0;
  // Somebody sets the system's wall clock, forwards or backwards.
  virtual void step_clock(Millis by) = 0;
  // The broker has no memory left for messages of clients, or has again.
  virtual void hold_publishers(bool hold) = 0;
  // The journal's disk has no room left, or has again.
  virtual void fill_disk(bool full) = 0;
  // What kill -9 and a new start do: every connection is lost, only what was committed is there.
  virtual void restart() = 0;
  // What SIGTERM does.
  virtual void stop() = 0;
};

enum class Outcome : unsigned char {
  passed,
  failed,
  interrupted,       // by what is called between steps
  not_configurable,  // the broker lacks a word that the scenario configures
};

struct Played {
  Outcome outcome = Outcome::passed;
  std::string text{};  // when not passed: the line, what was expected, what came instead
};

// Called before each step, with its index, and at the end; when it says something, that is all.
using BetweenSteps = std::function<std::optional<std::string>(std::size_t step)>;

// Plays it for one of its versions, against a fresh broker.
Played play(const Scenario& scenario, std::string_view version, BrokerUnderTest& broker,
            const BetweenSteps& between = {});

}  // namespace mqz::scenario
