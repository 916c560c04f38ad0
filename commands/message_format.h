// The language of `mqz sub -F`, as mosquitto_sub has it: parsed once, then applied to every
// message.
//
//   %[-][0][WIDTH][.PRECISION]LETTER
//     %% %A topic alias  %C content type  %D correlation data  %E expiry  %F format indicator
//     %I ISO 8601 time  %j %J JSON  %l payload length  %m packet id  %P user properties  %p payload
//     %q QoS  %R response topic  %r retain  %S subscription id  %t topic  %U Unix time
//     %x %X payload in hexadecimal  %b payload in base64  %d %f payload as 8 or 4 byte float
//   @X strftime's %X in local time  @N nanoseconds  @@ an @
//   \\ \0 \a \e \n \r \t \v
//
// WIDTH pads on the left, with - on the right, with 0 by zeros; a payload longer than WIDTH is cut
// to it. PRECISION cuts texts.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "commands/received.h"

namespace mqz::commands {

class MessageFormat {
 public:
  // The error is for the user: "%z is not a format specifier".
  static tl::expected<MessageFormat, std::string> parse(std::string_view text, bool pretty = false);

  // False, and nothing appended, when %J meets a payload that is not JSON.
  bool append(std::string& to, const Received& received) const;

  // Does any part show when the message came?
  bool uses_time() const { return uses_time_; }

 private:
  enum class Kind : unsigned char { literal, percent, strftime };
  struct Step {
    Kind kind{};
    std::string literal{};
    char letter{};
    bool left = false;
    bool zeros = false;
    std::size_t width = 0;
    std::size_t precision = std::string_view::npos;
  };

  std::vector<Step> steps_{};
  bool pretty_ = false;
  bool uses_time_ = false;
  friend class FormatParser;
  friend class FormatWriter;
};

}  // namespace mqz::commands
