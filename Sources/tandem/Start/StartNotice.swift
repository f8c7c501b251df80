import Reactor
import Wire

/// Tells the service manager again and again that the start goes on, while what takes long holds the main thread.
final class StartNotice: Sendable {
    private let manager: ServiceManager
    private let words: String
    private let thread: BlockingThread
    private let isOver = Locked(false)

    /// Well within the time that each notice asks for, and that systemd gives a start at first.
    private static let interval = Duration.seconds(20)
    private static let patience = Duration.seconds(60)

    /// Nil when nobody asks to be told.
    init?(_ words: String) {
        guard let manager = Program.serviceManager() else { return nil }
        (self.manager, self.words, thread) = (manager, words, BlockingThread(name: "start"))
        wait()
    }

    func end() {
        isOver.withLock { $0 = true }
        thread.stop()
    }

    private func wait() { thread.execute(after: Self.interval) { [self] in say() } }

    /// What still waits when the thread ends is run then, and must not be said.
    private func say() {
        guard !isOver.withLock({ $0 }) else { return }
        manager.tell(.status(words), .extend(Self.patience))
        wait()
    }
}
