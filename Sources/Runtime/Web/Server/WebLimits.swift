/// Everything that bounds what a client can take from us.
package struct WebLimits: Sendable {
    /// Bytes of a request line, and of a whole head with its fields.
    package var targetBytes = 8 * 1024
    package var headBytes = 32 * 1024
    package var fieldCount = 100
    package var bodyBytes = 10 * 1024 * 1024
    /// Bytes that may come while a request is being answered.
    package var pipelinedBytes = 1024 * 1024

    package var connections = 10_000
    /// Connections of one address; of an IPv6 client, of its /64.
    ///
    /// Clients on this machine are not counted, nor those behind a trusted proxy, which all have its address.
    package var connectionsPerAddress = 1000

    /// Bytes of requests and messages held for all connections together.
    ///
    /// It bounds what can be taken from us before anybody has shown a token.
    package var heldBytes = 256 * 1024 * 1024
    /// What one connection may hold however much is held for the others, so that small requests still get through.
    package var heldBytesAnyway = 32 * 1024

    /// From the connection, or the first byte of a further request, to the end of its head.
    package var headTimeout: Duration = .seconds(10)
    /// Between two pieces of a body, and for the whole of it.
    package var bodyPause: Duration = .seconds(20)
    package var bodyTimeout: Duration = .seconds(120)
    /// Between two requests.
    package var idleTimeout: Duration = .seconds(75)
    /// How long a client may take nothing of its answer.
    package var stallTimeout: Duration = .seconds(20)
    /// How long a refused client's remaining bytes are read and dropped, so that it sees the refusal.
    package var lingerTimeout: Duration = .seconds(2)

    /// Bytes of one WebSocket message, and of what waits to be sent on one connection.
    package var messageBytes = 1024 * 1024
    package var socketQueue = 768 * 1024
    package var closeTimeout: Duration = .seconds(5)

    package init() {}
}
