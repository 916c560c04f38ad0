#include "lib/backend/mqtt/paho_mailbox.h"

#include <utility>

namespace mqz::backend {

void PahoMailbox::post(PahoEvent event) {
  {
    const std::lock_guard hold(lock_);
    answers_.push_back(std::move(event));
  }
  wakeup_.wake();
}

bool PahoMailbox::is_full(std::size_t times) const {
  return messages_.size() >= bounds_.messages_max * times ||
         message_bytes_ >= bounds_.bytes_max * times;
}

void PahoMailbox::post_message(PahoEvent event) {
  {
    std::unique_lock hold(lock_);
    room_.wait_for(hold, bounds_.patience, [this] { return !is_full(1) || visitors_ > 0; });
    room_.wait(hold, [this] { return !is_full(2) || visitors_ > 0; });
    message_bytes_ += event.payload.size() + event.text.size();
    messages_.push_back(std::move(event));
  }
  wakeup_.wake();
}

std::vector<PahoEvent> PahoMailbox::take_answers() {
  const std::lock_guard hold(lock_);
  return std::exchange(answers_, {});
}

std::vector<PahoEvent> PahoMailbox::take_messages() {
  const std::lock_guard hold(lock_);
  message_bytes_ = 0;
  room_.notify_all();
  return std::exchange(messages_, {});
}

bool PahoMailbox::has_messages() {
  const std::lock_guard hold(lock_);
  return !messages_.empty();
}

void PahoMailbox::count_visitor(int change) {
  const std::lock_guard hold(lock_);
  visitors_ += change;
  room_.notify_all();
}

}  // namespace mqz::backend
