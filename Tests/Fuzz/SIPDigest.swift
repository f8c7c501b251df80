// Modules: Wire Crypto DNS SIP
import SIP
import Wire

/// Any text as challenge and as credentials: what is read is written so that it reads the same, and nothing that was
/// not made with the password is accepted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSIPDigest(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    if let challenge = DigestChallenge(text) {
        // Control characters of quoted strings become spaces when they are written, once.
        let written = DigestChallenge(challenge.description)
        precondition(written?.description == challenge.description, "a challenge changes when written")
    }
    guard let credentials = DigestCredentials(text) else { return 0 }
    let written = DigestCredentials(credentials.description)
    precondition(written?.description == credentials.description, "credentials change when written")
    var entropy = Entropy(seed: 1)
    var server = DigestServer(realm: credentials.realm, algorithms: DigestAlgorithm.allCases, entropy: &entropy)
    guard let uri = SIPURI("sip:example.com") else { return 0 }
    let verdict = server.verify(
        credentials, for: SIPRequest(.register, uri), secret: .password("not in any corpus"), now: .zero)
    precondition(verdict == .refused, "credentials without the password were taken")
    return 0
}
