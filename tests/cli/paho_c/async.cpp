// Paho C's MQTTAsync as a driver of tests/cli/interop.
#include <MQTTAsync.h>

#include <atomic>

#include "tests/cli/paho_c/lines.h"

namespace mqz::paho_c {
namespace {

class Driver {
 public:
  explicit Driver(std::string folder) : folder_(std::move(folder)) {}
  ~Driver() { MQTTAsync_destroy(&client_); }
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
    if (result != MQTTASYNC_SUCCESS) tell("failed", {{"what", what}, {"result", result}});
  }

  void connect(const Json& command) {
    version_ = command.at("version").get<int>();
    is_lost_ = false;
    const std::string address = "tcp://127.0.0.1:" + std::to_string(command.at("port").get<int>());
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
    create.MQTTVersion = version_;
    create.sendWhileDisconnected = 0;
    check(MQTTAsync_createWithOptions(&client_, address.c_str(),
                                      command.at("id").get<std::string>().c_str(),
                                      MQTTCLIENT_PERSISTENCE_NONE, nullptr, &create),
          "create");
    MQTTAsync_setCallbacks(client_, this, on_lost, on_message, nullptr);
    if (is_5()) MQTTAsync_setDisconnected(client_, this, on_disconnected);

    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    if (is_5()) options = MQTTAsync_connectOptions_initializer5;
    Properties properties(command.at("properties"));
    Properties will_properties(command.value("/will/properties"_json_pointer, Json::object()));
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
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
      if (is_5()) options.willProperties = will_properties.get();
    }
    options.MQTTVersion = version_;
    options.keepAliveInterval = command.at("keep_alive").get<int>();
    options.context = this;
    const int clean = command.at("clean").get<bool>() ? 1 : 0;
    if (is_5()) {
      options.cleanstart = clean;
      options.connectProperties = properties.get();
      options.onSuccess5 = [](void*, MQTTAsync_successData5* response) {
        tell("connected", {{"session_present", response->alt.connect.sessionPresent != 0},
                           {"properties", from_library(response->properties)}});
      };
      options.onFailure5 = [](void*, MQTTAsync_failureData5* response) {
        tell("refused", {{"code", static_cast<int>(response->reasonCode)}});
      };
    } else {
      options.cleansession = clean;
      options.onSuccess = [](void*, MQTTAsync_successData* response) {
        tell("connected", {{"session_present", response->alt.connect.sessionPresent != 0},
                           {"properties", Json::object()}});
      };
      options.onFailure = [](void*, MQTTAsync_failureData* response) {
        tell("refused", {{"code", response->code}});
      };
    }
    check(MQTTAsync_connect(client_, &options), "connect");
  }

  void subscribe(const Json& command) {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    Properties properties(command.contains("identifier")
                              ? Json{{"subscription_identifier", command["identifier"]}}
                              : Json::object());
    if (is_5()) {
      options.properties = *properties.get();
      options.subscribeOptions.noLocal = command.value("no_local", false) ? 1 : 0;
      options.subscribeOptions.retainAsPublished = command.value("retain_as_published", false);
      options.subscribeOptions.retainHandling =
          static_cast<unsigned char>(command.value("retain_handling", 0));
      options.onSuccess5 = [](void*, MQTTAsync_successData5* response) {
        tell("subscribed", {{"code", static_cast<int>(response->reasonCode)}});
      };
      options.onFailure5 = [](void*, MQTTAsync_failureData5* response) {
        tell("subscribed", {{"code", static_cast<int>(response->reasonCode)}});
      };
    } else {
      options.onSuccess = [](void*, MQTTAsync_successData* response) {
        tell("subscribed", {{"code", response->alt.qos}});
      };
      options.onFailure = [](void*, MQTTAsync_failureData* response) {
        tell("subscribed", {{"code", response->code}});
      };
    }
    check(MQTTAsync_subscribe(client_, command.at("filter").get<std::string>().c_str(),
                              command.at("qos").get<int>(), &options),
          "subscribe");
  }

  void unsubscribe(const Json& command) {
    MQTTAsync_responseOptions options = answer_options("unsubscribed");
    check(MQTTAsync_unsubscribe(client_, command.at("filter").get<std::string>().c_str(), &options),
          "unsubscribe");
  }

  void publish(const Json& command) {
    MQTTAsync_responseOptions options = answer_options("published");
    Properties properties(command.at("properties"));
    std::string payload = payload_of(command);
    MQTTAsync_message message = MQTTAsync_message_initializer;
    message.payload = payload.data();
    message.payloadlen = static_cast<int>(payload.size());
    message.qos = command.at("qos").get<int>();
    message.retained = command.at("retain").get<bool>() ? 1 : 0;
    if (is_5()) message.properties = *properties.get();
    check(MQTTAsync_sendMessage(client_, command.at("topic").get<std::string>().c_str(), &message,
                                &options),
          "publish");
  }

  void disconnect(const Json& command) {
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
    if (is_5()) options = MQTTAsync_disconnectOptions_initializer5;
    options.timeout = 1000;
    options.reasonCode = static_cast<MQTTReasonCodes>(command.at("code").get<int>());
    if (is_5()) {
      options.onSuccess5 = [](void*, MQTTAsync_successData5*) { tell("disconnected"); };
    } else {
      options.onSuccess = [](void*, MQTTAsync_successData*) { tell("disconnected"); };
    }
    check(MQTTAsync_disconnect(client_, &options), "disconnect");
  }

  void reset() {
    MQTTAsync_destroy(&client_);
    tell("ready");
  }

  // Answers with an event that has the name of the context.
  MQTTAsync_responseOptions answer_options(const char* event) const {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.context = const_cast<char*>(event);
    if (is_5()) {
      options.onSuccess5 = [](void* name, MQTTAsync_successData5*) {
        tell(static_cast<const char*>(name));
      };
      options.onFailure5 = [](void* name, MQTTAsync_failureData5* response) {
        tell(static_cast<const char*>(name), {{"code", static_cast<int>(response->reasonCode)}});
      };
    } else {
      options.onSuccess = [](void* name, MQTTAsync_successData*) {
        tell(static_cast<const char*>(name));
      };
      options.onFailure = [](void* name, MQTTAsync_failureData* response) {
        tell(static_cast<const char*>(name), {{"code", response->code}});
      };
    }
    return options;
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

  static int on_message(void* self, char* topic, int topic_length, MQTTAsync_message* message) {
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
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
  }

  std::string folder_;
  MQTTAsync client_ = nullptr;
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
