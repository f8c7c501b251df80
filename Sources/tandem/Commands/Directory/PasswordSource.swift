import Glibc
import Wire

/// Where a command's password comes from: an argument, standard input, or chance.
struct PasswordSource {
    /// Reads a line of standard input, without showing it on a terminal; nil at the end of the input.
    var readLine: () -> String? = { PasswordSource.ask() }

    struct Password: Equatable {
        let text: String
        /// Nobody knows it yet: it is printed, once.
        let isGenerated: Bool
    }

    /// `--password WORD`, `--password -` for standard input; without it a password is made.
    func password(_ arguments: Arguments) throws(CommandError) -> Password {
        switch arguments.value("--password") {
        case "-"?: return Password(text: try ask(), isGenerated: false)
        case let given?: return Password(text: given, isGenerated: false)
        case nil: return Password(text: Self.generate(), isGenerated: true)
        }
    }

    /// For a password that somebody else has set: it is asked for instead of made.
    func foreignPassword(_ arguments: Arguments) throws(CommandError) -> String {
        if let given = arguments.value("--password"), given != "-" { return given }
        return try ask()
    }

    private func ask() throws(CommandError) -> String {
        guard let line = readLine(), !line.isEmpty else { throw .refused("no password was given") }
        return line
    }

    private static func ask() -> String? {
        var settings = termios()
        guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 else {
            return Swift.readLine()
        }
        let shown = settings
        settings.c_lflag &= ~tcflag_t(ECHO)
        show("Password: ")
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
        defer {
            var shown = shown
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
            show("\n")
        }
        return Swift.readLine()
    }

    private static func show(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// 80 random bits in letters and digits that are not taken for one another.
    private static func generate() -> String {
        let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")
        var entropy = Entropy.system
        return String((0..<16).map { _ in alphabet[Int.random(in: alphabet.indices, using: &entropy)] })
    }
}
