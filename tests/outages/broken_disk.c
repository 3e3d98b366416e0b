/* Preloaded: while the file BROKEN_DISK_FLAG exists, nothing can be written below BROKEN_DISK, as on a disk with an error. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int is_broken(int descriptor) {
  char link[64], path[4096];
  const char *flag = getenv("BROKEN_DISK_FLAG"), *folder = getenv("BROKEN_DISK");
  if (!flag || !folder || access(flag, F_OK) < 0)
    return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < (ssize_t)strlen(folder) || strncmp(path, folder, strlen(folder)) != 0)
    return 0;
  errno = EIO;
  return 1;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t at) {
  ssize_t (*next)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
  return is_broken(descriptor) ? -1 : next(descriptor, bytes, count, at);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t at) { return pwrite64(descriptor, bytes, count, at); }

int fsync(int descriptor) {
  int (*next)(int) = dlsym(RTLD_NEXT, "fsync");
  return is_broken(descriptor) ? -1 : next(descriptor);
}

int fdatasync(int descriptor) {
  int (*next)(int) = dlsym(RTLD_NEXT, "fdatasync");
  return is_broken(descriptor) ? -1 : next(descriptor);
}
