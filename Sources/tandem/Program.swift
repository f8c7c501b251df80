import Glibc
import Reactor
import Wire

/// What all commands share: the settings, the words for failure and the way out.
enum Program {
    static let version = "1.0.0"

    static let help = """
        tandem: a gateway between browsers (WebRTC) and telephony (SIP)

        tandem serve     run the gateway in the foreground
        tandem check     say whether the configuration can be used, and stop
        tandem config    list every setting with its default and meaning, as Markdown
        tandem health    ask the gateway on this machine whether it is ready (exit status 0 or 1)
        tandem status    say how the running gateway fares
        tandem calls     list the calls that live, and those that ended last
        tandem call      say why a call sounded as it did; its signalling with --sip
        tandem hangup    end a call
        tandem trunks    say how every trunk fares
        tandem registrations  list the devices that are registered
        tandem token     print an access token: tandem token --login NAME [--hours N]
        tandem user      add, list and remove users; set a password
        tandem account   add, list and remove the phones that may register
        tandem trunk     add, list, check and remove the ways to the telephone network
        tandem route     add, list and remove what becomes of calls from trunks
        tandem queue     add, list and remove queues; let a member rest
        tandem phone     add, list and remove the telephones of users
        tandem line      add, list and remove the numbers that customers dial
        tandem company   add, list and remove the organisations of those who call
        tandem db        say what is in the database, migrate it, copy it into another
        tandem mango     bring over calls and extensions from the Mango Office exchange
        tandem version

        Settings are environment variables, or lines NAME=value in ./.env; tandem config lists them.
        """

    /// Exit statuses of sysexits.h that supervisors understand.
    enum Failure: Int32 {
        case usage = 64
        /// The command makes sense and cannot be done.
        case refused = 1
        /// The system refuses what the configuration asks: a port in use, a folder that cannot be written.
        case system = 71
        case configuration = 78
    }

    static func fail(_ failure: Failure, _ message: String) -> Never {
        say("tandem: \(message)")
        exit(failure.rawValue)
    }

    /// One line for a person; log lines for machines go to standard output.
    static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// The configuration, or the end of the program with one clear line.
    static func configuration() -> Configuration {
        do throws(ConfigurationError) {
            return try Configuration(
                environment(), processorCount: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        } catch {
            fail(.configuration, error.description)
        }
    }

    static func environment() -> Environment {
        var process: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { process[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return Environment(process: process, file: TextFile.read(".env"))
    }

    /// Whoever started us as a service and asks to be told how we are; nil when nobody does.
    static func serviceManager() -> ServiceManager? {
        environment()["NOTIFY_SOCKET"].flatMap { ServiceManager(address: $0) }
    }

    static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// Small files read and written whole.
enum TextFile {
    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes a file that only its owner can read.
    static func writePrivately(_ text: String, to path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        return write(descriptor, bytes, bytes.count) == bytes.count
    }
}
