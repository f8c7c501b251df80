import ICE
import Wire

/// Answers the STUN Binding requests by which phones keep a UDP flow alive (RFC 5626 section 4.4.2).
enum BindingAnswer {
    /// Whether a datagram on the SIP port is STUN: no SIP message begins with so small a byte.
    static func isSTUN(_ datagram: [UInt8]) -> Bool { (datagram.first ?? .max) < 4 }

    /// The answer that says where the request came from; nil for anything but a sound Binding request.
    ///
    /// A stranger gets none that is longer than what it asked with, so that nobody is flooded by us.
    static func answer(_ datagram: [UInt8], from source: SocketAddress, isTrusted: Bool) -> [UInt8]? {
        guard let request = try? STUNMessage(datagram.span.bytes), request.messageClass == .request,
            request.method == STUN.bindingMethod, request.fingerprint != .invalid
        else { return nil }
        let unknown = request.unknownRequired
        var writer = STUNWriter(unknown.isEmpty ? .success : .error, transactionID: request.transactionID)
        if unknown.isEmpty {
            writer.xorMappedAddress(source)
        } else {
            writer.errorCode(420)
            writer.unknownAttributes(unknown)
        }
        let answer = writer.finish(integrityKey: nil)
        return isTrusted || answer.count <= datagram.count ? answer : nil
    }
}
