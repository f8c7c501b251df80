#define _GNU_SOURCE
#include "CLinux.h"

#include <pthread.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void tandem_thread_name(const char *name) {
    char shortened[16] = {0};
    strncpy(shortened, name, sizeof shortened - 1);
    pthread_setname_np(pthread_self(), shortened);
}

void tandem_thread_niceness(int more) {
    // On Linux niceness is a thread's own, the process's number names its first thread, and zero the calling one.
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, (id_t)getpid()) + more);
}

uint64_t tandem_thread_cpu_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int tandem_memory_file(const char *name, const void *bytes, size_t count) {
    int descriptor = memfd_create(name, MFD_CLOEXEC);
    if (descriptor < 0) return -1;
    for (size_t done = 0; done < count;) {
        ssize_t written = pwrite(descriptor, (const char *)bytes + done, count - done, (off_t)done);
        if (written <= 0) {
            int reason = written < 0 ? errno : ENOSPC;
            close(descriptor);
            errno = reason;
            return -1;
        }
        done += (size_t)written;
    }
    return descriptor;
}
