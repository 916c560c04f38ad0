#include "tests/simulation/run.h"

#include <fmt/format.h>

#include <memory>

#include "tests/simulation/checkers.h"
#include "tests/simulation/model_client.h"
#include "tests/simulation/network.h"

namespace mqz::simulation {
namespace {

using mqtt::Qos;
using mqtt::Version;
using Phase = ModelClient::Phase;

constexpr const char* topics[] = {"t/0", "t/1", "t/2", "t/0/a", "s/0/a", "s/1/b"};
constexpr const char* filters[] = {
    "t/#", "t/+", "t/0", "t/1", "t/+/a", "t/0/#",          "+/0",
    "r/#", "r/+", "r/1", "r/2", "+/+",   "$share/g/s/0/#", "$share/h/s/1/+"};

class Run {
 public:
  Run(std::uint64_t seed, const RunForm& form)
      : form_(form),
        random_(seed),
        history_(form.with_trace),
        network_(form.world, form.placement, {form.mail_held, form.commits_held, form.bytes_cut},
                 random_) {
    for (std::size_t number = 0; number < form.client_count; ++number) add_client();
  }

  RunResult play() {
    for (std::size_t action = 0; action < form_.action_count; ++action) {
      act(random_.below(clients_.size()));
      for (std::size_t turns = random_.below(5); turns > 0; --turns) network_.step();
      if (random_.chance(0.1)) network_.advance(Millis(random_.below(50)));
      if (random_.chance(form_.faults.crash)) crash();
      if (random_.chance(form_.faults.jump)) network_.advance(Millis(random_.below(60'000)));
      exchange();
    }
    make_peace();
    const std::size_t probe = look_at_retained();
    std::string complaints = check_all(history_, probe);
    if (complaints.empty()) complaints = part();
    complaints += network_.complaints();
    RunResult result{std::move(complaints), std::move(history_.trace), 0};
    for (const SessionHistory& session : history_.sessions)
      result.received += session.receptions.size();
    return result;
  }

 private:
  struct Client {
    std::unique_ptr<ModelClient> model{};
    int wire = -1;
  };

  void add_client() {
    const std::size_t number = clients_.size();
    ClientForm form{.id = fmt::format("c{}", number), .number = number};
    form.version = random_.chance(0.6)   ? Version::v5
                   : random_.chance(0.8) ? Version::v311
                                         : Version::v31;
    form.is_durable = random_.chance(0.5);
    form.expiry_s = random_.chance(0.5) ? UINT32_MAX : 40;
    if (random_.chance(0.3)) form.keep_alive_s = 20;
    if (form.version == Version::v5 && random_.chance(0.4))
      form.receive_max = static_cast<std::uint16_t>(1 + random_.below(4));
    if (form.version == Version::v5 && random_.chance(0.5)) form.alias_max = 3;
    clients_.push_back({std::make_unique<ModelClient>(form, history_)});
  }

  void connect(Client& client, bool clean) {
    client.wire = network_.connect();
    client.model->connect(clean);
  }

  void hang_up(Client& client) {
    network_.drop(client.wire, client.model->phase() == Phase::connecting);
    client.model->disconnected();
  }

  // All connections are lost at once; what the broker had written may still come.
  void crash() {
    network_.crash();
    for (Client& client : clients_) {
      if (client.model->phase() != Phase::offline)
        client.model->receive(network_.take_output(client.wire), time());
    }
    history_.crashes.push_back(history_.now());
    history_.note("broker", "crashes " + network_.complaints());
    for (Client& client : clients_) client.model->disconnected();
  }

  // One clock for all lives of the broker.
  MonoTime time() const { return MonoTime(network_.now().wall.time_since_epoch()); }

  void act(std::size_t number) {
    Client& client = clients_[number];
    const Faults& faults = form_.faults;
    if (client.model->phase() == Phase::offline) {
      if (random_.chance(0.5)) return;
      if (random_.chance(faults.convert))
        client.model->set_durable(!client.model->form().is_durable);
      return connect(client, random_.chance(faults.discard));
    }
    if (random_.chance(faults.drop)) return hang_up(client);
    if (!client.model->is_open()) return;
    if (random_.chance(faults.takeover)) {
      network_.send(client.wire, client.model->take_output());
      network_.abandon(client.wire);
      client.model->disconnected();
      return connect(client, random_.chance(faults.discard));
    }
    if (random_.chance(faults.leave)) return client.model->leave();
    if (random_.chance(faults.stop_reading)) network_.set_reading(client.wire, random_.chance(0.5));
    if (random_.chance(faults.slow)) client.model->set_slow(random_.chance(0.5));
    request(*client.model, number);
  }

  void request(ModelClient& client, std::size_t number) {
    const std::size_t what = random_.below(100);
    if (what < 20) {
      const std::string filter = filters[random_.below(std::size(filters))];
      const auto qos = static_cast<Qos>(random_.below(3));
      client.subscribe(filter, filter[0] == '$' ? std::max(qos, Qos::at_least_once) : qos,
                       static_cast<std::uint8_t>(random_.below(3)));
    } else if (what < 25) {
      if (!client.filters().empty())
        client.unsubscribe(client.filters()[random_.below(client.filters().size())]);
    } else if (what < 28) {
      client.ping();
    } else if (what < 45) {
      const auto qos = static_cast<Qos>(number % 3);
      if (client.may_publish(qos))
        client.publish(fmt::format("r/{}", number), qos, true, random_.chance(0.15));
    } else {
      const auto qos = static_cast<Qos>(random_.below(3));
      if (client.may_publish(qos))
        client.publish(topics[random_.below(std::size(topics))], qos, false, false);
    }
  }

  // Bytes between the clients and the network. True when there were any.
  bool exchange() {
    bool any = false;
    for (Client& client : clients_) {
      ModelClient& model = *client.model;
      if (model.phase() == Phase::offline) continue;
      const std::string from_broker = network_.take_output(client.wire);
      model.receive(from_broker, time());
      const std::string to_broker = model.take_output();
      network_.send(client.wire, to_broker);
      any |= !from_broker.empty() || !to_broker.empty();
      if (model.phase() == Phase::leaving) {
        hang_up(client);
      } else if (network_.is_closed(client.wire)) {
        if (model.form().keep_alive_s == 0 && model.phase() == Phase::open)
          history_.complain(model.form().id, "is closed for no reason");
        model.disconnected();
        any = true;
      }
    }
    return any;
  }

  // Until nobody has anything left to do.
  void settle() {
    for (int turn = 0; turn < 20'000; ++turn) {
      const bool any = exchange();
      if (!any && network_.is_idle()) return;
      network_.step();
    }
    history_.complain("broker", "does not settle");
  }

  // No more faults: who has a session comes back for it, and all that is owed is done.
  void make_peace() {
    network_.be_kind();
    network_.drop_abandoned();
    for (Client& client : clients_) {
      if (client.model->phase() == Phase::offline) continue;
      network_.set_reading(client.wire, true);
      client.model->set_slow(false);
    }
    settle();
    for (Client& client : clients_) {
      client.model->set_slow(false);
      if (client.model->phase() == Phase::offline && client.model->form().is_durable)
        connect(client, false);
    }
    settle();
    for (Client& client : clients_) {
      if (client.model->is_open()) client.model->ping();
    }
    settle();
    for (Client& client : clients_) {
      if (client.model->is_open() && !client.model->owes_nothing())
        history_.complain(client.model->form().id, "still waits for the broker");
    }
  }

  std::size_t look_at_retained() {
    const std::size_t number = clients_.size();
    clients_.push_back(
        {std::make_unique<ModelClient>(ClientForm{.id = "probe", .number = number}, history_)});
    connect(clients_.back(), true);
    settle();
    clients_.back().model->subscribe("r/#", Qos::exactly_once, 0);
    settle();
    for (std::size_t session = history_.sessions.size(); session > 0; --session) {
      if (history_.sessions[session - 1].client == number) return session - 1;
    }
    return nobody;
  }

  // Everybody leaves, and takes the session along: nothing may be left.
  std::string part() {
    for (Client& client : clients_) {
      if (client.model->phase() != Phase::offline) hang_up(client);
      client.model->set_durable(false);
      connect(client, true);
    }
    settle();
    for (Client& client : clients_) client.model->leave();
    settle();
    std::string complaints;
    for (std::size_t index = 0; index < network_.shard_count(); ++index) {
      const broker::Shard& shard = network_.shard(index);
      const std::size_t left =
          shard.connection_count() + shard.session_count() + shard.subscription_count();
      if (left > 0) {
        complaints += fmt::format("shard {} keeps {} connections, {} sessions, {} subscriptions\n",
                                  index, shard.connection_count(), shard.session_count(),
                                  shard.subscription_count());
      }
    }
    return complaints;
  }

  const RunForm& form_;
  Random random_;
  History history_;
  Network network_;
  std::vector<Client> clients_{};
};

}  // namespace

RunForm form_of(std::uint64_t seed) {
  RunForm form;
  const broker::ShardIndex several = (seed & 12U) == 0 ? 2 : 4;
  form.world = {.shard_count = (seed & 1U) != 0 ? several : broker::ShardIndex{1},
                .delays = (seed & 2U) != 0,
                .seed = static_cast<std::uint32_t>(seed)};
  form.placement = (seed & 16U) != 0 ? broker::Placement::pack : broker::Placement::spread;
  Random random(seed ^ 0x5EED);
  const auto maybe = [&](double value) { return random.chance(0.5) ? value : 0; };
  form.client_count = 3 + random.below(6);
  form.faults = {.drop = maybe(0.05),
                 .takeover = maybe(0.05),
                 .leave = maybe(0.03),
                 .discard = maybe(0.2),
                 .convert = maybe(0.1),
                 .stop_reading = maybe(0.05),
                 .slow = maybe(0.1),
                 .jump = maybe(0.01)};
  form.mail_held = maybe(0.6);
  form.commits_held = maybe(0.5);
  form.bytes_cut = maybe(0.5);
  if (random.chance(1.0 / 3)) form.faults.crash = 0.02;
  form.world.snapshots = form.faults.crash > 0 && random.chance(0.75);
  return form;
}

RunResult run(std::uint64_t seed, const RunForm& form) { return Run(seed, form).play(); }

}  // namespace mqz::simulation
