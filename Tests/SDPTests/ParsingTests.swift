import SDP
import Testing
import Wire

struct ParsingTests {
    @Test(arguments: Samples.all) func `what was read is written and read again as the same`(text: String) throws {
        let description = try SessionDescription(parsing: Samples.bytes(text))
        #expect(try SessionDescription(parsing: description.serialized()) == description)
    }

    @Test(arguments: Samples.all) func `a bare line feed ends a line as well`(text: String) throws {
        #expect(
            try SessionDescription(parsing: Array(text.utf8)) == SessionDescription(parsing: Samples.bytes(text)))
    }

    @Test(arguments: Samples.all) func `no truncation of a description traps`(text: String) {
        let bytes = Samples.bytes(text)
        for length in 0..<bytes.count {
            _ = try? RemoteAudio(parsing: Array(bytes.prefix(length)))
        }
    }

    @Test func `the example of RFC 8866 is read field by field`() throws {
        let description = try SessionDescription(parsing: Samples.bytes(Samples.rfc8866))
        #expect(description.origin == "jdoe 3724394400 3724394405 IN IP4 198.51.100.1")
        #expect(description.name == "Call to John Smith")
        #expect(description.connection == SDPConnection(host: "198.51.100.1", isIPv6: false))
        #expect(description.media.map(\.kind) == ["audio", "audio", "video"])
        #expect(description.media[2].connection == SDPConnection(host: "2001:db8::2", isIPv6: true))
        #expect(description.otherLines.map(\.type) == Array("iuept".utf8))
    }

    @Test func `lines of unknown letters are kept where they stood`() throws {
        let text = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nk=clear:x\nm=audio 4000 RTP/AVP 0\nb=AS:64\n"
        let description = try SessionDescription(parsing: Array(text.utf8))
        #expect(description.otherLines.last == SDPLine(type: UInt8(ascii: "k"), value: "clear:x"))
        #expect(description.media.first?.otherLines == [SDPLine(type: UInt8(ascii: "b"), value: "AS:64")])
        #expect(String(decoding: description.serialized(), as: UTF8.self).contains("k=clear:x\r\n"))
    }

    @Test func `a value may begin with what combines with the colon to one character`() throws {
        let text = "v=0\na=title:\u{301}x\na=sendonly\nm=audio 4000 RTP/AVP 0\na=:\n"
        let description = try SessionDescription(parsing: Array(text.utf8))
        #expect(description.attributes == [SDPAttribute("title", "\u{301}x"), SDPAttribute("sendonly", "")])
        #expect(description.media.first?.attributes == [SDPAttribute("", "")])
    }

    @Test(arguments: ["", "\r\n", "hello", "v=1\r\n", "o=- 1 1 IN IP4 192.0.2.1\r\n", "\u{0}"])
    func `what does not begin with version 0 is no description`(text: String) {
        #expect(throws: SDPError.notSDP) { try SessionDescription(parsing: Array(text.utf8)) }
    }

    @Test(arguments: ["x", "=", "1=2", "a:b", "a=mid:0\rm=audio 1 RTP/AVP 0", "a=x\u{0}"])
    func `a line that is none is refused with its number`(line: String) {
        #expect(throws: SDPError.malformedLine(2)) { try SessionDescription(parsing: Array("v=0\r\n\(line)\r\n".utf8)) }
    }

    @Test(arguments: ["", "audio", "audio 1", "audio x RTP/AVP 0", "audio 65536 RTP/AVP 0", "audio -1 RTP/AVP 0"])
    func `an m-line without its parts is refused`(line: String) {
        #expect(throws: SDPError.malformedMedia(line: 2)) {
            try SessionDescription(parsing: Array("v=0\r\nm=\(line)\r\n".utf8))
        }
    }

    @Test func `bytes that are no UTF-8 do no harm`() throws {
        let bytes = Array("v=0\r\ns=".utf8) + [0xFF, 0xC0] + Array("\r\nm=audio 4000 RTP/AVP 0\r\n".utf8)
        #expect(try SessionDescription(parsing: bytes).media.count == 1)
    }
}

struct LimitTests {
    private func parse(_ lines: [String]) throws(SDPError) {
        _ = try SessionDescription(parsing: Array((["v=0"] + lines).joined(separator: "\n").utf8))
    }

    @Test func `ten thousand m-lines are refused`() {
        let lines = Array(repeating: "m=audio 9 RTP/AVP 0", count: 10_000)
        #expect(throws: SDPError.tooLarge) { try parse(lines) }
        let short = Array(repeating: "m=a 9 R 0", count: 2000)
        #expect(throws: SDPError.tooMany(.media)) { try parse(short) }
    }

    @Test func `every limit holds at its last value and refuses the next`() throws {
        let limits: [(SDPLimit, (Int) -> [String])] = [
            (.lines, { Array(repeating: "b=1", count: $0 - 1) }),
            (.media, { Array(repeating: "m=audio 9 RTP/AVP 0", count: $0) }),
            (.attributes, { ["m=audio 9 RTP/AVP 0"] + Array(repeating: "a=x", count: $0) }),
            (.formats, { ["m=audio 9 RTP/AVP" + String(repeating: " 0", count: $0)] }),
            (.candidates, { ["m=audio 9 RTP/AVP 0"] + Array(repeating: "a=candidate:x", count: $0) }),
        ]
        for (limit, lines) in limits {
            try parse(lines(limit.maximum))
            #expect(throws: SDPError.tooMany(limit)) { try parse(lines(limit.maximum + 1)) }
        }
    }

    @Test func `random damage is refused or read, never worse`() {
        let seed = UInt64.random(in: 0 ... .max)
        var entropy = Entropy(seed: seed)
        for round in 0..<3000 {
            var bytes = Samples.bytes(Samples.all[round % Samples.all.count])
            for _ in 0..<Int.random(in: 1...12, using: &entropy) {
                let index = Int.random(in: 0..<bytes.count, using: &entropy)
                switch UInt8.random(in: 0...2, using: &entropy) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &entropy)
                case 1: bytes.remove(at: index)
                default: bytes.insert(contentsOf: bytes[index...].prefix(40), at: index)
                }
            }
            guard let remote = try? RemoteAudio(parsing: bytes), let codec = remote.stream.codecs.first?.codec else {
                continue
            }
            var session = LocalSession(id: 1)
            let answer = session.answer(LocalAudioAnswer(transport: Ours.rtp, to: remote, codec: codec))
            let reread = answer.flatMap { try? SessionDescription(parsing: $0.body) }
            #expect(reread?.media.count == remote.description.media.count, "seed \(seed), round \(round)")
        }
    }
}
