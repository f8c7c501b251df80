public import Glibc

/// A value that several threads read and change, each alone while it does.
///
/// A POSIX lock stands in for `Synchronization.Mutex`, since the thread sanitizer of this toolchain does not see the
/// contended path of the latter: whatever is handed over under it looks like a race.
@safe
public final class Locked<Value>: @unchecked Sendable {
    // `value` is guarded by `mutex`, whose address never changes.

    @usableFromInline let mutex: UnsafeMutablePointer<pthread_mutex_t>
    @usableFromInline var value: Value

    public init(_ value: sending Value) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        self.value = value
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Calls `body` with the value while no other thread has it; not to be called again from inside.
    @inlinable
    public func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
