// Makes writes of databases fail, for the tests of the recorder. It is loaded before the C library. The file that
// CUPOLA_TEST_FAULTS names has the kind of fault: none, full, error, short, or y for syncs. Every third write or sync of a
// file whose name has ".db" fails.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int calls;

// Returns the first letter of the fault for a write or a sync of a file, or 0 for none.
static char fault(int file, int is_sync) {
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length <= 0) return 0;
    name[length] = 0;
    const char *control = getenv("CUPOLA_TEST_FAULTS");
    if (!strstr(name, ".db") || !control) return 0;
    int opened = open(control, O_RDONLY);
    char kind = 0;
    if (opened < 0 || read(opened, &kind, 1) != 1) kind = 0;
    if (opened >= 0) close(opened);
    if (kind == 'n' || (kind == 'y') != is_sync || __sync_add_and_fetch(&calls, 1) % 3) return 0;
    return kind;
}

// Returns the number of bytes to write, or -1 with the error of the fault.
static ssize_t allowed(int file, size_t count) {
    switch (fault(file, 0)) {
    case 'f': errno = ENOSPC; return -1;
    case 'e': errno = EIO; return -1;
    case 's': return count > 1 ? (ssize_t)(count / 2) : (ssize_t)count;
    default: return (ssize_t)count;
    }
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

ssize_t write(int file, const void *data, size_t count) {
    ssize_t some = allowed(file, count);
    return some < 0 ? -1 : REAL("write", ssize_t(*)(int, const void *, size_t))(file, data, (size_t)some);
}

ssize_t pwrite(int file, const void *data, size_t count, off_t at) {
    ssize_t some = allowed(file, count);
    return some < 0 ? -1 : REAL("pwrite", ssize_t(*)(int, const void *, size_t, off_t))(file, data, (size_t)some, at);
}

ssize_t pwrite64(int file, const void *data, size_t count, off64_t at) {
    ssize_t some = allowed(file, count);
    return some < 0 ? -1 : REAL("pwrite64", ssize_t(*)(int, const void *, size_t, off64_t))(file, data, (size_t)some, at);
}

int fsync(int file) {
    if (fault(file, 1) == 'y') { errno = EIO; return -1; }
    return REAL("fsync", int (*)(int))(file);
}

int fdatasync(int file) {
    if (fault(file, 1) == 'y') { errno = EIO; return -1; }
    return REAL("fdatasync", int (*)(int))(file);
}
