import CLinux
import Glibc
import Wire

/// A named thread of the system that runs one function and can be joined.
package final class PlainThread: Sendable {
    private enum State: Sendable {
        case joinable(pthread_t)
        case joined
    }

    private struct Start {
        let name: String
        let body: @Sendable () -> Void
    }

    private let state: Locked<State>

    /// Starts the thread.
    ///
    /// The process cannot do its work without it, so a refusal by the system ends the program.
    package init(name: String, _ body: @escaping @Sendable () -> Void) {
        let start = UnsafeMutablePointer<Start>.allocate(capacity: 1)
        start.initialize(to: Start(name: name, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let start = argument?.assumingMemoryBound(to: Start.self) else { return nil }
                let (name, body) = (start.pointee.name, start.pointee.body)
                start.deinitialize(count: 1)
                start.deallocate()
                tandem_thread_name(name)
                body()
                return nil
            }, start)
        precondition(status == 0, "no thread for \(name): errno \(status)")
        state = Locked(.joinable(thread))
    }

    /// Waits for the function to return; later calls return at once, and it is never called from the thread itself.
    package func join() {
        let thread: pthread_t? = state.withLock { state in
            guard case .joinable(let thread) = state else { return nil }
            state = .joined
            return thread
        }
        if let thread { pthread_join(thread, nil) }
    }

    deinit {
        if case .joinable(let thread) = state.withLock({ $0 }) { pthread_detach(thread) }
    }

    /// A number that tells the calling thread from every other one alive.
    static var currentID: UInt { UInt(pthread_self()) }
}
