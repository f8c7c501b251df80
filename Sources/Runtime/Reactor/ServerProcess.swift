import Glibc

/// What the system says of this process, and what it lets it have.
package struct ServerProcess: Sendable, Equatable {
    /// User and system time since the start, in seconds.
    package let cpuSeconds: Double
    package let residentBytes: UInt64
    package let openDescriptors: Int
    package let maximumDescriptors: UInt64

    /// Reads the figures now; those the system does not give are 0.
    package static func statistics() -> ServerProcess {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return ServerProcess(
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime), residentBytes: residentBytes(),
            openDescriptors: openDescriptors(), maximumDescriptors: maximumDescriptors)
    }

    /// Raises the limit of open descriptors as far as the system allows; answers the limit now in force.
    @discardableResult
    package static func raiseDescriptorLimit() -> UInt64 {
        var limit = descriptorLimit()
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return maximumDescriptors
    }

    /// How many descriptors may be open.
    package static var maximumDescriptors: UInt64 { UInt64(descriptorLimit().rlim_cur) }

    private static func descriptorLimit() -> rlimit {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    /// The second field of `/proc/self/statm` (proc(5)): pages in memory.
    private static func residentBytes() -> UInt64 {
        guard let file = fopen("/proc/self/statm", "re") else { return 0 }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 128)
        let count = fread(&text, 1, text.count, file)
        let fields = text.prefix(count).split(separator: CChar(32))
        guard fields.count > 1 else { return 0 }
        let pages = fields[1].reduce(UInt64(0)) { $0 &* 10 &+ UInt64(clamping: Int($1) - 48) }
        return pages &* UInt64(clamping: sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func openDescriptors() -> Int {
        guard let directory = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Not counted: the two dot entries and the directory itself.
        return max(0, count - 3)
    }
}
