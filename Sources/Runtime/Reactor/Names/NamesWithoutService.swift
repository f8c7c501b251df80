import DNS
import Wire

/// What is known of names without asking anybody; the same on the system's network and on a simulated one.
extension DNSQuestion {
    /// Bytes of a name in presentation form (RFC 1035 2.3.4).
    private static let maximumLength = 253

    /// The answer for a number, for `localhost` (RFC 6761 6.3), and for what is no name; nil for other names.
    func answerWithoutService() -> DNSAnswer? {
        if let ip = IPAddress(name) { return answer(from: [ip]) }
        if name == "localhost" || name.hasSuffix(".localhost") {
            return answer(from: [.loopbackIPv4, IPAddress(high: 0, low: 1)])
        }
        return isName ? nil : DNSAnswer(.badName)
    }

    /// Those of the addresses that are of the kind asked for.
    func answer(from addresses: [IPAddress]) -> DNSAnswer {
        let fitting = addresses.filter { kind == .a && $0.isIPv4 || kind == .aaaa && !$0.isIPv4 }
        return DNSAnswer(fitting.map(DNSRecord.address))
    }

    private var isName: Bool {
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return name.utf8.count <= Self.maximumLength && labels.allSatisfy { (1...63).contains($0.count) }
            && name.utf8.allSatisfy { ASCII.isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
    }
}

extension DNSRecordKind {
    var isAddress: Bool { self == .a || self == .aaaa }
}
