import CTCMalloc
import Reactor

/// Gives memory back to the system that nobody has needed for a while.
///
/// The allocator keeps what is freed for whoever asks next, and by itself returns it only as more is freed: what a login's
/// key derivation took, or a crowd of calls, would stay with a program that has become quiet.
///
/// On a thread of its own, since the system may take milliseconds to take back a large piece.
final class SpareMemory: Sendable {
    private let thread = BlockingThread(name: "memory")

    private static let interval = Duration.seconds(10)
    private static let piece = 1 << 20
    private static let pause = Duration.milliseconds(10)

    init() { look(before: 0) }

    func stop() { thread.stop() }

    /// What is free now and was at the last look, `before`, is not needed so soon.
    private func look(before: Int) {
        thread.execute(after: Self.interval) { [self] in giveBack(min(Self.freeBytes, before)) }
    }

    /// In pieces, since nobody gets whole pages meanwhile.
    private func giveBack(_ bytes: Int) {
        MallocExtension_ReleaseToSystem(min(bytes, Self.piece))
        guard bytes > Self.piece else { return look(before: Self.freeBytes) }
        thread.execute(after: Self.pause) { [self] in giveBack(bytes - Self.piece) }
    }

    /// Whole pages that are ours and in no use.
    private static var freeBytes: Int {
        var bytes = 0
        MallocExtension_GetNumericProperty("tcmalloc.pageheap_free_bytes", &bytes)
        return bytes
    }
}
