#include "lib/backend/redis/client.h"

namespace mqz::backend {

std::unique_ptr<PubSub> make_redis_client(os::Poller& poller, const ClientOptions& options,
                                          RedisOptions redis, PubSubEvents& events) {
  return std::make_unique<Client>(poller, options,
                                  std::make_unique<RedisSession>(std::move(redis), events), events);
}

}  // namespace mqz::backend
