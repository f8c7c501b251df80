import Crypto
import Wire

/// Checks passwords away from the loop: the hash is slow on purpose, and calls must not wait for it.
package actor PasswordChecker {
    private nonisolated let thread: any SerialExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The hash of a password nobody has: checked when a login does not exist, so that its answer takes as long.
    private lazy var decoy: String = {
        var entropy = Entropy.system
        return PasswordHash.make(entropy.hex(16), using: &entropy)
    }()

    /// `thread` may be busy for a while: a `BlockingThread` of its own.
    package init(thread: any SerialExecutor) { self.thread = thread }

    /// Whether the password fits the stored hash; nil never fits.
    package func verify(_ password: String, against stored: String?) -> Bool {
        let fits = PasswordHash.verify(password, against: stored ?? decoy)
        return fits && stored != nil
    }

    /// What is stored for a password that somebody has chosen.
    package func hash(_ password: String) -> String {
        var entropy = Entropy.system
        return PasswordHash.make(password, using: &entropy)
    }
}
