import CallViews
import Foundation
import SIP
import Testing
import Wire

/// The signalling of a call as text, picture and capture.
@Suite struct TraceTests {
    private static let own = "192.0.2.1:5060"

    private static func message(_ at: Int64, _ isIncoming: Bool, _ remote: String, _ text: String) throws
        -> TracedMessage
    {
        TracedMessage(
            at: WallTime(milliseconds: 1_700_000_000_000 + at), isIncoming: isIncoming, transport: "UDP",
            local: try #require(SocketAddress(own)), remote: try #require(SocketAddress(remote)),
            bytes: Array(text.utf8))
    }

    private static func call() throws -> SIPTrace {
        let (caller, callee) = ("198.51.100.7:5060", "[2001:db8::9]:5062")
        return SIPTrace([
            try message(0, true, caller, "INVITE sip:1@x SIP/2.0\r\nCall-ID: a\r\n\r\nv=0\r\n"),
            try message(2, false, caller, "SIP/2.0 100 Trying\r\n\r\n"),
            try message(5, false, callee, "INVITE sip:1@y SIP/2.0\r\n\r\nv=0\r\n"),
            try message(1205, true, callee, "SIP/2.0 486 Busy <Here>\r\n\r\n"),
        ])
    }

    @Test func `the ladder has a column for each party and a line for each message`() throws {
        let lines = Ladder(try Self.call()).text.split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines[0].contains("198.51.100.7:5060") && lines[0].contains("tandem"))
        #expect(lines[1].contains("- INVITE (SDP) -") && lines[1].contains(">|"))
        #expect(lines[2].contains("<-") && lines[2].contains("100 Trying"))
        #expect(lines[4].hasPrefix("+1.205") && lines[4].contains("486 Busy <Here>"))
        #expect(Set(lines.dropFirst().map(\.count)).count == 1)
    }

    @Test func `the ladder in the README is what the program draws`() throws {
        let (caller, callee) = ("198.51.100.7:5060", "203.0.113.9:5060")
        let trace = SIPTrace([
            try Self.message(0, true, caller, "INVITE sip:1@x SIP/2.0\r\n\r\nv=0\r\n"),
            try Self.message(1, false, caller, "SIP/2.0 100 Trying\r\n\r\n"),
            try Self.message(4, false, callee, "INVITE sip:1@y SIP/2.0\r\n\r\nv=0\r\n"),
            try Self.message(1206, true, callee, "SIP/2.0 486 Busy Here\r\n\r\n"),
        ])
        let readme = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../README.md")
        #expect(
            try String(contentsOf: readme, encoding: .utf8).contains("```\n\(Self.trimmed(Ladder(trace).text))```\n"))
    }

    /// Without blanks at the ends of lines, which no editor leaves in a file.
    private static func trimmed(_ text: String) -> String {
        text.split(separator: "\n").map { line in
            String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }.joined()
    }

    @Test func `what a far side wrote commands no terminal`() throws {
        let answer = try Self.message(0, true, "198.51.100.7:5060", "SIP/2.0 486 \u{1B}]0;x\u{7}\u{202E}Busy\r\n\r\n")
        let text = Ladder(SIPTrace([answer])).text
        #expect(text.contains("Busy"))
        let isCommand: (Unicode.Scalar) -> Bool = {
            $0 != "\n" && [.control, .format].contains($0.properties.generalCategory)
        }
        #expect(!text.unicodeScalars.contains(where: isCommand))
    }

    @Test func `the picture is well formed whatever the far side wrote`() throws {
        let svg = Ladder(try Self.call()).svg
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
        #expect(svg.contains("486 Busy &lt;Here&gt;"))
        #expect(!svg.contains("<Here>"))
    }

    @Test func `the capture has one packet for each message with right checksums`() throws {
        let bytes = Capture.pcap(try Self.call())
        func number(at offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
        #expect(number(at: 0) == 0xA1B2_C3D4)
        #expect(number(at: 20) == 101)
        var (offset, lengths) = (24, [Int]())
        while offset < bytes.count {
            let length = number(at: offset + 8)
            let packet = Array(bytes[offset + 16..<offset + 16 + length])
            lengths.append(length)
            if packet[0] >> 4 == 4 { #expect(Self.sum(Array(packet[0..<20])) == 0xFFFF) }
            offset += 16 + length
        }
        #expect(lengths.count == 4)
        #expect(lengths[1] == 20 + 8 + "SIP/2.0 100 Trying\r\n\r\n".utf8.count)
    }

    /// The one's complement sum over a header with its checksum is all ones.
    private static func sum(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
        }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
        return sum
    }

    @Test func `secrets are blanked and nothing changes its length`() throws {
        let text = """
            INVITE sip:1@x SIP/2.0\r\nAuthorization: Digest username="a", response="0123abcd", cnonce="q"\r\n\r\n\
            a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^31\r\na=ice-pwd:open\r\n
            """
        let trace = SIPTrace([try Self.message(0, true, "198.51.100.7:5060", text)]).withoutSecrets
        let masked = String(decoding: trace.messages[0].bytes, as: UTF8.self)
        #expect(masked.utf8.count == text.utf8.count)
        for secret in ["0123abcd", "\"q\"", "c2VjcmV0", "open"] { #expect(!masked.contains(secret)) }
        #expect(masked.contains("inline:********|2^31"))
    }

    @Test func `secrets are blanked however their names are written, and digits by INFO are secrets`() throws {
        let text = """
            INFO sip:1@x SIP/2.0\r\nAuthorization: Digest Response = "0123abcd", CNONCE=5678\r\n\r\n\
            Signal= 7\r\nDuration=160\r\n
            """
        let trace = SIPTrace([try Self.message(0, true, "198.51.100.7:5060", text)]).withoutSecrets
        let masked = String(decoding: trace.messages[0].bytes, as: UTF8.self)
        #expect(masked.utf8.count == text.utf8.count)
        for secret in ["0123abcd", "5678", "Signal= 7"] { #expect(!masked.contains(secret)) }
        #expect(masked.contains("Duration=160"))
    }

    @Test func `what the store keeps reads back as it was`() throws {
        let odd = TracedMessage(
            at: WallTime(milliseconds: 5), isIncoming: true, transport: "TLS",
            local: try #require(SocketAddress(Self.own)), remote: try #require(SocketAddress("[::1]:9")),
            bytes: [0xFF, 0x00])
        let trace = SIPTrace(try Self.call().messages + [odd])
        #expect(SIPTrace(json: trace.json) == trace)
    }
}
