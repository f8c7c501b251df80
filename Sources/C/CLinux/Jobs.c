#include "CLinux.h"

#include <stddef.h>

// The Swift runtime asks this hook, when it is set, where a job goes that no executor of ours was named for.
typedef __attribute__((swiftcall)) void (*enqueue_function)(void *job);
typedef __attribute__((swiftcall)) void (*enqueue_hook)(void *job, enqueue_function original);
extern enqueue_hook swift_task_enqueueGlobal_hook;

static _Thread_local void *owner;
static int (*interceptor)(void *job, void *owner);

static __attribute__((swiftcall)) void enqueue(void *job, enqueue_function original) {
    if (owner == NULL || !interceptor(job, owner)) original(job);
}

void tandem_intercept_jobs(int (*take)(void *job, void *owner)) {
    interceptor = take;
    swift_task_enqueueGlobal_hook = enqueue;
}

void tandem_thread_owner_set(void *value) { owner = value; }

void *tandem_thread_owner(void) { return owner; }
