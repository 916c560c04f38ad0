// A client for redis://.
#pragma once

#include "lib/backend/client.h"
#include "lib/backend/redis/session.h"

namespace mqz::backend {

class RedisClient final : public Client {
 public:
  RedisClient(os::Poller& poller, const ClientOptions& options, RedisOptions redis,
              PubSubEvents& events);
};

}  // namespace mqz::backend
