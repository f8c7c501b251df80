/* For LD_PRELOAD: hides that an interface is the loopback, so that Janus offers 127.0.0.1 as a candidate. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <ifaddrs.h>
#include <net/if.h>

int getifaddrs(struct ifaddrs **list) {
    int (*real)(struct ifaddrs **) = (int (*)(struct ifaddrs **))dlsym(RTLD_NEXT, "getifaddrs");
    int status = real(list);
    if (status == 0)
        for (struct ifaddrs *one = *list; one; one = one->ifa_next) one->ifa_flags &= ~(unsigned)IFF_LOOPBACK;
    return status;
}
