import Reactor
import TestKit
import Testing

/// A framer of lines; the careless kind forgets what came without its line's end.
private struct LineFramer {
    let isCareless: Bool
    private var rest: [UInt8] = []

    init(isCareless: Bool) { self.isCareless = isCareless }

    mutating func feed(_ bytes: [UInt8]) -> [[UInt8]] {
        rest += bytes
        var lines: [[UInt8]] = []
        while let end = rest.firstIndex(of: 10) {
            lines.append(Array(rest[..<end]))
            rest.removeFirst(end + 1)
        }
        if isCareless { rest = [] }
        return lines
    }
}

struct FramingVerifierTests {
    private let stream = Array("first\n\nthird\n".utf8)
    private let lines = [Array("first".utf8), [], Array("third".utf8)]

    @Test func `a framer that keeps its place passes`() throws {
        try verifyFraming(of: stream, yields: lines, make: { LineFramer(isCareless: false) }) { $0.feed($1) }
    }

    @Test func `a framer that loses its place is found out`() {
        #expect(throws: FramingMismatch.self) {
            try verifyFraming(of: stream, yields: lines, make: { LineFramer(isCareless: true) }) { $0.feed($1) }
        }
    }

    @Test func `the process knows what it uses`() {
        let limit = ServerProcess.raiseDescriptorLimit()
        let statistics = ServerProcess.statistics()
        #expect(limit > 64)
        #expect(statistics.maximumDescriptors == limit)
        #expect(statistics.openDescriptors > 2)
        #expect(statistics.residentBytes > 1 << 20)
        #expect(statistics.cpuSeconds > 0)
    }
}
