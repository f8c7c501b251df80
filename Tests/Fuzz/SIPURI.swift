// Modules: Wire Crypto DNS SIP
import SIP

/// Any text as a URI, and as the parts of one: what is read is written so that it reads the same, and no part breaks
/// out of its place.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSIPURI(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    if let uri = SIPURI(text) {
        precondition(SIPURI(uri.description) == uri, "a URI changes when written")
        precondition(uri.isEquivalent(to: uri), "a URI differs from itself")
        _ = (uri.user, uri.password, uri.transport, uri.isLooseRoute, uri.address)
    }
    checkParts(text)
    guard let address = NameAddress(text) else { return 0 }
    // Control characters of quoted strings become spaces when they are written, once.
    let written = address.description
    precondition(NameAddress(written)?.description == written, "an address changes when written")
    return 0
}

/// What a directory or a page may hold as a user, a host or a display name.
private func checkParts(_ text: String) {
    guard let uri = SIPURI(user: text, host: "example.com") else { preconditionFailure("example.com is a host") }
    if !text.isEmpty {
        guard let read = SIPURI(uri.description) else { preconditionFailure("a user breaks its URI") }
        precondition(read.user == text && read.host == "example.com", "a user leaves its place")
    }
    if let uri = SIPURI(host: text) {
        precondition(SIPURI(uri.description)?.host == uri.host, "a host leaves its place")
    }
}
