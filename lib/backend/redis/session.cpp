#include "lib/backend/redis/session.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "lib/mqtt/packets.h"

namespace mqz::backend {
namespace {

using mqtt::Reason;

constexpr std::size_t outbox_bytes_max = 256U << 10U;

std::string_view text_of(const redisReply& reply) {
  return reply.str == nullptr ? std::string_view() : std::string_view(reply.str, reply.len);
}

bool is_error(const redisReply& reply) { return reply.type == REDIS_REPLY_ERROR; }

Reason reason_of_error(std::string_view text) {
  const bool denied =
      text.starts_with("NOPERM") || text.starts_with("NOAUTH") || text.starts_with("WRONGPASS");
  return denied ? Reason::not_authorized : Reason::unspecified_error;
}

// "PUBLISH channel payload" was kept as *3 CRLF $7 CRLF PUBLISH CRLF $size CRLF channel CRLF …
std::string_view channel_of(std::string_view command) {
  for (int lines = 0; lines < 4; ++lines) command.remove_prefix(command.find('\n') + 1);
  return command.substr(0, command.find('\r'));
}

}  // namespace

void RedisSession::FreeReader::operator()(redisReader* reader) const { redisReaderFree(reader); }
void RedisSession::FreeReply::operator()(redisReply* reply) const { freeReplyObject(reply); }

RedisSession::RedisSession(RedisOptions options, PubSubEvents& events)
    : options_(std::move(options)), events_(events) {}

RedisSession::~RedisSession() = default;

void RedisSession::open(std::string_view where, MonoTime now) {
  where_ = where;
  sent_at_ = received_at_ = now;
  ending_.reset();
  state_ = State::greeting;
  reader_.reset(redisReaderCreate());
  greetings_open_ = 1;
  if (options_.password) {
    ++greetings_open_;
    if (options_.user_name) {
      send({"AUTH", *options_.user_name, *options_.password});
    } else {
      send({"AUTH", *options_.password});
    }
  }
  if (options_.database) {
    ++greetings_open_;
    send({"SELECT", std::to_string(*options_.database)});
  }
  send({"PING"});
}

void RedisSession::close(ClosedBy) {
  state_ = State::closed;
  outbox_.clear();
  reader_.reset();
  pinged_at_.reset();
  channels_open_ = 0;
}

void RedisSession::send(const std::vector<std::string_view>& words) {
  std::vector<const char*> starts;
  std::vector<std::size_t> sizes;
  for (const std::string_view word : words) {
    starts.push_back(word.data() == nullptr ? "" : word.data());
    sizes.push_back(word.size());
  }
  char* command = nullptr;
  const int size =
      redisFormatCommandArgv(&command, static_cast<int>(words.size()), starts.data(), sizes.data());
  outbox_.append(as_bytes({command, static_cast<std::size_t>(std::max(size, 0))}));
  redisFreeCommand(command);
}

std::size_t RedisSession::receive(Bytes input, MonoTime now) {
  received_at_ = now;
  pinged_at_.reset();
  redisReaderFeed(reader_.get(), as_text(input).data(), input.size());
  while (!ending_) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) {
      break_off("what the server sent is not Redis");
      break;
    }
    if (raw == nullptr) break;
    const Reply reply(static_cast<redisReply*>(raw));
    take(*reply);
  }
  return input.size();  // the reader keeps what is not yet whole
}

void RedisSession::take(const redisReply& reply) {
  if (state_ == State::greeting) return take_greeting(reply);
  if (reply.type == REDIS_REPLY_ARRAY) return take_push(reply);
  if (is_error(reply) && channels_open_ > 0) {
    return confirm_subscription(reason_of_error(text_of(reply)));
  }
  if (reply.type == REDIS_REPLY_STATUS) return;  // PONG
  take_publish_answer(reply);
}

void RedisSession::take_greeting(const redisReply& reply) {
  if (is_error(reply)) {
    const std::string text(text_of(reply));
    ending_ = Ending{Ending::Kind::refused, reason_of_error(text), text,
                     text.starts_with("LOADING"), false};
    return;
  }
  if (--greetings_open_ == 0) become_connected();
}

void RedisSession::become_connected() {
  const bool first = !std::exchange(was_connected_, true);
  state_ = State::connected;
  outbox_.append(kept_.pending());
  events_.on_connected({first, false, where_, {}, mqtt::Version::v5, {}});
}

// ["message", channel, payload], ["pmessage", pattern, channel, payload], ["subscribe", channel,
// count] and its kin, ["pong", ""].
void RedisSession::take_push(const redisReply& reply) {
  if (reply.elements < 2) return;
  const std::string_view kind = text_of(*reply.element[0]);
  if (kind == "message" && reply.elements == 3) {
    deliver(text_of(*reply.element[1]), text_of(*reply.element[2]));
  } else if (kind == "pmessage" && reply.elements == 4) {
    deliver(text_of(*reply.element[2]), text_of(*reply.element[3]));
  } else if (kind == "subscribe" || kind == "psubscribe") {
    confirm_subscription(Reason::success);
  } else if (kind == "unsubscribe" || kind == "punsubscribe" || kind == "pong") {
    return;
  } else {
    break_off("the server sent an unknown kind of message");
  }
}

void RedisSession::deliver(std::string_view channel, std::string_view payload) {
  if (deaf_) return;
  mqtt::Publish message;
  message.topic = channel;
  message.payload = as_bytes(payload);
  deaf_ = !events_.on_message(message);
}

void RedisSession::confirm_subscription(Reason reason) {
  if (channels_open_ == 0) return;
  // An error answers a whole command; which of its channels were meant is not told.
  const std::size_t answered = is_failure(reason) ? channels_open_ : 1;
  granted_.append(answered, static_cast<char>(reason));
  channels_open_ -= answered;
  if (channels_open_ == 0) events_.on_subscribed(last_request_, as_bytes(granted_));
}

void RedisSession::take_publish_answer(const redisReply& reply) {
  if (kept_sizes_.empty()) return break_off("the server answered nothing that was asked");
  Published published{last_number_ - kept_sizes_.size() + 1, {}, {}, {}};
  const std::string command(as_text(kept_.pending().first(kept_sizes_.front())));
  if (is_error(reply)) {
    published.reason = reason_of_error(text_of(reply));
    published.topic = channel_of(command);
    published.why = text_of(reply);
  } else if (reply.integer == 0) {
    published.reason = Reason::no_matching_subscribers;
  }
  kept_.consume(kept_sizes_.front());
  kept_sizes_.pop_front();
  events_.on_published(published);
}

bool RedisSession::has_room() const {
  return state_ == State::connected && !ending_ && kept_sizes_.size() < options_.inflight_max &&
         kept_.size() < options_.inflight_bytes_max && outbox_.size() < outbox_bytes_max;
}

Result<std::uint64_t> RedisSession::publish(const mqtt::Publish& message) {
  if (!has_room()) return fail(ErrorCode::unavailable, "no room for a message now");
  if (message.retain) return fail(ErrorCode::refused, "Redis does not retain messages");
  const std::size_t before = outbox_.size();
  send({"PUBLISH", message.topic, as_text(message.payload)});
  const Bytes command = outbox_.pending().subspan(before);
  kept_.append(command);
  kept_sizes_.push_back(command.size());
  return ++last_number_;
}

Result<std::uint16_t> RedisSession::subscribe(Bytes entries, mqtt::PropertyView) {
  if (state_ != State::connected) return fail(ErrorCode::unavailable, "not connected");
  std::vector<std::string_view> channels{"SUBSCRIBE"};
  std::vector<std::string_view> patterns{"PSUBSCRIBE"};
  mqtt::SubscribeEntries walk(entries);
  while (const auto entry = walk.next()) {
    const bool is_pattern = entry->filter.find_first_of("*?[") != std::string_view::npos;
    (is_pattern ? patterns : channels).push_back(entry->filter);
  }
  if (channels.size() > 1) send(channels);
  if (patterns.size() > 1) send(patterns);
  granted_.clear();
  channels_open_ = channels.size() + patterns.size() - 2;
  return ++last_request_;
}

Result<std::uint16_t> RedisSession::unsubscribe(Bytes, mqtt::PropertyView) {
  return fail(ErrorCode::refused, "Redis keeps no session to unsubscribe in");
}

void RedisSession::disconnect(Reason, mqtt::PropertyView) {
  ending_ = Ending{Ending::Kind::finished, Reason::success, {}, false, false};
}

void RedisSession::tick(MonoTime now, bool reading) {
  if (state_ != State::connected || options_.keep_alive_s == 0) return;
  const auto patience = std::chrono::seconds(options_.keep_alive_s);
  if (pinged_at_ && reading) {
    if (now - *pinged_at_ >= patience) break_off("no answer to a ping");
  } else if (now - pinged_at_.value_or(std::min(sent_at_, received_at_)) >= patience) {
    send({"PING"});
    pinged_at_ = now;
  }
}

std::optional<MonoTime> RedisSession::deadline() const {
  if (state_ != State::connected || options_.keep_alive_s == 0) return std::nullopt;
  return pinged_at_.value_or(std::min(sent_at_, received_at_)) +
         std::chrono::seconds(options_.keep_alive_s);
}

void RedisSession::break_off(std::string text) {
  ending_ = Ending{Ending::Kind::broken, Reason::unspecified_error, std::move(text), true, false};
}

}  // namespace mqz::backend
