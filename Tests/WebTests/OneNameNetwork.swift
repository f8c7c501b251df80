import DNS
import Reactor
import Wire

/// A network whose name service knows one name, with one address.
struct OneNameNetwork: Network {
    let loop: ControlLoop
    let name: String
    let address: IPAddress

    func query(_ name: String, _ kind: DNSRecordKind, then: @escaping (DNSAnswer) -> Void) {
        let records: [DNSRecord] = name == self.name && kind == .a ? [.address(address)] : []
        loop.later { then(DNSAnswer(records)) }
    }

    func openDatagram(
        on local: SocketAddress, receive: @escaping ([UInt8], SocketAddress) -> Void
    ) throws(NetworkError) -> any DatagramSocket { throw .unreachable }

    func listen(
        on local: SocketAddress, accept: @escaping (any StreamConnection) -> Void
    ) throws(NetworkError) -> any StreamListener { throw .unreachable }

    func connect(to remote: SocketAddress) -> any StreamConnection { ScriptedStream() }
}
