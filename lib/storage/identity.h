// The file STORE: which store this is, and in which format. It is written last when a store is
// made, so that its absence beside records means that something was taken away.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/os/disk.h"
#include "lib/storage/segment.h"

namespace mqz::storage {

inline constexpr std::size_t identity_bytes = 512;
inline constexpr const char* identity_name = "STORE";

std::array<std::byte, identity_bytes> encode_identity(std::uint64_t store_id,
                                                      std::uint32_t format = store_format);

// not_found, corrupt, or invalid for a newer format, naming both.
Result<std::uint64_t> read_identity(os::Disk& disk, const std::string& directory);
// What segments, or else snapshots, say of the store they belong to; 0: nothing.
Result<std::uint64_t> find_store_id(os::Disk& disk, const std::string& directory,
                                    const std::vector<std::string>& names);
// Durable and whole, or not there.
Result<void> write_identity(os::Disk& disk, const std::string& directory, std::uint64_t store_id);

}  // namespace mqz::storage
