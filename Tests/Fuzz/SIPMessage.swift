// Modules: Wire Crypto DNS SIP
// Seeds: Tests/SIPTests/Resources/rfc4475 Tests/SIPTests/Resources/rfc5118
import SIP

/// Any bytes as a datagram: what is read can be written and means the same when it is read again; what is refused can
/// be answered with something that is no request.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSIPMessage(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    do throws(SIPParseError) {
        let message = try SIPParser.parse(bytes)
        let written = message.serialized()
        let again = try SIPParser.parse(written, framing: .stream)
        precondition(again.serialized() == written, "writing is not stable")
        readEverything(message.headers)
        if case .request(let request) = message {
            precondition(request.uri.isEquivalent(to: request.uri), "a URI differs from itself")
            _ = SIPResponse(to: request, status: 200, toTag: "t").serialized()
        }
    } catch {
        guard let response = error.response(toTag: "t") else { return 0 }
        precondition(response.serialized().starts(with: "SIP/2.0 ".utf8))
    }
    return 0
}

/// The views that are made on demand.
private func readEverything(_ headers: SIPHeaders) {
    _ = (headers.vias, headers.from, headers.to, headers.callID, headers.cseq, headers.contacts, headers.routes)
    _ = (headers.recordRoutes, headers.maxForwards, headers.expires, headers.retryAfter, headers.contentType)
    _ = (headers.require, headers.supported, headers.allow, headers.reasons, headers.sessionExpires, headers.minSE)
    for name in SIPHeaderName.allCases {
        for address in headers.addresses(name) {
            precondition(NameAddress(address.description) != nil, "an address cannot be read again")
        }
    }
}
