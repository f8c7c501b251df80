package import Wire

/// Which name servers are asked, and for how long.
package struct NameServiceSettings: Sendable {
    /// Empty: those of `/etc/resolv.conf`.
    package var servers: [SocketAddress] = []
    /// Asked before any server for the addresses of a name; nil: nothing is.
    package var hostsFile: String? = "/etc/hosts"
    /// How long an answer may take, whatever the number of servers.
    package var timeout = Duration.seconds(3)
    /// How often each server is asked.
    package var tries = 2
    /// Answers kept.
    package var cachedAnswers = 1024

    package init(servers: [SocketAddress] = []) { self.servers = servers }

    /// The first wait for one server: c-ares asks each in turn and doubles the wait for the next round.
    func firstTimeout(serverCount: Int) -> Duration {
        let rounds = (1 << max(1, min(tries, 8))) - 1
        return timeout / (rounds * max(1, serverCount))
    }
}
