#include "tests/scenario/durable_sessions.h"

#include <set>
#include <utility>

namespace mqz::scenario {

Scenario with_durable_sessions(Scenario scenario) {
  std::set<std::string> known;
  for (Step& step : scenario.steps) {
    if (step.kind != StepKind::send || step.packet.name != "CONNECT") continue;
    PacketText& connect = step.packet;
    const Field* id = connect.find("id");
    const std::string client_id = id != nullptr ? id->value : step.words[0];
    if (client_id.empty()) continue;
    // Before version 5 a clean session cannot be durable; and there is none yet.
    if (known.insert(client_id).second)
      std::erase_if(connect.fields, [](const Field& field) { return field.name == "clean"; });
    if (!connect.has("durable") && !connect.has("expiry") &&
        !connect.has("prop.session-expiry-interval"))
      connect.fields.push_back({.name = "durable", .value = "1"});
  }
  return scenario;
}

}  // namespace mqz::scenario
