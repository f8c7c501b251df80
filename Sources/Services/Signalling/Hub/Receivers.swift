import Web

/// Where an event goes: mostly to sockets that take it as it is, in few styles.
struct Receivers {
    private(set) var groups: [(style: EventStyle, sockets: [WebSocketConnection])] = []
    /// Those that something is told first, or that poll.
    private(set) var others: [(channel: Channel, style: EventStyle)] = []

    mutating func add(_ channel: Channel, _ style: EventStyle) {
        guard let socket = channel.direct else { return others.append((channel, style)) }
        if let index = groups.firstIndex(where: { $0.style == style }) {
            groups[index].sockets.append(socket)
        } else {
            groups.append((style, [socket]))
        }
    }
}
