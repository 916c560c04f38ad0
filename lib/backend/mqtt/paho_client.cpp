// Connecting, reconnecting and ending.
#include "lib/backend/mqtt/paho_client.h"

#include <algorithm>
#include <utility>

#include "lib/backend/failure.h"
#include "lib/os/random.h"

namespace mqz::backend {
namespace {

constexpr Millis write_patience{30'000};  // for the system to take the last bytes
constexpr Millis steady_after{5'000};     // a connection that lived so long resets the back-off
constexpr Millis silence_max{20'000};     // so long Paho's thread waits for its user

PahoMailbox::Bounds bounds_for(const ConnectOptions& options) {
  PahoMailbox::Bounds bounds;
  bounds.patience = silence_max;
  if (options.keep_alive_s > 0) {
    bounds.patience = std::min(bounds.patience, Millis(options.keep_alive_s * 1000 / 3));
  }
  return bounds;
}

// Before version 5 a CONNACK has a number of its own.
mqtt::Reason reason_of(int code, mqtt::Version version) {
  if (code >= 0x80) return static_cast<mqtt::Reason>(code);
  if (version == mqtt::Version::v5 && code != 1) return mqtt::Reason::unspecified_error;
  switch (static_cast<mqtt::ConnectReturn>(code)) {
    case mqtt::ConnectReturn::unacceptable_protocol_version:
      return mqtt::Reason::unsupported_protocol_version;
    case mqtt::ConnectReturn::identifier_rejected: return mqtt::Reason::client_identifier_not_valid;
    case mqtt::ConnectReturn::server_unavailable: return mqtt::Reason::server_unavailable;
    case mqtt::ConnectReturn::bad_user_name_or_password:
      return mqtt::Reason::bad_user_name_or_password;
    case mqtt::ConnectReturn::not_authorized: return mqtt::Reason::not_authorized;
    case mqtt::ConnectReturn::accepted: break;
  }
  return mqtt::Reason::unspecified_error;
}

}  // namespace

Result<std::unique_ptr<PahoClient>> PahoClient::open(os::Poller& poller, PahoClientOptions options,
                                                     PubSubEvents& events) {
  auto wakeup = os::Wakeup::open();
  if (!wakeup) return tl::unexpected(wakeup.error());
  auto client =
      std::make_unique<PahoClient>(poller, std::move(options), std::move(*wakeup), events);
  os::PollTarget* const target = client.get();
  if (auto added = poller.add(client->mailbox_.fd(), os::Interest::read, target); !added) {
    return tl::unexpected(added.error());
  }
  return client;
}

PahoClient::PahoClient(os::Poller& poller, PahoClientOptions options, os::Wakeup wakeup,
                       PubSubEvents& events)
    : poller_(poller),
      options_(std::move(options)),
      events_(events),
      mailbox_(std::move(wakeup), bounds_for(options_.connect)),
      backoff_(options_.delay_first, options_.delay_max),
      may_fall_back_(!options_.connect.version_pinned &&
                     options_.connect.version == mqtt::Version::v5) {
  // A name given by the server would be lost with the first link.
  if (options_.connect.client_id.empty() && session_lasts()) {
    options_.connect.client_id = "mqz-" + os::random_text(12);
  }
}

PahoClient::~PahoClient() {
  poller_.remove(mailbox_.fd());
  link_.reset();
}

bool PahoClient::session_lasts() const {
  const ConnectOptions& connect = options_.connect;
  if (connect.version != mqtt::Version::v5) return !connect.clean_start;
  return connect.properties.view().number(mqtt::PropertyId::session_expiry_interval).value_or(0) >
         0;
}

void PahoClient::start(MonoTime now) { begin_round(now); }

void PahoClient::begin_round(MonoTime now) {
  server_ = 0;
  round_errors_.clear();
  connect_to_next(now);
}

void PahoClient::connect_to_next(MonoTime now) {
  phase_ = Phase::probing;
  phase_deadline_ = now + options_.connect_timeout;
  connector_ = std::make_unique<Connector>(poller_, options_.servers[server_], now);
}

void PahoClient::take_probe(MonoTime now) {
  Result<os::Fd> outcome = std::move(*connector_->outcome());
  connector_.reset();
  if (!outcome) return attempt_failed(outcome.error(), true, now);
  open_link(now);
}

void PahoClient::open_link(MonoTime now) {
  phase_ = Phase::connecting;
  if (link_ && (link_server_ != server_ || !session_lasts())) drop_link();
  if (!link_) {
    link_server_ = server_;
    link_was_connected_ = false;
    link_ = std::make_unique<PahoLink>(mailbox_, ++last_link_, "ws://" + where() + options_.path,
                                       options_.connect);
  }
  clean_start_sent_ = options_.connect.clean_start && !(was_connected_ && session_lasts());
  dismissal_.reset();
  trace(true, "CONNECT");
  const std::size_t window = limits_of({}, options_.connect).window;
  if (auto asked = link_->connect(options_.connect, clean_start_sent_, window); !asked) {
    attempt_failed(asked.error(), false, now);
  }
}

std::optional<MonoTime> PahoClient::deadline() const {
  std::optional<MonoTime> next = phase_deadline_;
  if (connector_) {
    const auto other = connector_->deadline();
    if (other && (!next || *other < *next)) next = other;
    if (connector_->outcome()) next = MonoTime{};
  }
  return next;
}

void PahoClient::on_poll(const os::PollEvent&, MonoTime) { mailbox_.drain(); }

void PahoClient::tick(MonoTime now) {
  if (phase_ == Phase::ended) return;
  if (connector_) {
    connector_->tick(now);
    if (connector_->outcome()) take_probe(now);
  }
  take_answers(now);
  if (phase_ == Phase::ended) return;
  if (!paused_) deliver();
  send_again();
  if (phase_deadline_ && now >= *phase_deadline_) time_out(now);
}

void PahoClient::flush(MonoTime now) { go_on_ending(now); }

void PahoClient::take_answers(MonoTime now) {
  for (const PahoEvent& event : mailbox_.take_answers()) {
    if (phase_ == Phase::ended) return;
    if (link_ && event.link == link_->id()) take(event, now);
  }
}

void PahoClient::take(const PahoEvent& event, MonoTime now) {
  switch (event.kind) {
    case PahoEvent::Kind::connected: return accept(event, now);
    case PahoEvent::Kind::failed: return connect_failed(event, now);
    case PahoEvent::Kind::lost: return connection_ended(now);
    case PahoEvent::Kind::dismissed: dismissal_ = event; return trace(false, "DISCONNECT");
    case PahoEvent::Kind::closed:
      if (phase_ == Phase::closing) end(nullptr);
      return;
    case PahoEvent::Kind::published: return complete(event);
    case PahoEvent::Kind::unsent: return take_back(event.number);
    case PahoEvent::Kind::subscribed:
      trace(false, "SUBACK");
      return events_.on_subscribed(static_cast<std::uint16_t>(event.number),
                                   as_bytes(event.payload));
    case PahoEvent::Kind::unsubscribed:
      trace(false, "UNSUBACK");
      return events_.on_unsubscribed(static_cast<std::uint16_t>(event.number),
                                     as_bytes(event.payload));
    case PahoEvent::Kind::message: return;  // has a queue of its own
  }
}

void PahoClient::accept(const PahoEvent& event, MonoTime now) {
  if (phase_ != Phase::connecting) return;
  trace(false, "CONNACK");
  ConnectOptions& connect = options_.connect;
  const mqtt::PropertyView properties = event.properties.view();
  limits_ = limits_of(properties, connect);
  may_fall_back_ = false;
  // Paho keeps to the interval it was given.
  if (limits_.keep_alive_s < connect.keep_alive_s && limits_.keep_alive_s > 0) {
    connect.keep_alive_s = limits_.keep_alive_s;
    drop_link();
    return connect_to_next(now);
  }
  const bool first = !std::exchange(was_connected_, true);
  session_is_foreign_ =
      event.session_present && (session_is_foreign_ || !std::exchange(link_was_connected_, true));
  link_was_connected_ = true;
  phase_ = Phase::open;
  phase_deadline_.reset();
  connected_at_ = now;
  if (const auto id = properties.text(mqtt::PropertyId::assigned_client_identifier)) {
    connect.client_id = *id;
  }
  events_.on_connected(
      {first, event.session_present, where(), connect.client_id, connect.version, properties});
}

void PahoClient::connect_failed(const PahoEvent& event, MonoTime now) {
  if (phase_ != Phase::connecting) return;
  if (event.text == "CONNACK return code") {
    return refused(reason_of(event.code, options_.connect.version), now);
  }
  // So Paho calls a connection that ended between CONNECT and CONNACK.
  if (event.text == "TCP connect completion failure") {
    if (try_older_version()) return connect_to_next(now);
    return attempt_failed(closed_before_connack(where()), true, now);
  }
  attempt_failed({ErrorCode::unavailable, where() + " does not speak WebSocket at " + options_.path,
                  "is it the right port and path? The path stands behind the port: "
                  "ws://HOST:PORT/PATH"},
                 true, now);
}

void PahoClient::refused(mqtt::Reason reason, MonoTime now) {
  trace(false, "CONNACK");
  if (reason == mqtt::Reason::unsupported_protocol_version && try_older_version()) {
    return connect_to_next(now);
  }
  const Ending ending{Ending::Kind::refused, reason, {}, may_pass(reason)};
  attempt_failed(describe_failure(where(), ending), ending.may_retry, now);
}

bool PahoClient::try_older_version() {
  if (!std::exchange(may_fall_back_, false)) return false;
  options_.connect.version = mqtt::Version::v311;
  drop_link();
  return true;
}

void PahoClient::connection_ended(MonoTime now) {
  if (phase_ == Phase::closing) return end(nullptr);
  if (phase_ == Phase::saying_bye) {
    const Error early = not_all_sent(where(), "the server closed the connection");
    return end(&early);
  }
  if (phase_ != Phase::open) return;
  if (!dismissal_) return lost(connection_lost(where(), 0), true, now);
  const auto reason = static_cast<mqtt::Reason>(dismissal_->code);
  const auto words = dismissal_->properties.view().text(mqtt::PropertyId::reason_string);
  const Ending ending{Ending::Kind::dismissed, reason, std::string(words.value_or("")),
                      may_pass(reason)};
  lost(describe_failure(where(), ending), ending.may_retry, now);
}

void PahoClient::time_out(MonoTime now) {
  phase_deadline_.reset();
  switch (phase_) {
    case Phase::probing:
    case Phase::connecting:
      drop_link();
      return attempt_failed(
          no_answer(where(), options_.connect_timeout, phase_ == Phase::connecting), true, now);
    case Phase::waiting: return begin_round(now);
    case Phase::saying_bye: {
      const Error error = not_all_sent(where(), "the server does not read");
      return end(&error);
    }
    case Phase::closing: return end(nullptr);
    case Phase::open:
    case Phase::idle:
    case Phase::ended: return;
  }
}

void PahoClient::attempt_failed(Error error, bool may_retry, MonoTime now) {
  connector_.reset();
  if (!session_lasts()) drop_link();
  round_errors_.push_back(std::move(error));
  if (may_retry && server_ + 1 < options_.servers.size()) {
    ++server_;
    return connect_to_next(now);
  }
  const Error all = join_errors(round_errors_);
  if (may_retry && was_connected_ && options_.reconnect) return wait_and_retry(all, now);
  end(&all);
}

void PahoClient::lost(const Error& error, bool may_retry, MonoTime now) {
  if (now - connected_at_ >= steady_after) backoff_.reset();
  forget_at_most_once();
  if (!session_lasts()) drop_link();
  if (!may_retry || !options_.reconnect) return end(&error);
  wait_and_retry(error, now);
}

void PahoClient::wait_and_retry(const Error& error, MonoTime now) {
  const Millis delay = backoff_.take(os::random_u64());
  phase_ = Phase::waiting;
  phase_deadline_ = now + delay;
  events_.on_waiting(error, delay);
}

// What it was given and did not bring to its end is ours again.
void PahoClient::drop_link() {
  link_.reset();
  for (const auto& [number, message] : kept_) to_send_again_.insert(number);
}

void PahoClient::end(const Error* why) {
  connector_.reset();
  phase_ = Phase::ended;
  phase_deadline_.reset();
  events_.on_ended(why);
}

void PahoClient::finish(mqtt::Reason reason, mqtt::PropertyView properties, MonoTime now,
                        Millis patience) {
  if (phase_ == Phase::ended || phase_ == Phase::saying_bye || phase_ == Phase::closing) return;
  if (phase_ != Phase::open) return end(nullptr);
  goodbye_ = reason;
  goodbye_properties_.clear();
  for (auto at = properties.begin(); at != properties.end(); ++at) {
    goodbye_properties_.encoded(at.encoded());
  }
  phase_ = Phase::saying_bye;
  close_patience_ = patience;
  phase_deadline_ = now + std::max(patience, write_patience);
  paused_ = false;
}

void PahoClient::go_on_ending(MonoTime now) {
  if (phase_ != Phase::saying_bye || !open_at_most_once_.empty()) return;
  phase_ = Phase::closing;
  phase_deadline_ = now + close_patience_;
  trace(true, "DISCONNECT");
  if (!link_->disconnect(goodbye_, goodbye_properties_.view())) end(nullptr);
}

void PahoClient::trace(bool sent, std::string_view text) {
  if (options_.connect.trace) events_.on_packet(sent, text);
}

}  // namespace mqz::backend
