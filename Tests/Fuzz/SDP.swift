// Modules: Wire Crypto SDP
import Crypto
import SDP
import Wire

/// Any bytes as an offer: what is read is written in order, and stays so, and what can be answered is answered line
/// by line, in both flavours.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSDP(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    _ = Candidate(String(decoding: bytes, as: UTF8.self))
    guard let description = try? SessionDescription(parsing: bytes) else { return 0 }
    if let again = try? SessionDescription(parsing: description.serialized()) {
        precondition(again.serialized() == description.serialized(), "writing is not stable")
    } else {
        // Bytes that were no UTF-8 grow when they are written, and only then can a limit be passed.
        precondition(description.serialized().count > bytes.count, "a description cannot be read again")
    }
    if let line = CryptoAttribute(String(decoding: bytes, as: UTF8.self)) {
        precondition(CryptoAttribute(line.value) == line, "a key reads back as another")
    }
    guard let offer = try? RemoteAudio(description) else { return 0 }
    let address = SocketAddress(ip: .loopbackIPv4, port: 20000)
    let browser = BrowserDescription(
        usernameFragment: "ours", password: "ourpassword0123456789ab",
        fingerprint: Fingerprint(.sha256, ofCertificate: [7]), addresses: [address])
    answer(offer, over: offer.stream.isBrowser ? .browser(browser) : .rtp(address))
    return 0
}

private func answer(_ offer: RemoteAudio, over transport: LocalTransport) {
    for format in offer.stream.codecs.prefix(4) {
        var session = LocalSession(id: 1)
        let request = LocalAudioAnswer(transport: transport, to: offer, codec: format.codec)
        guard let answer = session.answer(request) else { preconditionFailure("an offered codec was not found") }
        guard let read = try? SessionDescription(parsing: answer.body) else {
            preconditionFailure("our answer cannot be read")
        }
        precondition(read.media.count == offer.description.media.count, "an m-line was not answered")
        if offer.stream.requiresKeys { precondition(answer.negotiated.crypto != nil, "SRTP without a key") }
        _ = session.offer(LocalAudioOffer(transport: transport, encryption: .optional))
        _ = session.negotiated(from: offer)
    }
}
