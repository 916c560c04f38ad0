#include <cstddef>
#include <string_view>

#include "lib/base/rules.h"
#include "lib/mqtt/text.h"
#include "lib/mqtt/topic.h"

namespace mqz::mqtt {

namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool is_continuation(unsigned byte) { return (byte & 0xC0U) == 0x80U; }

// The smallest and largest second byte after a lead byte: leaves out overlong forms (E0, F0),
// surrogates (ED) and what lies above U+10FFFF (F4).
bool is_second(unsigned lead, unsigned second) {
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED && MQZ_RULE(utf8_surrogates) ? 0x9F
                        : lead == 0xF4                            ? 0x8F
                                                                  : 0xBF;
  return second >= low && second <= high;
}

// The length of the character that begins with this byte; 0 if none may.
std::size_t character_bytes(unsigned lead) {
  if (MQZ_RULE(utf8_null) && lead == 0) return 0;
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  if (lead < 0xF5) return 4;
  return 0;
}

// How many bytes the valid character at `at` has, 0 if there is none.
std::size_t valid_character(std::string_view text, std::size_t at) {
  const unsigned lead = byte_at(text, at);
  const std::size_t size = character_bytes(lead);
  if (size < 2) return size;
  if (text.size() - at < size || !is_second(lead, byte_at(text, at + 1))) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (!is_continuation(byte_at(text, at + i))) return 0;
  }
  return size;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  if (is_plain_text(text)) return true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = valid_character(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

}  // namespace mqz::mqtt
