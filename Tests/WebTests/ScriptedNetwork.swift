import DNS
import Reactor
import Wire

@testable import Web

/// A stream whose queue the test fills and empties.
final class ScriptedStream: StreamConnection, @unchecked Sendable {
    // Touched on the simulated loop only, which is the test's thread.
    let localAddress = SocketAddress(ip: .loopbackIPv4, port: 80)
    let remoteAddress: SocketAddress
    var handler: (StreamEvent) -> Void = { _ in }
    var queuedBytes = 0
    var sent = 0
    private(set) var received = ""
    var isClosed = false

    init(from remote: IPAddress = .loopbackIPv4) { remoteAddress = SocketAddress(ip: remote, port: 50000) }

    func send(_ bytes: [UInt8]) {
        sent += bytes.count
        if bytes.count < 10_000 { received += String(decoding: bytes, as: UTF8.self) }
    }
    func close() { isClosed = true }
}

final class ScriptedNetwork: Network, @unchecked Sendable {
    // Touched on the simulated loop only, which is the test's thread.
    var accept: (any StreamConnection) -> Void = { _ in }
    /// Addresses that cannot be listened on, and why.
    var refusals: [IPAddress: NetworkError] = [:]
    private(set) var listened: [SocketAddress] = []

    private final class Listener: StreamListener {
        let localAddress = SocketAddress(ip: .loopbackIPv4, port: 80)
        func close() {}
    }

    func listen(
        on local: SocketAddress, accept: @escaping (any StreamConnection) -> Void
    ) throws(NetworkError) -> any StreamListener {
        if let refusal = refusals[local.ip] { throw refusal }
        self.accept = accept
        listened.append(local)
        return Listener()
    }

    func openDatagram(
        on local: SocketAddress, receive: @escaping ([UInt8], SocketAddress) -> Void
    ) throws(NetworkError) -> any DatagramSocket { throw .unreachable }

    func connect(to remote: SocketAddress) -> any StreamConnection { ScriptedStream() }
    func query(_ name: String, _ kind: DNSRecordKind, then: @escaping (DNSAnswer) -> Void) {}
}
