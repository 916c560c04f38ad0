// A name server's answer is records or an error, whatever it is.
#include "lib/os/srv.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto records = mqz::os::parse_srv_answer(mqz::as_bytes(mqz::fuzz::text_of(data, size)));
  if (!records) return 0;
  for (const mqz::os::SrvRecord& record : *records) MQZ_CHECK(!record.host.empty());
  return 0;
}
