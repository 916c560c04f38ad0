// Passes everything to another broker, except that what clients send arrives byte by byte: a stream
// means the same however it is cut.
#pragma once

#include "tests/scenario/run.h"

namespace mqz::scenario {

class Bytewise final : public BrokerUnderTest {
 public:
  explicit Bytewise(BrokerUnderTest& broker) : broker_(broker) {}

  bool configure(const std::string& word, const std::string& value) override {
    return broker_.configure(word, value);
  }
  void connect(const std::string& name) override { broker_.connect(name); }
  void send(const std::string& name, Bytes bytes) override {
    for (std::size_t i = 0; i < bytes.size() && !broker_.is_closed(name); ++i) {
      broker_.send(name, bytes.subspan(i, 1));
    }
  }
  std::string take_output(const std::string& name) override { return broker_.take_output(name); }
  bool is_closed(const std::string& name) override { return broker_.is_closed(name); }
  void drop(const std::string& name) override { broker_.drop(name); }
  void advance(Millis time) override { broker_.advance(time); }
  void step_clock(Millis by) override { broker_.step_clock(by); }
  void hold_publishers(bool hold) override { broker_.hold_publishers(hold); }
  void fill_disk(bool full) override { broker_.fill_disk(full); }
  void restart() override { broker_.restart(); }
  void stop() override { broker_.stop(); }

 private:
  BrokerUnderTest& broker_;
};

}  // namespace mqz::scenario
