// How a publisher's work ended, in words and as an exit status.
#include <fmt/core.h>

#include <algorithm>

#include "commands/pub_run.h"
#include "lib/os/clock.h"

namespace mqz::commands {

std::string Publisher::progress() const { return fmt::format("acked {} of {}", acked_, owed_); }

int Publisher::conclude() {
  if (plan_.input == PubPlan::Input::terminal && prompted_) say("\n");
  if (plan_.stats) print_stats();
  const bool all_acked = acked_ + rejected_ >= owed_;
  if (signal_ != 0) {
    if (!all_acked) note(path_, "stopped: " + progress());
    return 128 + signal_;
  }
  if (stop_) {
    Stop why = *stop_;
    if (!all_acked || (owed_ > 0 && why.code == Exit::bad_input)) why.text += "; " + progress();
    return report(path_, why);
  }
  if (rejected_ > 0) return report(path_, describe_rejections());
  if (!all_acked) return report(path_, {Exit::failed, progress(), {}});
  if (echoes_.missing() > 0) {
    return report(
        path_,
        {Exit::failed,
         fmt::format("{} of {} messages did not come back", echoes_.missing(), sent_ - rejected_),
         "before MQTT 5 and with QoS 0 a server cannot say what it does not allow"});
  }
  if (client_->uncertain() > 0) {
    return report(path_, {Exit::failed,
                          fmt::format("{} messages of QoS 0 were on connections that were lost; "
                                      "some may not have arrived",
                                      client_->uncertain()),
                          "with -q 1 nothing is lost"});
  }
  return static_cast<int>(Exit::done);
}

Stop Publisher::describe_rejections() const {
  return {all_denied_ && rejected_ == sent_ ? Exit::refused : Exit::failed,
          fmt::format("{} of {} messages rejected: {}", rejected_, sent_, first_rejection_),
          {}};
}

void Publisher::print_stats() const {
  const double seconds = static_cast<double>((os::read_mono() - started_).count()) / 1000;
  const double rate = static_cast<double>(sent_) / std::max(seconds, 0.001);
  say(fmt::format("sent {}, acked {}, rejected {}, {:.3f} s, {:.0f} messages/s\n", sent_, acked_,
                  rejected_, seconds, rate));
}

}  // namespace mqz::commands
