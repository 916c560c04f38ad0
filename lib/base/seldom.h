// What few objects of a kind have: one word until it is used.
#pragma once

#include <memory>
#include <utility>

namespace mqz {

template <typename T>
class Seldom {
 public:
  Seldom() = default;
  Seldom(const Seldom& other) : thing_(other ? std::make_unique<T>(*other) : nullptr) {}
  Seldom(Seldom&&) noexcept = default;
  Seldom& operator=(Seldom other) noexcept {
    thing_ = std::move(other.thing_);
    return *this;
  }
  ~Seldom() = default;

  // Was it used?
  explicit operator bool() const { return thing_ != nullptr; }
  // To be read; an empty one if it was not.
  const T& operator*() const {
    static const T none{};
    return thing_ ? *thing_ : none;
  }
  const T* operator->() const { return &**this; }
  // To be changed.
  T& use() {
    if (!thing_) thing_ = std::make_unique<T>();
    return *thing_;
  }

 private:
  std::unique_ptr<T> thing_{};
};

}  // namespace mqz
