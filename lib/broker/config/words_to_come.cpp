#include "lib/broker/config/word_tables.h"
#include "lib/broker/config/words.h"

namespace mqz::broker {

namespace {

constexpr Word to_come(std::string_view name, WordScope scope, bool repeats = false) {
  return {.name = name, .kind = WordKind::text, .scope = scope, .status = WordStatus::later, .repeats = repeats};
}

constexpr Word table[] = {
    to_come("acl_file", WordScope::security),
    to_come("auth_opt_*", WordScope::security, true),
    to_come("auth_plugin_deny_special_chars", WordScope::security, true),
    to_come("clientid_prefixes", WordScope::global),
    to_come("enable_control_api", WordScope::global),
    to_come("global_max_clients", WordScope::global),
    to_come("global_plugin", WordScope::global, true),
    to_come("password_file", WordScope::security),
    to_come("plugin", WordScope::security, true),
    to_come("plugin_load", WordScope::global, true),
    to_come("plugin_opt_*", WordScope::security, true),
    to_come("plugin_use", WordScope::listener, true),
    to_come("psk_file", WordScope::security),
    to_come("retain_expiry_interval", WordScope::global),

    to_come("accept_protocol_versions", WordScope::listener),
    to_come("bind_interface", WordScope::listener),
    to_come("cafile", WordScope::listener),
    to_come("capath", WordScope::listener),
    to_come("certfile", WordScope::listener),
    to_come("ciphers", WordScope::listener),
    to_come("ciphers_tls1.3", WordScope::listener),
    to_come("crlfile", WordScope::listener),
    to_come("disable_client_cert_date_checks", WordScope::listener),
    to_come("enable_proxy_protocol", WordScope::listener),
    to_come("http_dir", WordScope::listener),
    to_come("keyfile", WordScope::listener),
    to_come("mount_point", WordScope::listener),
    to_come("mptcp", WordScope::listener),
    to_come("proxy_protocol_v2_require_tls", WordScope::listener),
    to_come("psk_hint", WordScope::listener),
    to_come("require_certificate", WordScope::listener),
    to_come("socket_domain", WordScope::listener),
    to_come("tls_engine", WordScope::listener),
    to_come("tls_engine_kpass_sha1", WordScope::listener),
    to_come("tls_keyform", WordScope::listener),
    to_come("tls_version", WordScope::listener),
    to_come("use_identity_as_username", WordScope::listener),
    to_come("use_subject_as_username", WordScope::listener),
    to_come("use_username_as_clientid", WordScope::listener),
    to_come("websockets_origin", WordScope::listener, true),

    to_come("connection", WordScope::file, true),
    to_come("address", WordScope::bridge),
    to_come("bridge_alpn", WordScope::bridge),
    to_come("bridge_attempt_unsubscribe", WordScope::bridge),
    to_come("bridge_bind_address", WordScope::bridge),
    to_come("bridge_cafile", WordScope::bridge),
    to_come("bridge_capath", WordScope::bridge),
    to_come("bridge_certfile", WordScope::bridge),
    to_come("bridge_ciphers", WordScope::bridge),
    to_come("bridge_ciphers_tls1.3", WordScope::bridge),
    to_come("bridge_identity", WordScope::bridge),
    to_come("bridge_insecure", WordScope::bridge),
    to_come("bridge_keyfile", WordScope::bridge),
    to_come("bridge_max_packet_size", WordScope::bridge),
    to_come("bridge_max_topic_alias", WordScope::bridge),
    to_come("bridge_outgoing_retain", WordScope::bridge),
    to_come("bridge_protocol_version", WordScope::bridge),
    to_come("bridge_psk", WordScope::bridge),
    to_come("bridge_receive_maximum", WordScope::bridge),
    to_come("bridge_reload_type", WordScope::bridge),
    to_come("bridge_require_ocsp", WordScope::bridge),
    to_come("bridge_session_expiry_interval", WordScope::bridge),
    to_come("bridge_tcp_keepalive", WordScope::bridge),
    to_come("bridge_tcp_user_timeout", WordScope::bridge),
    to_come("bridge_tls_use_os_certs", WordScope::bridge),
    to_come("bridge_tls_version", WordScope::bridge),
    to_come("cleansession", WordScope::bridge),
    to_come("idle_timeout", WordScope::bridge),
    to_come("keepalive_interval", WordScope::bridge),
    to_come("local_cleansession", WordScope::bridge),
    to_come("local_clientid", WordScope::bridge),
    to_come("local_password", WordScope::bridge),
    to_come("local_username", WordScope::bridge),
    to_come("notification_topic", WordScope::bridge),
    to_come("notifications", WordScope::bridge),
    to_come("notifications_local_only", WordScope::bridge),
    to_come("remote_clientid", WordScope::bridge),
    to_come("remote_password", WordScope::bridge),
    to_come("remote_username", WordScope::bridge),
    to_come("restart_timeout", WordScope::bridge),
    to_come("round_robin", WordScope::bridge),
    to_come("start_type", WordScope::bridge),
    to_come("threshold", WordScope::bridge),
    to_come("topic", WordScope::bridge, true),
    to_come("try_private", WordScope::bridge),
};

}  // namespace

std::span<const Word> words_to_come() { return table; }

}  // namespace mqz::broker
