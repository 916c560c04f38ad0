#include "lib/backend/redis/client.h"

#include <memory>
#include <utility>

namespace mqz::backend {

RedisClient::RedisClient(os::Poller& poller, const ClientOptions& options, RedisOptions redis,
                         PubSubEvents& events)
    : Client(poller, options, std::make_unique<RedisSession>(std::move(redis), events), events) {}

}  // namespace mqz::backend
