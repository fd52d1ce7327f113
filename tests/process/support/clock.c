// Tells the process that loads it another time of day than the machine's: as many seconds off as the file says that
// CLOCK_FILE names. libfaketime does more, and crashes in a program that brings its own malloc: this one needs none.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long offset(void) {
    char text[32] = {0};
    const char *path = getenv("CLOCK_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    return length > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    // Not the clock that only goes on: a machine whose time is set does not live longer by that.
    if (result == 0 && clock == CLOCK_REALTIME) {
        int kept = errno;
        time->tv_sec += offset();
        errno = kept;
    }
    return result;
}
