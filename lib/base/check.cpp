#include "lib/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace mqz {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "mqz: broken invariant: %s (%s:%d); please report this\n", condition, file,
               line);
  std::abort();
}

}  // namespace mqz
