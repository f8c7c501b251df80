// Modules: Wire Crypto ICE
import ICE
import Wire

/// Any bytes as a datagram, and the same bytes as the attributes of a check that is signed as it should be.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSTUN(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    let credentials = ICECredentials(ufrag: "abcdefgh", password: "a password of thirty characters")
    let key = Array(credentials.password.utf8)
    var agent = ICELiteAgent(local: credentials)
    read(bytes, key: key)
    let isAnswered = send(bytes, to: &agent)
    precondition(!isAnswered || STUN.localUfrag(in: bytes.span.bytes) == credentials.ufrag, "a stranger is answered")

    var check = STUNWriter(.request, transactionID: STUNTransactionID(high: 1, low: 2))
    check.username(receiver: credentials.ufrag, sender: "peer")
    var rest = bytes[...]
    while rest.count >= 3, check.count < STUN.maximumLength - 300 {
        let head = Array(rest.prefix(3))
        let value = rest.dropFirst(3).prefix(Int(head[2]))
        rest = rest.dropFirst(3 + value.count)
        check.bytes(UInt16(head[0]) << 8 | UInt16(head[1]), Array(value))
    }
    let datagram = check.finish(integrityKey: key)
    read(datagram, key: key)
    _ = send(datagram, to: &agent)
    return 0
}

private func read(_ bytes: [UInt8], key: [UInt8]) {
    _ = DatagramKind(bytes.span.bytes)
    guard let message = try? STUNMessage(bytes.span.bytes) else { return }
    _ = (message.fingerprint, message.integrity(key: key), message.xorMappedAddress, message.errorCode)
    _ = (message.priority, message.iceControlled, message.iceControlling, message.unknownRequired)
}

private func send(_ bytes: [UInt8], to agent: inout ICELiteAgent) -> Bool {
    let source = RemotePath(SocketAddress(ip: .loopbackIPv4, port: 4000))
    let isStranger = !agent.isValidated(source)
    guard let response = agent.receive(bytes.span.bytes, from: source, now: .zero).response else { return false }
    precondition(!isStranger || response.count <= bytes.count, "an answer to a stranger is larger than its question")
    guard (try? STUNMessage(response.span.bytes)) != nil else { preconditionFailure("our answer cannot be read") }
    return true
}
