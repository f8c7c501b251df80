package import Media
package import Reactor
package import Web
package import Wire

/// Whither calls may be streamed (`STREAM_HOSTS`), and over what.
package struct StreamSettings: Sendable {
    package let network: any Network
    package let hosts: HostRules
    /// A PEM file of authorities that are trusted instead of the system's.
    package let authorities: String?
    /// By host: making one reads files.
    private let contexts = Locked<[String: TLSContext]>([:])

    private static let mostContexts = 100

    package init(network: any Network, hosts: [String], authorities: String? = nil) {
        (self.network, self.hosts, self.authorities) = (network, HostRules(hosts), authorities)
    }

    /// How a host is spoken to over TLS; nil when the authorities cannot be read.
    func context(for host: String) -> TLSContext? {
        contexts.withLock { contexts in
            if let context = contexts[host] { return context }
            let made = try? TLSContext(client: TLSClientSettings(serverName: host, authorities: authorities))
            if contexts.count == Self.mostContexts { contexts = [:] }
            contexts[host] = made
            return made
        }
    }
}

/// An audio stream that somebody wants for a call.
package struct StreamRequest: Sendable, Equatable {
    package let url: WebSocketURL
    /// What `Authorization` bears.
    package let token: String?
    package let order: AudioStreamOrder
    /// Who hears what the other end says.
    package let audience: PlayOrder.Audience

    package init(
        url: WebSocketURL, token: String?, order: AudioStreamOrder, audience: PlayOrder.Audience
    ) {
        (self.url, self.token, self.order, self.audience) = (url, token, order, audience)
    }
}

/// A call's audio stream as it is now.
package struct StreamStatus: Sendable, Equatable {
    package enum State: String, Sendable {
        case connecting
        case open
        /// The other end has gone; it is tried again while the call lives.
        case reconnecting
        case ended
    }

    package let id: UUID
    package let request: StreamRequest
    package var state = State.connecting
    /// Why it is not open, in a few words.
    package var reason: String?
    /// Times the connection was opened.
    package var connections = 0
    /// Frames of 20 ms that nobody took: there was no connection, or it was too slow.
    package var droppedFrames = 0
    /// Milliseconds of speech that found no room.
    package var droppedSpeech = 0

    init(id: UUID, request: StreamRequest) { (self.id, self.request) = (id, request) }
}
