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
        let niceness: Int
        let body: @Sendable () -> Void
    }

    private let state: Locked<State>

    /// Starts the thread, which is so much nicer than the program was started with.
    ///
    /// The process cannot do its work without it, so a refusal by the system ends the program.
    package init(name: String, niceness: Int = 0, _ body: @escaping @Sendable () -> Void) {
        let start = UnsafeMutablePointer<Start>.allocate(capacity: 1)
        start.initialize(to: Start(name: name, niceness: niceness, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let start = argument?.assumingMemoryBound(to: Start.self) else { return nil }
                let settings = start.move()
                start.deallocate()
                tandem_thread_name(settings.name)
                // A thread begins with that of its maker, and the threads of Swift's pool have one of their own.
                tandem_thread_niceness(CInt(clamping: settings.niceness))
                settings.body()
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
