// Any bytes as a configuration file, and as the file that it includes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "lib/broker/config/load.h"

namespace {

class OneText final : public mqz::os::TextFiles {
 public:
  explicit OneText(std::string text) : text_(std::move(text)) {}
  mqz::Result<std::string> read(const std::string&) const override { return text_; }
  mqz::Result<std::vector<std::string>> list(const std::string&) const override {
    return std::vector<std::string>{"a.conf"};
  }

 private:
  std::string text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const OneText files(std::string(reinterpret_cast<const char*>(bytes), size));
  const mqz::broker::LoadedConfig loaded = mqz::broker::load_config("fuzz.conf", files);
  if (!loaded.has_errors() && loaded.config.listeners.empty()) std::abort();
  for (const auto& finding : loaded.findings) {
    if (mqz::broker::finding_text(finding).empty()) std::abort();
  }
  return 0;
}
