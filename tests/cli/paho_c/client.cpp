// Paho C's MQTTClient, which waits for each answer, as a driver of tests/cli/interop.
#include <MQTTClient.h>

#include <atomic>

#include "tests/cli/paho_c/lines.h"

namespace mqz::paho_c {
namespace {

class Driver {
 public:
  explicit Driver(std::string folder) : folder_(std::move(folder)) {}
  ~Driver() { MQTTClient_destroy(&client_); }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  void run(const Json& command) {
    const auto what = command.at("do").get<std::string>();
    if (what == "connect") return connect(command);
    if (what == "subscribe") return subscribe(command);
    if (what == "unsubscribe") return unsubscribe(command);
    if (what == "publish") return publish(command);
    if (what == "disconnect") return disconnect(command);
    if (what == "reset") return reset();
    tell("failed", {{"what", what}});
  }

 private:
  bool is_5() const { return version_ == version_5; }

  void check(int result, const char* what) {
    if (result != MQTTCLIENT_SUCCESS) tell("failed", {{"what", what}, {"result", result}});
  }

  void connect(const Json& command) {
    version_ = command.at("version").get<int>();
    is_lost_ = false;
    const std::string address = "tcp://127.0.0.1:" + std::to_string(command.at("port").get<int>());
    MQTTClient_createOptions create = MQTTClient_createOptions_initializer;
    create.MQTTVersion = version_;
    check(MQTTClient_createWithOptions(&client_, address.c_str(),
                                       command.at("id").get<std::string>().c_str(),
                                       MQTTCLIENT_PERSISTENCE_NONE, nullptr, &create),
          "create");
    MQTTClient_setCallbacks(client_, this, on_lost, on_message, on_delivered);
    if (is_5()) MQTTClient_setDisconnected(client_, this, on_disconnected);

    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    if (is_5()) options = MQTTClient_connectOptions_initializer5;
    Properties properties(command.at("properties"));
    Properties will_properties(command.value("/will/properties"_json_pointer, Json::object()));
    MQTTClient_willOptions will = MQTTClient_willOptions_initializer;
    std::string will_topic;
    std::string will_payload;
    if (command.contains("will")) {
      const Json& wanted = command.at("will");
      will_topic = wanted.at("topic").get<std::string>();
      will_payload = payload_of(wanted);
      will.topicName = will_topic.c_str();
      will.payload.data = will_payload.data();
      will.payload.len = static_cast<int>(will_payload.size());
      will.qos = wanted.at("qos").get<int>();
      will.retained = wanted.at("retain").get<bool>() ? 1 : 0;
      options.will = &will;
    }
    options.MQTTVersion = version_;
    options.keepAliveInterval = command.at("keep_alive").get<int>();
    const int clean = command.at("clean").get<bool>() ? 1 : 0;
    if (!is_5()) {
      options.cleansession = clean;
      const int result = MQTTClient_connect(client_, &options);
      return tell_connected(result, options.returned.sessionPresent != 0, Json::object());
    }
    options.cleanstart = clean;
    MQTTResponse response =
        MQTTClient_connect5(client_, &options, properties.get(), will_properties.get());
    // The library reads Session Present of 3.1.1 only.
    tell_connected(
        static_cast<int>(response.reasonCode), nullptr,
        response.properties != nullptr ? from_library(*response.properties) : Json::object());
    MQTTResponse_free(response);
  }

  void tell_connected(int code, Json session_present, Json properties) {
    if (code != 0) return tell("refused", {{"code", code}});
    tell("connected",
         {{"session_present", std::move(session_present)}, {"properties", std::move(properties)}});
  }

  void subscribe(const Json& command) {
    const auto filter = command.at("filter").get<std::string>();
    const int qos = command.at("qos").get<int>();
    if (!is_5()) {
      const int result = MQTTClient_subscribe(client_, filter.c_str(), qos);
      return tell("subscribed", {{"code", result == MQTTCLIENT_SUCCESS ? qos : result}});
    }
    Properties properties(command.contains("identifier")
                              ? Json{{"subscription_identifier", command["identifier"]}}
                              : Json::object());
    MQTTSubscribe_options options = MQTTSubscribe_options_initializer;
    options.noLocal = command.value("no_local", false) ? 1 : 0;
    options.retainAsPublished = command.value("retain_as_published", false) ? 1 : 0;
    options.retainHandling = static_cast<unsigned char>(command.value("retain_handling", 0));
    MQTTResponse response =
        MQTTClient_subscribe5(client_, filter.c_str(), qos, &options, properties.get());
    tell("subscribed", {{"code", static_cast<int>(response.reasonCode)}});
    MQTTResponse_free(response);
  }

  void unsubscribe(const Json& command) {
    const auto filter = command.at("filter").get<std::string>();
    if (is_5()) {
      MQTTResponse_free(MQTTClient_unsubscribe5(client_, filter.c_str(), nullptr));
    } else {
      check(MQTTClient_unsubscribe(client_, filter.c_str()), "unsubscribe");
    }
    tell("unsubscribed");
  }

  void publish(const Json& command) {
    Properties properties(command.at("properties"));
    std::string payload = payload_of(command);
    const auto topic = command.at("topic").get<std::string>();
    MQTTClient_message message = MQTTClient_message_initializer;
    message.payload = payload.data();
    message.payloadlen = static_cast<int>(payload.size());
    message.qos = command.at("qos").get<int>();
    message.retained = command.at("retain").get<bool>() ? 1 : 0;
    MQTTClient_deliveryToken token = 0;
    if (is_5()) {
      message.properties = *properties.get();
      MQTTResponse response = MQTTClient_publishMessage5(client_, topic.c_str(), &message, &token);
      check(static_cast<int>(response.reasonCode), "publish");
      MQTTResponse_free(response);
    } else {
      check(MQTTClient_publishMessage(client_, topic.c_str(), &message, &token), "publish");
    }
    if (message.qos == 0) tell("published");
  }

  void disconnect(const Json& command) {
    if (is_5()) {
      const auto code = static_cast<MQTTReasonCodes>(command.at("code").get<int>());
      MQTTClient_disconnect5(client_, 1000, code, nullptr);
    } else {
      MQTTClient_disconnect(client_, 1000);
    }
    tell("disconnected");
  }

  void reset() {
    MQTTClient_destroy(&client_);
    tell("ready");
  }

  // One end of a connection may be told in two ways.
  void lost(Json code) {
    if (is_lost_.exchange(true)) return;
    tell("lost", {{"code", std::move(code)}});
  }
  static void on_lost(void* self, char*) { static_cast<Driver*>(self)->lost(nullptr); }
  static void on_disconnected(void* self, MQTTProperties*, MQTTReasonCodes code) {
    static_cast<Driver*>(self)->lost(static_cast<int>(code));
  }

  // Waiting for a token instead sleeps in steps of 100 ms.
  static void on_delivered(void*, MQTTClient_deliveryToken) { tell("published"); }

  static int on_message(void* self, char* topic, int topic_length, MQTTClient_message* message) {
    auto& driver = *static_cast<Driver*>(self);
    const Arrived arrived{.topic = topic_length > 0
                                       ? std::string(topic, static_cast<std::size_t>(topic_length))
                                       : std::string(topic),
                          .payload = static_cast<const char*>(message->payload),
                          .payload_bytes = static_cast<std::size_t>(message->payloadlen),
                          .qos = message->qos,
                          .retain = message->retained != 0,
                          .dup = message->dup != 0};
    tell_message(driver.folder_, arrived, driver.is_5() ? &message->properties : nullptr);
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
    return 1;
  }

  std::string folder_;
  MQTTClient client_ = nullptr;
  int version_ = 0;
  std::atomic<bool> is_lost_ = false;
};

}  // namespace
}  // namespace mqz::paho_c

int main(int count, char** words) {
  if (count != 2) return 2;
  mqz::paho_c::Driver driver(words[1]);
  mqz::paho_c::tell("ready");
  while (const auto command = mqz::paho_c::next_command()) driver.run(*command);
}
