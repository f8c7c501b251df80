import CUV
import Wire

/// What a loop has yet to run: a piece of an actor or a closure.
enum LoopEntry {
    case job(UnownedJob)
    case call(LoopJob)
}

/// Where other threads leave work for a control loop: a locked list and a `uv_async_t` that wakes the loop.
final class LoopMailbox: @unchecked Sendable {
    // Every property is guarded by `lock`.

    private let lock = SystemLock()
    /// Nil before the loop opens and after it closes its handles.
    private var async: UnsafeMutablePointer<uv_async_t>?
    private var letters: [LoopEntry] = []
    private var isClosed = false

    func post(_ job: UnownedJob) { post(.job(job)) }
    func post(_ call: @escaping @Sendable () -> Void) { post(.call(call)) }

    var count: Int { lock.withLock { letters.count } }

    /// Names the handle that wakes the loop; letters posted before are announced at once.
    func open(_ async: UnsafeMutablePointer<uv_async_t>) {
        lock.withLock {
            self.async = async
            if !letters.isEmpty { uv_async_send(async) }
        }
    }

    /// Takes everything posted so far, in order.
    func drain(into ready: inout FIFO<LoopEntry>) {
        let taken = lock.withLock {
            let taken = letters
            letters = []
            return taken
        }
        for letter in taken { ready.append(letter) }
    }

    /// Wakes the loop though nothing was posted.
    func wake() {
        lock.withLock {
            if let async { uv_async_send(async) }
        }
    }

    /// From here on letters are dropped: nobody will run them.
    func close() {
        lock.withLock {
            async = nil
            isClosed = true
            letters = []
        }
    }

    private func post(_ letter: LoopEntry) {
        lock.withLock {
            guard !isClosed else { return }
            letters.append(letter)
            // Sent under the lock, so that the handle cannot be closed in between.
            if letters.count == 1, let async { uv_async_send(async) }
        }
    }
}
