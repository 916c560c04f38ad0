#include "lib/backend/mqtt/paho_link.h"

#include <MQTTAsync.h>

#include <deque>
#include <mutex>
#include <string_view>

#include "lib/backend/mqtt/paho_properties.h"
#include "lib/mqtt/packets.h"

namespace mqz::backend {
namespace {

using Kind = PahoEvent::Kind;
using mqtt::Reason;

// How long Paho waits for what is under way before it disconnects; nothing is, when it is asked.
constexpr int disconnect_patience_ms = 1000;
// Paho looks after its time-outs every three seconds only; ours ends an attempt sooner.
constexpr int connect_timeout_s = 600;
// Of commands that wait inside Paho: more than its user ever has under way.
constexpr int buffered_max = 100'000;

int to_paho(mqtt::Version version) {
  switch (version) {
    case mqtt::Version::v31: return MQTTVERSION_3_1;
    case mqtt::Version::v311: return MQTTVERSION_3_1_1;
    case mqtt::Version::v5: return MQTTVERSION_5;
  }
  return MQTTVERSION_DEFAULT;
}

char to_byte(int reason) { return static_cast<char>(static_cast<unsigned char>(reason)); }

// With its last client Paho ends its threads, and waits a second for that. One more client, which
// never connects, keeps them until the process ends.
void keep_paho_running() {
  static MQTTAsync idle = [] {
    MQTTAsync made = nullptr;
    MQTTAsync_create(&made, "tcp://localhost:1883", "idle", MQTTCLIENT_PERSISTENCE_NONE, nullptr);
    return made;
  }();
  static_cast<void>(idle);
}

// Paho wants texts that end with NUL, one after another.
struct Filters {
  std::deque<std::string> texts{};
  std::vector<char*> pointers{};
  void add(std::string_view filter) { pointers.push_back(texts.emplace_back(filter).data()); }
  int count() const { return static_cast<int>(pointers.size()); }
};

Result<void> check(int code, std::string_view what) {
  if (code == MQTTASYNC_SUCCESS) return {};
  const char* text = MQTTAsync_strerror(code);
  const bool is_gone = code == MQTTASYNC_DISCONNECTED;
  return fail(
      is_gone ? ErrorCode::unavailable : ErrorCode::refused,
      "cannot " + std::string(what) + ": " + (text == nullptr ? std::to_string(code) : text));
}

}  // namespace

struct PahoLink::Paho {
  // What one call is about; Paho gives it back to exactly one of the call's two callbacks.
  struct Ticket {
    Paho* paho = nullptr;
    std::uint64_t number = 0;
    mqtt::Qos qos{};
  };

  Paho(PahoMailbox& to, std::uint32_t link_id) : mailbox(to), id(link_id) {}

  PahoMailbox& mailbox;
  std::uint32_t id;
  bool is_5 = false;
  MQTTAsync handle = nullptr;
  std::mutex lock{};
  std::deque<Ticket> tickets{};
  std::vector<Ticket*> free_tickets{};

  Ticket* take_ticket(std::uint64_t number, mqtt::Qos qos = {}) {
    const std::lock_guard hold(lock);
    if (free_tickets.empty()) free_tickets.push_back(&tickets.emplace_back());
    Ticket* ticket = free_tickets.back();
    free_tickets.pop_back();
    *ticket = {this, number, qos};
    return ticket;
  }
  static Ticket redeem(void* context) {
    auto* const ticket = static_cast<Ticket*>(context);
    const Ticket copy = *ticket;
    const std::lock_guard hold(copy.paho->lock);
    copy.paho->free_tickets.push_back(ticket);
    return copy;
  }
  PahoEvent event(Kind kind, std::uint64_t number = 0) const {
    PahoEvent made;
    made.kind = kind;
    made.link = id;
    made.number = number;
    return made;
  }

  static void on_connected(void* context, MQTTAsync_successData* answer) {
    const auto& paho = *static_cast<Paho*>(context);
    PahoEvent event = paho.event(Kind::connected);
    event.session_present = answer->alt.connect.sessionPresent != 0;
    paho.mailbox.post(std::move(event));
  }
  static void on_connected_5(void* context, MQTTAsync_successData5* answer) {
    const auto& paho = *static_cast<Paho*>(context);
    PahoEvent event = paho.event(Kind::connected);
    event.session_present = answer->alt.connect.sessionPresent != 0;
    event.properties = from_paho(answer->properties);
    paho.mailbox.post(std::move(event));
  }
  void post_failed(int code, const char* why) const {
    PahoEvent failed = event(Kind::failed);
    failed.code = code;
    if (why != nullptr) failed.text = why;
    mailbox.post(std::move(failed));
  }
  static void on_failed(void* context, MQTTAsync_failureData* answer) {
    static_cast<Paho*>(context)->post_failed(answer->code, answer->message);
  }
  static void on_failed_5(void* context, MQTTAsync_failureData5* answer) {
    static_cast<Paho*>(context)->post_failed(answer->code, answer->message);
  }
  static void on_lost(void* context, char*) {
    const auto& paho = *static_cast<Paho*>(context);
    paho.mailbox.post(paho.event(Kind::lost));
  }
  static void on_dismissed(void* context, MQTTProperties* properties, MQTTReasonCodes reason) {
    const auto& paho = *static_cast<Paho*>(context);
    PahoEvent event = paho.event(Kind::dismissed);
    event.code = reason;
    event.properties = from_paho(*properties);
    paho.mailbox.post(std::move(event));
  }
  static void on_closed(void* context, MQTTAsync_successData*) {
    const auto& paho = *static_cast<Paho*>(context);
    paho.mailbox.post(paho.event(Kind::closed));
  }
  static void on_closed_5(void* context, MQTTAsync_successData5*) { on_closed(context, nullptr); }

  static int on_message(void* context, char* topic, int size, MQTTAsync_message* message) {
    const auto& paho = *static_cast<Paho*>(context);
    PahoEvent event = paho.event(Kind::message);
    event.text = size > 0 ? std::string(topic, static_cast<std::size_t>(size)) : topic;
    event.payload.assign(static_cast<const char*>(message->payload),
                         static_cast<std::size_t>(message->payloadlen));
    event.qos = static_cast<mqtt::Qos>(message->qos);
    event.retain = message->retained != 0;
    event.dup = message->dup != 0;
    event.packet_id = static_cast<std::uint16_t>(message->msgid);
    if (paho.is_5) event.properties = from_paho(message->properties);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    paho.mailbox.post_message(std::move(event));
    return 1;
  }

  static void on_published(void* context, MQTTAsync_successData*) {
    const Ticket ticket = redeem(context);
    ticket.paho->mailbox.post(ticket.paho->event(Kind::published, ticket.number));
  }
  static void on_published_5(void* context, MQTTAsync_successData5*) {
    on_published(context, nullptr);
  }
  static void on_unsent(void* context, MQTTAsync_failureData*) {
    const Ticket ticket = redeem(context);
    ticket.paho->mailbox.post(ticket.paho->event(Kind::unsent, ticket.number));
  }
  static void on_unsent_5(void* context, MQTTAsync_failureData5* answer) {
    // Of QoS 0 nothing but a broken connection can be told, and Paho leaves the reason unset.
    const bool is_refusal =
        static_cast<Ticket*>(context)->qos != mqtt::Qos::at_most_once &&
        is_failure(static_cast<Reason>(static_cast<unsigned char>(answer->reasonCode)));
    const Ticket ticket = redeem(context);
    PahoEvent event =
        ticket.paho->event(is_refusal ? Kind::published : Kind::unsent, ticket.number);
    if (is_refusal) {
      event.code = answer->reasonCode;
      event.properties = from_paho(answer->properties);
    }
    ticket.paho->mailbox.post(std::move(event));
  }

  static void post_answer(void* context, Kind kind, std::string reasons) {
    const Ticket ticket = redeem(context);
    PahoEvent event = ticket.paho->event(kind, ticket.number);
    event.payload = std::move(reasons);
    ticket.paho->mailbox.post(std::move(event));
  }
  static void on_subscribed(void* context, MQTTAsync_successData* answer);
  static void on_subscribed_5(void* context, MQTTAsync_successData5* answer) {
    std::string reasons;
    if (answer->alt.sub.reasonCodeCount == 1) {
      reasons.push_back(to_byte(answer->reasonCode));
    } else {
      for (int i = 0; i < answer->alt.sub.reasonCodeCount; ++i) {
        reasons.push_back(to_byte(answer->alt.sub.reasonCodes[i]));
      }
    }
    post_answer(context, Kind::subscribed, std::move(reasons));
  }
  // Paho calls a request failed if its only filter was refused, or the connection broke.
  static void on_refused(void* context, MQTTAsync_failureData* answer) {
    if (answer->code == MQTT_BAD_SUBSCRIBE) return post_answer(context, Kind::subscribed, "\x80");
    redeem(context);
  }
  static void on_refused_5(void* context, MQTTAsync_failureData5* answer) {
    const std::string reason(1, to_byte(answer->reasonCode));
    if (answer->reasonCode >= MQTTREASONCODE_UNSPECIFIED_ERROR) {
      return post_answer(context, Kind::subscribed, reason);
    }
    redeem(context);
  }
  static void on_unsubscribed(void* context, MQTTAsync_successData*) {
    post_answer(context, Kind::unsubscribed, {});
  }
  static void on_unsubscribed_5(void* context, MQTTAsync_successData5* answer) {
    std::string reasons;
    if (answer->alt.unsub.reasonCodeCount == 1) {
      reasons.push_back(to_byte(answer->reasonCode));
    } else {
      for (int i = 0; i < answer->alt.unsub.reasonCodeCount; ++i) {
        reasons.push_back(to_byte(answer->alt.unsub.reasonCodes[i]));
      }
    }
    post_answer(context, Kind::unsubscribed, std::move(reasons));
  }
  static void on_not_unsubscribed(void* context, MQTTAsync_failureData*) { redeem(context); }
  static void on_not_unsubscribed_5(void* context, MQTTAsync_failureData5*) { redeem(context); }
};

namespace {

struct Callbacks {
  MQTTAsync_onSuccess* success = nullptr;
  MQTTAsync_onFailure* failure = nullptr;
  MQTTAsync_onSuccess5* success_5 = nullptr;
  MQTTAsync_onFailure5* failure_5 = nullptr;
};

// Paho takes the callbacks of one version only.
template <typename Options>
void set_callbacks(Options& options, void* context, bool is_5, const Callbacks& callbacks) {
  options.context = context;
  if (is_5) {
    options.onSuccess5 = callbacks.success_5;
    options.onFailure5 = callbacks.failure_5;
  } else {
    options.onSuccess = callbacks.success;
    options.onFailure = callbacks.failure;
  }
}

}  // namespace

// The list of a single filter is a number instead; which of them it is, the request knows.
void PahoLink::Paho::on_subscribed(void* context, MQTTAsync_successData* answer) {
  const auto* const ticket = static_cast<const Ticket*>(context);
  const std::size_t count = ticket->number >> 32U;
  std::string reasons;
  if (count == 1) {
    reasons.push_back(to_byte(answer->alt.qos));
  } else {
    for (std::size_t i = 0; i < count; ++i) reasons.push_back(to_byte(answer->alt.qosList[i]));
  }
  post_answer(context, Kind::subscribed, std::move(reasons));
}

PahoLink::PahoLink(PahoMailbox& mailbox, std::uint32_t id, const std::string& uri,
                   const ConnectOptions& options)
    : paho_(std::make_unique<Paho>(mailbox, id)) {
  paho_->is_5 = options.version == mqtt::Version::v5;
  MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
  create.MQTTVersion = to_paho(options.version);
  create.maxBufferedMessages = buffered_max;
  const PahoMailbox::Visit visit(mailbox);
  keep_paho_running();
  MQTTAsync_createWithOptions(&paho_->handle, uri.c_str(), options.client_id.c_str(),
                              MQTTCLIENT_PERSISTENCE_NONE, nullptr, &create);
  if (paho_->handle == nullptr) return;
  MQTTAsync_setCallbacks(paho_->handle, paho_.get(), Paho::on_lost, Paho::on_message, nullptr);
  if (paho_->is_5) MQTTAsync_setDisconnected(paho_->handle, paho_.get(), Paho::on_dismissed);
}

PahoLink::~PahoLink() {
  const PahoMailbox::Visit visit(paho_->mailbox);
  if (paho_->handle != nullptr) MQTTAsync_destroy(&paho_->handle);
}

std::uint32_t PahoLink::id() const { return paho_->id; }

Result<void> PahoLink::connect(const ConnectOptions& options, bool clean, std::size_t window) {
  if (paho_->handle == nullptr) return fail(ErrorCode::invalid, "Paho does not take this URL");
  MQTTAsync_connectOptions to = MQTTAsync_connectOptions_initializer;
  if (paho_->is_5) to = MQTTAsync_connectOptions_initializer5;
  to.keepAliveInterval = options.keep_alive_s;
  (paho_->is_5 ? to.cleanstart : to.cleansession) = clean ? 1 : 0;
  to.maxInflight = static_cast<int>(window);
  to.connectTimeout = connect_timeout_s;
  if (options.user_name) to.username = options.user_name->c_str();
  if (options.password) {
    to.binarypwd.data = options.password->data();
    to.binarypwd.len = static_cast<int>(options.password->size());
  }
  MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
  PahoProperties will_properties(options.will ? options.will->properties.view()
                                              : mqtt::PropertyView());
  PahoProperties properties(options.properties.view());
  if (options.will) {
    will.topicName = options.will->topic.c_str();
    will.payload.data = options.will->payload.data();
    will.payload.len = static_cast<int>(options.will->payload.size());
    will.qos = static_cast<int>(options.will->qos);
    will.retained = options.will->retain ? 1 : 0;
    to.will = &will;
    if (paho_->is_5) to.willProperties = will_properties.get();
  }
  if (paho_->is_5) to.connectProperties = properties.get();
  set_callbacks(to, paho_.get(), paho_->is_5,
                {Paho::on_connected, Paho::on_failed, Paho::on_connected_5, Paho::on_failed_5});
  const PahoMailbox::Visit visit(paho_->mailbox);
  return check(MQTTAsync_connect(paho_->handle, &to), "connect");
}

Result<void> PahoLink::publish(std::uint64_t number, const mqtt::Publish& message) {
  MQTTAsync_message to = MQTTAsync_message_initializer;
  to.payload = const_cast<std::byte*>(message.payload.data());
  to.payloadlen = static_cast<int>(message.payload.size());
  to.qos = static_cast<int>(message.qos);
  to.retained = message.retain ? 1 : 0;
  PahoProperties properties(message.properties);
  if (paho_->is_5) to.properties = *properties.get();
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  Paho::Ticket* const ticket = paho_->take_ticket(number, message.qos);
  set_callbacks(options, ticket, paho_->is_5,
                {Paho::on_published, Paho::on_unsent, Paho::on_published_5, Paho::on_unsent_5});
  const std::string topic(message.topic);
  const PahoMailbox::Visit visit(paho_->mailbox);
  auto sent = check(MQTTAsync_sendMessage(paho_->handle, topic.c_str(), &to, &options), "publish");
  if (!sent) Paho::redeem(ticket);
  return sent;
}

Result<void> PahoLink::subscribe(std::uint16_t request, Bytes entries,
                                 mqtt::PropertyView properties) {
  Filters filters;
  std::vector<int> levels;
  std::vector<MQTTSubscribe_options> details;
  mqtt::SubscribeEntries walk(entries);
  while (const auto entry = walk.next()) {
    filters.add(entry->filter);
    levels.push_back(static_cast<int>(entry->options.qos));
    MQTTSubscribe_options& detail = details.emplace_back();
    detail = MQTTSubscribe_options_initializer;
    detail.noLocal = entry->options.no_local ? 1 : 0;
    detail.retainAsPublished = entry->options.retain_as_published ? 1 : 0;
    detail.retainHandling = entry->options.retain_handling;
  }
  PahoProperties converted(properties);
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  if (paho_->is_5) {
    options.properties = *converted.get();
    options.subscribeOptions = details.front();
    options.subscribeOptionsCount = filters.count();
    options.subscribeOptionsList = details.data();
  }
  const std::uint64_t count = details.size();
  Paho::Ticket* const ticket = paho_->take_ticket(request | (count << 32U));
  set_callbacks(options, ticket, paho_->is_5,
                {Paho::on_subscribed, Paho::on_refused, Paho::on_subscribed_5, Paho::on_refused_5});
  const PahoMailbox::Visit visit(paho_->mailbox);
  auto sent = check(MQTTAsync_subscribeMany(paho_->handle, filters.count(), filters.pointers.data(),
                                            levels.data(), &options),
                    "subscribe");
  if (!sent) Paho::redeem(ticket);
  return sent;
}

Result<void> PahoLink::unsubscribe(std::uint16_t request, Bytes names,
                                   mqtt::PropertyView properties) {
  Filters filters;
  mqtt::UnsubscribeEntries walk(names);
  while (const auto filter = walk.next()) filters.add(*filter);
  PahoProperties converted(properties);
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  if (paho_->is_5) options.properties = *converted.get();
  Paho::Ticket* const ticket = paho_->take_ticket(request);
  set_callbacks(options, ticket, paho_->is_5,
                {Paho::on_unsubscribed, Paho::on_not_unsubscribed, Paho::on_unsubscribed_5,
                 Paho::on_not_unsubscribed_5});
  const PahoMailbox::Visit visit(paho_->mailbox);
  auto sent = check(
      MQTTAsync_unsubscribeMany(paho_->handle, filters.count(), filters.pointers.data(), &options),
      "unsubscribe");
  if (!sent) Paho::redeem(ticket);
  return sent;
}

Result<void> PahoLink::disconnect(mqtt::Reason reason, mqtt::PropertyView properties) {
  MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
  if (paho_->is_5) options = MQTTAsync_disconnectOptions_initializer5;
  PahoProperties converted(properties);
  options.timeout = disconnect_patience_ms;
  if (paho_->is_5) {
    options.reasonCode = static_cast<MQTTReasonCodes>(reason);
    options.properties = *converted.get();
  }
  set_callbacks(options, paho_.get(), paho_->is_5,
                {Paho::on_closed, nullptr, Paho::on_closed_5, nullptr});
  const PahoMailbox::Visit visit(paho_->mailbox);
  return check(MQTTAsync_disconnect(paho_->handle, &options), "disconnect");
}

}  // namespace mqz::backend
