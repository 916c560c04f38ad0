// How the value of each kind of word is read into a draft. The templates are named by the member
// they fill.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/error.h"
#include "lib/broker/config/draft.h"
#include "lib/broker/config/words.h"

namespace mqz::broker {

// Values in which nothing follows: what is behind the first blank must be a comment.
Result<std::string_view> single_value(std::string_view value);
Result<bool> read_flag(std::string_view value);
// Within the word's bounds; -1 stands for "none" where the word allows it.
Result<std::int64_t> read_number(const Word& word, std::string_view value);

inline Settings& owner(Draft& draft, const Settings*) { return draft.config.settings; }
inline Config& owner(Draft& draft, const Config*) { return draft.config; }
inline Log& owner(Draft& draft, const Log*) { return draft.config.log; }
inline Listener& owner(Draft& draft, const Listener*) { return draft.open_listener().listener; }
inline Security& owner(Draft& draft, const Security*) { return draft.open_security(); }

template <auto Member>
struct MemberOf;
template <typename Owner, typename Value, Value Owner::*Member>
struct MemberOf<Member> {
  using ValueType = Value;
  static Value& in(Draft& draft) {
    return owner(draft, static_cast<const Owner*>(nullptr)).*Member;
  }
};

template <auto Member>
std::string take_flag(Draft& draft, const Word&, std::string_view value) {
  const Result<bool> flag = read_flag(value);
  if (flag) MemberOf<Member>::in(draft) = *flag;
  return flag ? std::string{} : flag.error().text;
}

template <auto Member>
std::string take_text(Draft& draft, const Word&, std::string_view value) {
  MemberOf<Member>::in(draft) = std::string(value);
  return {};
}

// `None` is kept where `NoneWritten` is written: many words say 0 or -1 for "no limit".
template <auto Member, std::int64_t NoneWritten = -2, std::uint64_t None = 0>
std::string take_number(Draft& draft, const Word& word, std::string_view value) {
  const Result<std::int64_t> number = read_number(word, value);
  if (!number) return number.error().text;
  using Kept = typename MemberOf<Member>::ValueType;
  MemberOf<Member>::in(draft) =
      *number == NoneWritten ? static_cast<Kept>(None) : static_cast<Kept>(*number);
  return {};
}

std::string take_listener(Draft& draft, const Word& word, std::string_view value);
std::string take_port(Draft& draft, const Word& word, std::string_view value);
std::string take_bind_address(Draft& draft, const Word& word, std::string_view value);
std::string take_listener_allow_anonymous(Draft& draft, const Word& word, std::string_view value);
std::string take_listener_auto_id_prefix(Draft& draft, const Word& word, std::string_view value);
std::string take_auto_id_prefix(Draft& draft, const Word& word, std::string_view value);
std::string take_per_listener_settings(Draft& draft, const Word& word, std::string_view value);
std::string take_protocol(Draft& draft, const Word& word, std::string_view value);
std::string take_log_type(Draft& draft, const Word& word, std::string_view value);
std::string take_log_dest(Draft& draft, const Word& word, std::string_view value);
std::string take_expiration(Draft& draft, const Word& word, std::string_view value);
std::string take_store_recovery(Draft& draft, const Word& word, std::string_view value);
std::string take_user(Draft& draft, const Word& word, std::string_view value);

}  // namespace mqz::broker
