// A client for redis://.
#pragma once

#include <memory>

#include "lib/backend/client.h"
#include "lib/backend/redis/session.h"

namespace mqz::backend {

std::unique_ptr<PubSub> make_redis_client(os::Poller& poller, const ClientOptions& options,
                                          RedisOptions redis, PubSubEvents& events);

}  // namespace mqz::backend
