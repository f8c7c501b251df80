import Glibc
import Wire

/// A mutex and its condition: `Locked` with something to wait for.
final class SystemLock: @unchecked Sendable {
    // The pointers never change, and what they point at is made to be shared.

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        // Deadlines are moments of the monotonic clock, as everywhere.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Lets the lock go until `signal`, or for no reason at all; with the lock held only.
    func wait() { pthread_cond_wait(condition, mutex) }

    /// The same, but not past `deadline`.
    func wait(until deadline: Instant) {
        var moment = timespec(
            tv_sec: Int(deadline.nanoseconds / 1_000_000_000), tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
        pthread_cond_timedwait(condition, mutex, &moment)
    }

    /// Wakes one who waits.
    func signal() { pthread_cond_signal(condition) }
}
