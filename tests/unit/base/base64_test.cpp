#include "lib/base/base64.h"

#include <catch2/catch.hpp>

using namespace mqz;

namespace {

std::string encoded(std::string_view text) {
  std::string to;
  append_base64(to, as_bytes(text));
  return to;
}

}  // namespace

TEST_CASE("base64 is written as RFC 4648 shows it", "[base]") {
  CHECK(encoded("") == "");
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("fo") == "Zm8=");
  CHECK(encoded("foo") == "Zm9v");
  CHECK(encoded("foobar") == "Zm9vYmFy");
  CHECK(encoded("\xff\xfe\xfd") == "//79");
}

TEST_CASE("base64 is read back, whatever the bytes", "[base]") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    std::string back;
    CHECK(append_from_base64(back, encoded(bytes)));
    CHECK(back == bytes);
    bytes.push_back(static_cast<char>(i * 7));
  }
}

TEST_CASE("what is not base64 is refused", "[base]") {
  for (const char* bad : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9"}) {
    INFO(bad);
    std::string to;
    CHECK_FALSE(append_from_base64(to, bad));
  }
}
