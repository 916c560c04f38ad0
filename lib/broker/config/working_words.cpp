#include <array>

#include "lib/broker/config/takes.h"
#include "lib/broker/config/word_tables.h"
#include "lib/broker/config/words.h"

namespace mqz::broker {

namespace {

using enum WordKind;
using Scope = WordScope;
constexpr auto works = WordStatus::works;
constexpr auto ignored = WordStatus::ignored;
constexpr std::int64_t u16_max = 65'535;
constexpr std::int64_t i32_max = 2'147'483'647;
constexpr std::int64_t i64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t endless = SIZE_MAX;

std::string take_inflight(Draft& draft, const Word& word, std::string_view value) {
  std::string wrong = take_number<&Settings::inflight_max, 0, u16_max>(draft, word, value);
  draft.config.settings.receive_max = draft.config.settings.inflight_max;
  return wrong;
}

constexpr Word table[] = {
    {.name = "allow_anonymous", .kind = flag, .scope = Scope::security, .status = works, .reloads = true,
     .take = take_flag<&Security::allow_anonymous>,
     .help = "May clients come in without a user name? By default only if no listener is configured, and "
             "then only from this machine."},
    {.name = "allow_zero_length_clientid", .kind = flag, .scope = Scope::security, .status = works,
     .reloads = true, .standard = "true", .take = take_flag<&Security::allow_empty_client_id>,
     .help = "May clients leave their client id empty, so that one is made for them?"},
    {.name = "auto_id_prefix", .kind = text, .scope = Scope::security, .status = works, .reloads = true,
     .standard = "auto-", .take = take_auto_id_prefix,
     .help = "How client ids begin that are made here; up to 50 bytes."},
    {.name = "bind_address", .kind = text, .scope = Scope::listener, .status = works,
     .take = take_bind_address,
     .help = "Old form: the address of the listener that has none of its own line; see listener."},
    {.name = "connection_messages", .kind = flag, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "true", .take = take_flag<&Log::connections>,
     .help = "Are connections and disconnections logged?"},
    {.name = "global_max_connections", .kind = number, .scope = Scope::global, .status = works,
     .reloads = true, .standard = "-1", .least = -1, .most = i32_max,
     .take = take_number<&Settings::connections_max, -1, endless>,
     .help = "How many clients may be connected to the whole broker; -1: as many as come."},
    {.name = "include_dir", .kind = text, .scope = Scope::file, .status = works, .repeats = true,
     .help = "Reads every *.conf file of a directory here, in the order of their names. Only in the main file."},
    {.name = "listener", .kind = special, .scope = Scope::file, .status = works, .repeats = true,
     .take = take_listener,
     .help = "PORT [ADDRESS], or 0 PATH for a Unix socket: accept connections there. The listener words "
             "below it are this listener's."},
    {.name = "listener_allow_anonymous", .kind = flag, .scope = Scope::listener, .status = works,
     .reloads = true, .take = take_listener_allow_anonymous,
     .help = "Like allow_anonymous, for this listener, and before it."},
    {.name = "listener_auto_id_prefix", .kind = text, .scope = Scope::listener, .status = works,
     .reloads = true, .take = take_listener_auto_id_prefix,
     .help = "Like auto_id_prefix, for this listener, and before it."},
    {.name = "log_dest", .kind = choice, .scope = Scope::global, .status = works, .reloads = true,
     .repeats = true, .standard = "stderr", .take = take_log_dest,
     .help = "Where the log goes: stdout, stderr, syslog, topic, file PATH, or none. Several lines, "
             "several places."},
    {.name = "log_timestamp", .kind = flag, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "true", .take = take_flag<&Log::timestamp>, .help = "Does each line of the log begin with the time?"},
    {.name = "log_timestamp_format", .kind = text, .scope = Scope::global, .status = works, .reloads = true,
     .take = take_text<&Log::timestamp_format>,
     .help = "The form of that time, as strftime has it; by default seconds since 1970."},
    {.name = "log_type", .kind = choice, .scope = Scope::global, .status = works, .reloads = true,
     .repeats = true, .take = take_log_type,
     .help = "What is logged: error, warning, notice, information, debug, subscribe, unsubscribe, "
             "websockets, internal, all, none. Several lines add up; by default the first four."},
    {.name = "max_connections", .kind = number, .scope = Scope::listener, .status = works, .reloads = true,
     .standard = "-1", .least = -1, .most = i32_max,
     .take = take_number<&Listener::connections_max, -1, endless>,
     .help = "How many clients may be connected to this listener; -1: as many as come."},
    {.name = "max_inflight_bytes", .kind = number, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "0", .most = i64_max, .take = take_number<&Config::inflight_bytes_max>,
     .help = "Bytes of QoS 1 and 2 messages sent to a client and not yet acknowledged; 0: no limit."},
    {.name = "max_inflight_messages", .kind = number, .scope = Scope::global, .status = works,
     .reloads = true, .standard = "20", .most = u16_max, .take = take_inflight,
     .help = "QoS 1 and 2 messages on their way to a client, and from one, at the same time; 0: no limit "
             "but the protocol's."},
    {.name = "max_keepalive", .kind = number, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "0", .most = u16_max, .take = take_number<&Settings::keep_alive_max_s, 0, u16_max>,
     .help = "The longest keep-alive a client may ask for, in seconds; MQTT 5 clients are told to use it. "
             "0: any, and none."},
    {.name = "max_outgoing_bytes", .kind = number, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "67108864", .most = i64_max, .take = take_number<&Settings::outgoing_bytes_max, 0, endless>,
     .help = "Bytes that wait for a connection that does not read; beyond it QoS 0 messages to it are "
             "dropped and counted. 0: no limit. (mqz's own word.)"},
    {.name = "max_packet_size", .kind = number, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "2000000", .least = 20, .most = 268'435'460,
     .take = take_number<&Settings::packet_bytes_max>,
     .help = "The largest packet that is accepted, in bytes; a client that sends a larger one is disconnected."},
    {.name = "max_qos", .kind = number, .scope = Scope::listener, .status = works, .reloads = true,
     .standard = "2", .most = 2, .take = take_number<&Listener::qos_max>,
     .help = "The highest QoS that clients may publish with."},
    {.name = "max_queued_bytes", .kind = number, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "1073741824", .most = i64_max, .take = take_number<&Settings::queue_bytes_max, 0, endless>,
     .help = "Bytes of QoS 1 and 2 messages that wait for one session; 0: no limit.",
     .differs = "Mosquitto has no limit here and one of 1000 messages instead"},
    {.name = "max_queued_messages", .kind = number, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "0", .least = -1, .most = i32_max, .take = take_number<&Settings::queue_messages_max, -1, 0>,
     .help = "QoS 1 and 2 messages that wait for one session; 0: no limit but max_queued_bytes.",
     .differs = "Mosquitto drops what comes after 1000 waiting messages, although it was acknowledged"},
    {.name = "max_subscriptions", .kind = number, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "100000", .least = 1, .most = i32_max,
     .take = take_number<&Settings::filters_per_session_max>,
     .help = "How many subscriptions one session may have. (mqz's own word.)"},
    {.name = "max_topic_alias", .kind = number, .scope = Scope::listener, .status = works, .reloads = true,
     .standard = "10", .most = u16_max, .take = take_number<&Listener::topic_alias_max>,
     .help = "How many topic aliases an MQTT 5 client may use; 0: none."},
    {.name = "max_topic_alias_broker", .kind = number, .scope = Scope::listener, .status = works,
     .reloads = true, .standard = "10", .most = u16_max, .take = take_number<&Listener::topic_alias_out_max>,
     .help = "How many topic aliases the broker uses towards an MQTT 5 client; 0: none."},
    {.name = "max_topic_levels", .kind = number, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "200", .least = 1, .most = 65'536, .take = take_number<&Settings::topic_levels_max>,
     .help = "How many levels a topic or filter may have. (mqz's own word; Mosquitto has 200 built in.)"},
    {.name = "memory_limit", .kind = number, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "0", .most = i64_max, .take = take_number<&Settings::memory_bytes_max>,
     .help = "Bytes of memory that messages may take; beyond it publishers are not read until there is "
             "room. 0: no limit."},
    {.name = "message_size_limit", .kind = number, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "0", .most = 268'435'455,
     .take = take_number<&Settings::message_bytes_max, 0, mqtt::packet_bytes_max>,
     .help = "The largest payload of a message, in bytes; 0: no limit but max_packet_size."},
    {.name = "per_listener_settings", .kind = flag, .scope = Scope::global, .status = works,
     .standard = "false", .take = take_per_listener_settings,
     .help = "Are allow_anonymous, allow_zero_length_clientid and auto_id_prefix each listener's own? To "
             "stand before them."},
    {.name = "persistence", .kind = flag, .scope = Scope::global, .status = works, .standard = "false",
     .take = take_persistence, .help = "Do sessions, queues and retained messages survive the broker?"},
    {.name = "persistence_location", .kind = text, .scope = Scope::global, .status = works,
     .take = take_text<&Config::persistence_location>,
     .help = "The directory in which they are kept, in mqz/ below it."},
    {.name = "persistent_client_expiration", .kind = duration, .scope = Scope::global, .status = works,
     .reloads = true, .take = take_expiration,
     .help = "How long the session of an absent client is kept at most: a number and one of s h d w m y. "
             "By default as long as the client asked for."},
    {.name = "pid_file", .kind = text, .scope = Scope::global, .status = works,
     .take = take_text<&Config::pid_file>, .help = "The file to which the process id is written."},
    {.name = "port", .kind = number, .scope = Scope::listener, .status = works, .standard = "1883", .least = 1,
     .most = u16_max, .take = take_port,
     .help = "Old form: the port of the listener that has none of its own line; see listener."},
    {.name = "protocol", .kind = choice, .scope = Scope::listener, .status = works, .standard = "mqtt",
     .take = take_protocol, .help = "What this listener speaks: mqtt. (websockets comes with a later part.)"},
    {.name = "queue_qos0_messages", .kind = flag, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "false", .take = take_flag<&Settings::queue_qos0>,
     .help = "Are QoS 0 messages kept too for a session whose client is absent?"},
    {.name = "retain_available", .kind = flag, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "true", .take = take_flag<&Settings::retain_available>,
     .help = "May messages be retained? If not, a client that tries is disconnected."},
    {.name = "set_tcp_nodelay", .kind = flag, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "true", .take = take_flag<&Config::tcp_nodelay>,
     .help = "Is each small packet sent at once?",
     .differs = "the broker writes in batches itself, so waiting in the kernel costs latency and saves nothing"},
    {.name = "sys_interval", .kind = number, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "10", .most = u16_max, .take = take_number<&Config::sys_interval_s>,
     .help = "Seconds between updates of the topics below $SYS; 0: none."},
    {.name = "upgrade_outgoing_qos", .kind = flag, .scope = Scope::global, .status = works, .reloads = true,
     .standard = "false", .take = take_flag<&Config::upgrade_outgoing_qos>,
     .help = "Are messages sent with the QoS of the subscription even if they were published with a lower "
             "one? The specification says no."},
    {.name = "user", .kind = text, .scope = Scope::global, .status = works, .take = take_user,
     .help = "The user that Mosquitto becomes when started by root; mqz stays who it is and says so."},

    {.name = "allow_duplicate_messages", .kind = flag, .scope = Scope::global, .status = ignored},
    {.name = "autosave_interval", .kind = number, .scope = Scope::global, .status = ignored},
    {.name = "autosave_on_changes", .kind = flag, .scope = Scope::global, .status = ignored},
    {.name = "check_retain_source", .kind = flag, .scope = Scope::global, .status = ignored},
    {.name = "dhparamfile", .kind = text, .scope = Scope::listener, .status = ignored},
    {.name = "log_facility", .kind = number, .scope = Scope::global, .status = ignored},
    {.name = "packet_buffer_size", .kind = number, .scope = Scope::global, .status = ignored},
    {.name = "persistence_file", .kind = text, .scope = Scope::global, .status = ignored},
    {.name = "retry_interval", .kind = number, .scope = Scope::global, .status = ignored},
    {.name = "websockets_log_level", .kind = number, .scope = Scope::global, .status = ignored},
};

}  // namespace

std::span<const Word> working_words() { return table; }

}  // namespace mqz::broker
