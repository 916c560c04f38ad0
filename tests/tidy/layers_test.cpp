// The layers of lib/README.md: a file includes its own module and lower ones only.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <set>

#include "tests/tidy/tree.h"

using namespace mqz::tidy;

namespace {

// From the bottom.
constexpr std::string_view layers[] = {
    "lib/base/",     "lib/mqtt/",    "lib/statestore/",   "lib/os/",     "lib/http/",
    "lib/storage/",  "lib/backend/", "lib/coordination/", "lib/broker/", "lib/replog/",
    "lib/informer/", "commands/",    "main.cpp"};
constexpr std::size_t no_layer = std::size(layers);

std::size_t layer_of(std::string_view path) {
  const auto at = std::find_if(std::begin(layers), std::end(layers),
                               [&](std::string_view layer) { return path.starts_with(layer); });
  return static_cast<std::size_t>(at - std::begin(layers));
}

struct Home {
  std::string_view header{};  // an include that begins so ...
  std::string_view folder{};  // ... stands only below this path
};
constexpr Home homes[] = {
    {"CLI/", "commands/arguments.cpp"},
    {"toml++/", "commands/config_file.cpp"},
    {"MQTTAsync.h", "lib/backend/mqtt/"},
    {"MQTTClient.h", "lib/backend/mqtt/"},
    {"MQTTProperties.h", "lib/backend/mqtt/"},
    {"hiredis/", "lib/backend/redis/"},
    {"zookeeper/", "lib/backend/zookeeper/"},
    {"openssl/", "lib/os/"},
    {"boost/", "lib/http/"},
    {"sys/epoll.h", "lib/os/"},
    {"sys/eventfd.h", "lib/os/"},
    {"sys/signalfd.h", "lib/os/"},
    {"sys/socket.h", "lib/os/"},
    {"sys/timerfd.h", "lib/os/"},
    {"netdb.h", "lib/os/"},
    {"netinet/", "lib/os/"},
};

// Nothing in these modules can see a socket, a clock, a thread or randomness.
constexpr std::string_view pure_modules[] = {"lib/base/", "lib/mqtt/", "lib/statestore/"};
constexpr std::string_view impure_headers[] = {
    "sys/",  "unistd.h",   "fcntl.h", "thread", "mutex",  "condition_variable", "random", "future",
    "ctime", "filesystem", "fstream", "time.h", "poll.h", "signal.h",           "csignal"};

std::vector<std::string> layer_complaints(const File& file) {
  std::vector<std::string> complaints;
  const std::size_t own = layer_of(file.path);
  if (own == no_layer) {
    if (file.in("lib/") && file.is_cpp())
      complaints.push_back(file.path + ": in no module of lib/");
    return complaints;
  }
  for (const Include& include : includes_of(file)) {
    if (!include.quoted) continue;
    const std::size_t other = layer_of(include.name);
    if (other == no_layer) {
      complaints.push_back(
          at_line(file, include.line, "'" + include.name + "' is not a path from the top"));
    } else if (other > own) {
      complaints.push_back(
          at_line(file, include.line, "'" + include.name + "' is in a higher layer"));
    }
  }
  return complaints;
}

std::vector<std::string> home_complaints(const File& file) {
  std::vector<std::string> complaints;
  if (!file.in("lib/") && !file.in("commands/") && file.path != "main.cpp") return complaints;
  for (const Include& include : includes_of(file)) {
    for (const Home& home : homes) {
      if (include.name.starts_with(home.header) && !file.in(home.folder)) {
        complaints.push_back(
            at_line(file, include.line,
                    "'" + include.name + "' stands only in " + std::string(home.folder)));
      }
    }
  }
  return complaints;
}

std::vector<std::string> purity_complaints(const File& file) {
  std::vector<std::string> complaints;
  const bool pure = std::any_of(std::begin(pure_modules), std::end(pure_modules),
                                [&](auto folder) { return file.in(folder); });
  for (const Include& include : includes_of(file)) {
    const bool effect = std::any_of(
        std::begin(impure_headers), std::end(impure_headers), [&](std::string_view header) {
          return header.ends_with('/') ? include.name.starts_with(header) : include.name == header;
        });
    if (pure && effect)
      complaints.push_back(at_line(file, include.line, "'" + include.name + "' in a pure module"));
    const bool heavy =
        include.name == "iostream" || include.name == "regex" || include.name == "filesystem";
    if (heavy && (file.is_header() || include.name == "iostream") &&
        (file.in("lib/") || file.in("commands/"))) {
      complaints.push_back(at_line(file, include.line, "'" + include.name + "' is too heavy here"));
    }
  }
  return complaints;
}

// A header and its source are one component, named by their path without the ending; a header
// shard_write.h beside shard.h is a part of that one.
std::string component_of(const std::string& path, const std::set<std::string>& headers) {
  const std::string stem = path.substr(0, path.rfind('.'));
  const std::string family = stem.substr(0, stem.rfind('_'));
  return headers.count(stem) != 0 && headers.count(family) != 0 ? family : stem;
}

using Graph = std::map<std::string, std::set<std::string>>;

Graph graph_of(const std::vector<File>& files) {
  std::set<std::string> headers;
  for (const File& file : files) {
    if (file.is_header()) headers.insert(file.path.substr(0, file.path.rfind('.')));
  }
  Graph graph;
  for (const File& file : files) {
    if (layer_of(file.path) == no_layer) continue;
    const std::string own = component_of(file.path, headers);
    for (const Include& include : includes_of(file)) {
      const std::string other = component_of(include.name, headers);
      if (include.quoted && other != own) graph[own].insert(other);
    }
  }
  return graph;
}

// One line per cycle that a walk in depth meets: "a -> b -> a".
std::vector<std::string> cycles_in(const Graph& graph) {
  std::vector<std::string> cycles;
  std::set<std::string> done;
  std::vector<std::string> path;
  const std::function<void(const std::string&)> visit = [&](const std::string& component) {
    const auto again = std::find(path.begin(), path.end(), component);
    if (again != path.end()) {
      std::string cycle;
      for (auto at = again; at != path.end(); ++at) cycle += *at + " -> ";
      cycles.push_back(cycle + component);
      return;
    }
    const auto edges = graph.find(component);
    if (edges == graph.end() || done.count(component) != 0) return;
    path.push_back(component);
    for (const std::string& other : edges->second) visit(other);
    path.pop_back();
    done.insert(component);
  };
  for (const auto& [component, edges] : graph) visit(component);
  return cycles;
}

template <typename Check>
std::string complaints_over_tree(Check check) {
  std::vector<std::string> all;
  for (const File& file : tree()) {
    const auto found = check(file);
    all.insert(all.end(), found.begin(), found.end());
  }
  return joined(all);
}

}  // namespace

TEST_CASE("a file includes its own layer and lower ones only", "[tidy]") {
  CHECK(complaints_over_tree(layer_complaints) == "");
  CHECK(layer_complaints(make_file("lib/os/a.cpp", "#include \"lib/base/b.h\"\n")).empty());
  CHECK(layer_complaints(make_file("lib/base/a.cpp", "#include \"lib/os/b.h\"\n")).size() == 1);
  CHECK(layer_complaints(make_file("lib/base/a.cpp", "#include \"b.h\"\n")).size() == 1);
  CHECK(layer_complaints(make_file("lib/odd/a.cpp", "")).size() == 1);
}

TEST_CASE("third-party headers and descriptors stay in their folders", "[tidy]") {
  CHECK(complaints_over_tree(home_complaints) == "");
  CHECK(home_complaints(make_file("lib/broker/a.cpp", "#include <sys/epoll.h>\n")).size() == 1);
  CHECK(home_complaints(make_file("commands/pub.cpp", "#include <CLI/CLI.hpp>\n")).size() == 1);
  CHECK(home_complaints(make_file("lib/backend/redis/a.cpp", "#include <hiredis/hiredis.h>\n"))
            .empty());
}

TEST_CASE("pure modules see no clock, thread or descriptor, and headers stay light", "[tidy]") {
  CHECK(complaints_over_tree(purity_complaints) == "");
  CHECK(purity_complaints(make_file("lib/mqtt/a.cpp", "#include <unistd.h>\n")).size() == 1);
  CHECK(purity_complaints(make_file("lib/os/a.h", "#include <regex>\n")).size() == 1);
  CHECK(purity_complaints(make_file("lib/os/a.cpp", "#include <unistd.h>\n")).empty());
}

TEST_CASE("components do not include each other in circles", "[tidy]") {
  CHECK(joined(cycles_in(graph_of(tree()))) == "");
  const std::vector<File> circle = {make_file("lib/os/a.h", "#include \"lib/os/b.h\"\n"),
                                    make_file("lib/os/b.cpp", "#include \"lib/os/a.h\"\n")};
  CHECK(cycles_in(graph_of(circle)).size() == 1);
}
