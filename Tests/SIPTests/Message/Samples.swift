import Testing

@testable import SIP

/// Messages for tests, written with line feeds that become CRLF.
enum Samples {
    static func bytes(_ text: String) -> [UInt8] {
        text.utf8.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
    }

    /// An OPTIONS request with more header lines.
    static func options(_ more: String = "", body: String = "") -> [UInt8] {
        let more = more.isEmpty ? "" : more + "\n"
        return bytes(
            """
            OPTIONS sip:example.com SIP/2.0
            Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKa
            From: <sip:a@example.com>;tag=f
            To: <sip:b@example.com>
            Call-ID: c1
            CSeq: 1 OPTIONS
            \(more)Content-Length: \(body.utf8.count)


            """) + Array(body.utf8)
    }

    static func request(_ more: String = "", body: String = "") throws -> SIPRequest {
        try #require(SIPParser.parse(options(more, body: body)).request)
    }

    static func fault(_ bytes: [UInt8], _ framing: SIPParser.Framing = .datagram) -> SIPParseError.Fault? {
        do throws(SIPParseError) {
            _ = try SIPParser.parse(bytes, framing: framing)
            return nil
        } catch {
            return error.fault
        }
    }
}
