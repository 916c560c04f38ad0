// Properties in Paho's form and ours.
#pragma once

#include <MQTTAsync.h>  // its own header lacks extern "C"

#include "lib/mqtt/property.h"

namespace mqz::backend {

// Owned copies in Paho's form.
class PahoProperties {
 public:
  explicit PahoProperties(mqtt::PropertyView from);
  ~PahoProperties();
  PahoProperties(const PahoProperties&) = delete;
  PahoProperties& operator=(const PahoProperties&) = delete;
  MQTTProperties* get() { return &properties_; }

 private:
  MQTTProperties properties_ = MQTTProperties_initializer;
};

mqtt::PropertyWriter from_paho(const MQTTProperties& properties);

}  // namespace mqz::backend
