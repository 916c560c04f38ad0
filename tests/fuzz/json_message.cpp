// Input: a line for `mqz pub --json`. What is taken can be written and is then read back the same.
#include <string>

#include "commands/message_json.h"
#include "lib/mqtt/topic.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mqz;
  const auto read = commands::read_json_message(fuzz::text_of(data, size));
  if (!read) {
    MQZ_CHECK(!read.error().empty());
    return 0;
  }
  const std::string topic = read->topic.value_or("t");
  MQZ_CHECK(mqtt::is_valid_topic(topic));
  const mqtt::Publish message{.qos = read->qos.value_or(mqtt::Qos::at_most_once),
                              .retain = read->retain.value_or(false),
                              .topic = topic,
                              .properties = read->properties.view(),
                              .payload = as_bytes(read->payload)};
  std::string line;
  MQZ_CHECK(commands::append_json(line, {message, {}}, commands::JsonForm::full, size % 2 == 0));
  const auto again = commands::read_json_message(line);
  MQZ_CHECK(again && again->topic == topic && again->payload == read->payload);
  MQZ_CHECK(again->qos == message.qos && again->retain == message.retain);
  MQZ_CHECK(again->properties.view().bytes().size() == message.properties.bytes().size());
  return 0;
}
