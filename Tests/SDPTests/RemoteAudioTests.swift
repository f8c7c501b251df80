import Crypto
import SDP
import Testing
import Wire

struct RemoteAudioTests {
    private func stream(_ text: String) throws -> AudioStream { try RemoteAudio(parsing: Samples.bytes(text)).stream }

    /// A one-line offer with `lines` before and after the m-line.
    private func plain(session: String = "c=IN IP4 192.0.2.9", media: String = "a=sendrecv") throws -> AudioStream {
        try stream("v=0\no=- 1 1 IN IP4 192.0.2.9\ns=-\n\(session)\nt=0 0\nm=audio 4000 RTP/AVP 0\n\(media)\n")
    }

    @Test func `a SIPp offer is one PCMU stream at its address`() throws {
        let stream = try stream(Samples.sipp)
        #expect(stream.rtp == SocketAddress("192.0.2.20:6000"))
        #expect(stream.rtcp == SocketAddress("192.0.2.20:6001"))
        #expect(stream.codecs == [PayloadFormat(payloadType: 0, codec: .pcmu)])
        #expect(stream.direction == .sendrecv)
        #expect(!stream.isBrowser)
    }

    @Test func `a baresip offer keeps its order and its parameters`() throws {
        let stream = try stream(Samples.baresip)
        #expect(stream.codecs.map(\.codec) == [.opus, .g722, .pcma, .pcmu])
        #expect(stream.codecs.first?.parameters == "stereo=1;sprop-stereo=1")
        #expect(stream.telephoneEvents == [TelephoneEventFormat(payloadType: 101, clockRate: 8000)])
        #expect(stream.packetTime == 20)
    }

    @Test func `digits are taken in the clock of the codec where there is one`() throws {
        let linphone = try stream(Samples.linphone)
        #expect(linphone.telephoneEvent(for: .opus)?.payloadType == 101)
        #expect(linphone.telephoneEvent(for: .pcmu)?.payloadType == 100)
        let baresip = try stream(Samples.baresip)
        #expect(baresip.telephoneEvent(for: .opus)?.clockRate == 8000)
        #expect(linphone.rtp == SocketAddress("192.0.2.40:7078"))
    }

    @Test func `a Chromium offer has its security and no address yet`() throws {
        let stream = try stream(Samples.chromium)
        #expect(stream.rtp == nil)
        #expect(stream.rtcpMux)
        #expect(stream.ice?.usernameFragment == "4ZcD")
        #expect(stream.ice?.password == "2/1muCWoOi3uLifh0NuRHlig")
        #expect(stream.fingerprints.first?.algorithm == .sha256)
        #expect(stream.fingerprints.first?.digest.count == 32)
        #expect(stream.setup == .actpass)
        #expect(stream.direction == .sendrecv)
        #expect(stream.codecs.map(\.codec) == [.opus, .g722, .pcmu, .pcma])
        #expect(stream.isBundled)
    }

    @Test func `a bundle-only line takes the path of the bundle's first section`() throws {
        let remote = try RemoteAudio(parsing: Samples.bytes(Samples.firefox))
        #expect(remote.index == 1)
        #expect(remote.stream.ice?.usernameFragment == "5b4f3ac3")
        #expect(remote.stream.setup == .actpass)
        #expect(remote.stream.rtcpMux)
        #expect(remote.stream.codecs.map(\.codec) == [.opus, .g722, .pcmu, .pcma])
    }

    @Test(arguments: [
        ("a=sendonly", MediaDirection.sendonly, true), ("a=inactive", .inactive, true),
        ("a=recvonly", .recvonly, false), ("a=sendrecv", .sendrecv, false),
    ]) func `a stream that does not listen is on hold`(line: String, direction: MediaDirection, held: Bool) throws {
        #expect(try plain(media: line).direction == direction)
        #expect(try plain(media: line).isOnHold == held)
        #expect(try plain(session: "c=IN IP4 192.0.2.9\n\(line)", media: "a=ptime:20").direction == direction)
    }

    @Test func `the unspecified address is a hold of the old style`() throws {
        let held = try plain(session: "c=IN IP4 0.0.0.0")
        #expect(held.direction == .sendonly)
        #expect(held.rtp == nil)
        #expect(try plain(session: "c=IN IP4 0.0.0.0", media: "a=recvonly").direction == .inactive)
    }

    @Test func `an RTCP address is the named one, else the next port`() throws {
        #expect(try plain().rtcp == SocketAddress("192.0.2.9:4001"))
        #expect(try plain(media: "a=rtcp:5000").rtcp == SocketAddress("192.0.2.9:5000"))
        #expect(try plain(media: "a=rtcp:5000 IN IP4 192.0.2.10").rtcp == SocketAddress("192.0.2.10:5000"))
        #expect(try plain(media: "a=rtcp-mux").rtcp == nil)
    }

    @Test func `a host name leaves the address to be learned`() throws {
        let stream = try plain(session: "c=IN IP4 media.example.com")
        #expect(stream.rtp == nil)
        #expect(!stream.isOnHold)
    }

    @Test(arguments: [
        "m=audio 0 RTP/AVP 0", "m=video 4000 RTP/AVP 96", "m=audio 4000 RTP/SAVP 0", "m=audio 4000 udptl t38",
        "m=audio 9 UDP/TLS/RTP/SAVPF 0",
    ]) func `without a line of a kind we speak there is no audio`(line: String) {
        #expect(throws: SDPError.noUsableAudio) {
            try RemoteAudio(parsing: Array("v=0\nc=IN IP4 192.0.2.1\n\(line)\n".utf8))
        }
    }

    @Test func `a line without any address is no audio`() {
        #expect(throws: SDPError.noUsableAudio) {
            try RemoteAudio(parsing: Array("v=0\nm=audio 4000 RTP/AVP 8\n".utf8))
        }
    }

    @Test func `of several audio lines the first usable is taken`() throws {
        let text = "v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/SAVP 0\nm=audio 4002 RTP/AVP 8\nm=audio 4004 RTP/AVP 0\n"
        let remote = try RemoteAudio(parsing: Array(text.utf8))
        #expect(remote.index == 1)
        #expect(remote.stream.codecs.map(\.codec) == [.pcma])
    }

    @Test func `a common codec is chosen by the first one's order`() throws {
        let baresip = try stream(Samples.baresip)
        let sipp = try stream(Samples.sipp)
        let chromium = try stream(Samples.chromium)
        #expect(baresip.commonCodec(with: chromium) == .opus)
        #expect(sipp.commonCodec(with: chromium) == .pcmu)
        #expect(chromium.codecs(alsoIn: [.pcma, .g722]) == [.g722, .pcma])
        let ours = AudioStream(
            rtp: nil, codecs: [PayloadFormat(payloadType: 18, codec: Codec(encoding: "G729", clockRate: 8000))])
        #expect(ours.commonCodec(with: ours) == nil)
    }

    @Test func `only what media must hear of is a difference`() throws {
        let stream = try stream(Samples.chromium)
        var trickled = stream
        trickled.ice?.candidates = [Candidate(foundation: "1", priority: 1, host: "192.0.2.1", port: 1)]
        #expect(!trickled.differsInMedia(from: stream))
        var held = stream
        held.direction = .inactive
        #expect(held.differsInMedia(from: stream))
    }

    @Test func `a codec's name is read in any case, and opus without its channels`() throws {
        #expect(try plain(media: "a=rtpmap:0 pcmu/8000").codecs.map(\.codec) == [.pcmu])
        let opus = "v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 96\na=rtpmap:96 OPUS/48000\n"
        #expect(try stream(opus).codecs.map(\.codec) == [.opus])
    }
}

struct CandidateTests {
    @Test(arguments: [
        "candidate:1 1 udp 2130706431 192.0.2.1 30000 typ host",
        "candidate:tcp1 1 tcp 1518280447 192.0.2.1 30000 typ host tcptype passive",
        "candidate:842163049 1 tcp 1677729535 2001:db8::7 46154 typ srflx",
    ]) func `a candidate reads back as it was written`(text: String) {
        #expect(Candidate(text)?.description == text)
    }

    @Test func `what follows the kind is ignored, and a name is no address`() throws {
        let text = "a=candidate:3 1 UDP 2122187007 2f6e.local 50001 typ host generation 0 network-id 1"
        let candidate = try #require(Candidate(text))
        #expect(candidate.transport == "udp")
        #expect(candidate.address == nil)
    }

    @Test(arguments: [
        "", "candidate:", "candidate:1 1 udp 1 192.0.2.1 1 typ", "candidate:1 1 udp 9999999999 192.0.2.1 1 typ host",
        "candidate:1 1 udp 1 192.0.2.1 65536 typ host", "candidate:1 x udp 1 192.0.2.1 1 typ host",
        "candidate:1 1 udp 1 192.0.2.1 1 typ guess",
    ]) func `what is no candidate is none`(text: String) {
        #expect(Candidate(text) == nil)
    }
}
