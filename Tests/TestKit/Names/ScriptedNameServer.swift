package import DNS
package import Reactor
package import Wire

/// A name server on loopback, by UDP and TCP, that says what it was told to and counts who asks.
package final class ScriptedNameServer {
    package let address: SocketAddress
    /// Kept for every question; what is not here has no such name.
    package var replies: [DNSQuestion: DNSReply] = [:]
    /// Said by TCP instead, to those who were told that the datagram was cut.
    package var streamReplies: [DNSQuestion: DNSReply] = [:]
    package private(set) var asked: [DNSQuestion] = []
    private var socket: (any DatagramSocket)?
    private var listener: (any StreamListener)?

    package init(on network: any Network) throws {
        // The port the system chose for UDP may be taken for TCP: then another is tried.
        var opened: (any DatagramSocket)?
        var listening: (any StreamListener)?
        let box = Box()
        for _ in 0..<8 where listening == nil {
            opened?.close()
            let socket = try network.openDatagram(on: SocketAddress(ip: .loopbackIPv4, port: 0)) { bytes, source in
                box.server?.received(bytes, from: source)
            }
            opened = socket
            listening = try? network.listen(on: socket.localAddress) { box.server?.accepted($0) }
        }
        address = opened?.localAddress ?? SocketAddress(ip: .loopbackIPv4, port: 0)
        (socket, listener) = (opened, listening)
        box.server = self
    }

    package func set(_ name: String, _ kind: DNSRecordKind, _ records: [DNSRecord], lifetime: UInt32 = 300) {
        replies[DNSQuestion(name, kind)] = DNSReply(name, records, lifetime: lifetime)
    }

    package func close() {
        socket?.close()
        listener?.close()
    }

    private func received(_ bytes: [UInt8], from source: SocketAddress) {
        if let reply = reply(to: bytes, from: replies) { socket?.send(reply, to: source) }
    }

    private func accepted(_ connection: any StreamConnection) {
        connection.handler = { [weak self, weak connection] event in
            guard case .received(let bytes) = event, let self, let connection else { return }
            guard let reply = reply(to: Array(bytes.dropFirst(2)), from: streamReplies) else { return }
            connection.send(DNSReply.uint16(UInt16(reply.count)) + reply)
        }
    }

    private func reply(to query: [UInt8], from replies: [DNSQuestion: DNSReply]) -> [UInt8]? {
        guard query.count > 12, let message = try? DNSMessage(query),
            let kind = DNSRecordKind(rawValue: message.questionType)
        else { return nil }
        let question = DNSQuestion(message.questionName, kind)
        asked.append(question)
        let reply = replies[question] ?? DNSReply(responseCode: 3)
        let id = UInt16(query[0]) << 8 | UInt16(query[1])
        return reply.isLost ? nil : reply.bytes(id: id, question)
    }

    private final class Box {
        weak var server: ScriptedNameServer?
    }
}
