import Glibc
import Reactor
import Synchronization
import Testing
import Wire

struct PlainThreadTests {
    /// The niceness of the calling thread, as the system shows it.
    private static func niceness() throws -> Int {
        let stream = try #require(fopen("/proc/thread-self/stat", "r"))
        defer { fclose(stream) }
        var bytes = [CChar](repeating: 0, count: 1024)
        try #require(fgets(&bytes, CInt(bytes.count), stream) != nil)
        // The name, in brackets, may have spaces; the niceness is the nineteenth field, the second before it.
        let text = String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let fields = try #require(text.split(separator: ")").last).split(separator: " ")
        return try #require(Int(fields[16]))
    }

    /// What a thread says of its niceness whose maker is nicer than the program by three.
    private static func niceness(of niceness: Int) -> Int? {
        let seen = Mutex<(maker: Int?, made: Int?)>((nil, nil))
        let maker = PlainThread(name: "maker", niceness: 3) {
            seen.withLock { $0.maker = try? Self.niceness() }
            PlainThread(name: "made", niceness: niceness) {
                let own = try? Self.niceness()
                seen.withLock { $0.made = own }
            }.join()
        }
        maker.join()
        let (base, made) = seen.withLock { ($0.maker.map { $0 - 3 }, $0.made) }
        guard let base, let made else { return nil }
        return made - base
    }

    @Test(.enabled(if: geteuid() == 0, "a thread may be made less nice by root alone"))
    func `a thread is as nice as the program and not as the thread that made it`() {
        #expect(Self.niceness(of: 0) == 0)
        #expect(Self.niceness(of: 1) == 1)
    }

    @Test func `a thread may be asked to be nicer`() {
        #expect(Self.niceness(of: 4) == 4)
    }
}
