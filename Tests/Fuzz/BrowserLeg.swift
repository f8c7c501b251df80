// Modules: Wire Crypto ICE DTLS WebRTC
import Crypto
import DTLS
import ICE
import WebRTC
import Wire

/// Datagrams of a peer that ICE has validated, each behind two bytes of length: the handshake takes whatever comes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBrowserLeg(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    var rest = UnsafeBufferPointer(start: data, count: size)[...]
    guard let first = rest.popFirst(), let context else { return 0 }
    let leg = BrowserLeg(context: context, credentials: credentials)
    let fingerprint = Fingerprint(.sha256, ofCertificate: [first])
    let peer = ICECredentials(ufrag: "peer", password: "another password")
    leg.configure(
        RemotePeer(credentials: peer, fingerprints: [fingerprint], role: first & 1 == 0 ? .server : .client), now: .zero
    )
    let source = RemotePath(SocketAddress(ip: .loopbackIPv4, port: 4000))
    leg.receiveSTUN(nomination.span.bytes, from: source, now: .zero)
    drain(leg)
    while rest.count > 2 {
        let length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
        let datagram = Array(rest.prefix(length))
        rest = rest.dropFirst(datagram.count)
        leg.receiveDTLS(datagram.span.bytes, from: source, now: .zero)
        drain(leg)
    }
    leg.close()
    drain(leg)
    precondition(leg.nextDeadline == .never, "a closed leg waits for something")
    return 0
}

private let credentials = ICECredentials(ufrag: "abcdefgh", password: "a password of thirty characters")

private nonisolated(unsafe) let context: DTLSContext? = {
    let certificate = try? Certificate.selfSigned(commonName: "fuzz", now: WallTime(milliseconds: 0))
    return certificate.flatMap { try? DTLSContext(certificate: $0) }
}()

private let nomination: [UInt8] = {
    var check = STUNWriter(.request, transactionID: STUNTransactionID(high: 1, low: 2))
    check.username(receiver: credentials.ufrag, sender: "peer")
    check.iceControlling(1)
    check.useCandidate()
    return check.finish(integrityKey: Array(credentials.password.utf8))
}()

private func drain(_ leg: BrowserLeg) {
    while let output = leg.nextOutput() {
        if case .event(.connected) = output { preconditionFailure("a stranger connected") }
    }
}
