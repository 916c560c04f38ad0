#include "lib/os/port_holder.h"

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

namespace mqz::os {
namespace {

using Inodes = std::set<std::string>;

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

std::uint16_t port_of(const Address& address) {
  if (address.family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(address.sockaddr.data())->sin_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in6*>(address.sockaddr.data())->sin6_port);
}

// Lines of /proc/net/tcp: "sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode".
void collect_tcp_listeners(const char* table, std::uint16_t port, Inodes& inodes) {
  std::ifstream lines(table);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
        timeout >> inode;
    const std::size_t colon = local.rfind(':');
    if (state != "0A" || colon == std::string::npos) continue;
    if (std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port) inodes.insert(inode);
  }
}

// Lines of /proc/net/unix: "Num RefCount Protocol Flags Type St Inode Path".
void collect_unix_listeners(const std::string& path, Inodes& inodes) {
  std::ifstream lines("/proc/net/unix");
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string number, count, protocol, flags, type, state, inode, name;
    words >> number >> count >> protocol >> flags >> type >> state >> inode >> name;
    if (name == path) inodes.insert(inode);
  }
}

bool holds_one(const std::string& fd_folder, const Inodes& inodes) {
  const Dir folder(::opendir(fd_folder.c_str()));
  if (!folder) return false;
  while (const dirent* entry = ::readdir(folder.get())) {
    std::array<char, 64> target{};
    const ssize_t size =
        ::readlink((fd_folder + '/' + entry->d_name).c_str(), target.data(), target.size());
    if (size <= 0) continue;
    const std::string_view link(target.data(), static_cast<std::size_t>(size));
    if (!link.starts_with("socket:[")) continue;
    if (inodes.contains(std::string(link.substr(8, link.size() - 9)))) return true;
  }
  return false;
}

std::string process_name(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/comm");
  std::string name;
  std::getline(file, name);
  return name + " (pid " + pid + ")";
}

}  // namespace

std::string find_port_holder(const Address& address) {
  Inodes inodes;
  if (address.family == AF_UNIX) {
    collect_unix_listeners(address.text, inodes);
  } else {
    collect_tcp_listeners("/proc/net/tcp", port_of(address), inodes);
    collect_tcp_listeners("/proc/net/tcp6", port_of(address), inodes);
  }
  if (inodes.empty()) return {};
  const Dir processes(::opendir("/proc"));
  if (!processes) return {};
  while (const dirent* entry = ::readdir(processes.get())) {
    const std::string pid = entry->d_name;
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (holds_one("/proc/" + pid + "/fd", inodes)) return process_name(pid);
  }
  return {};
}

}  // namespace mqz::os
