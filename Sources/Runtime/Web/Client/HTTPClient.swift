package import Reactor
package import Wire

/// Speaks HTTP to servers of others by libcurl, on a thread of its own.
///
/// Everything has a limit: time, bytes, redirections, requests at once. Only `http` and `https` are spoken, certificates
/// must be good for their names, and no proxy of the environment is used. Names are looked up on the loop, like all
/// others; an address that `hosts` does not allow is never connected to, whatever name or redirection led there.
package final class HTTPClient: Sendable {
    package struct Settings: Sendable {
        /// Whom it may speak to.
        package var hosts: HostRules
        /// The addresses of this machine as they are now, public ones included, which a host must be named to have.
        package var ownAddresses: @Sendable () -> Set<IPAddress> = { [] }
        /// A PEM file of authorities that are trusted instead of the system's.
        package var authorities: String?
        /// Requests that are served at once.
        package var simultaneous = 8
        /// Requests that wait for one of those to end.
        package var waiting = 64

        package init(hosts: HostRules) { self.hosts = hosts }
    }

    private let loop: any EventLoop
    private let network: any Network
    private let settings: Settings
    private let transfers: HTTPTransfers

    /// `name` is what `top -H` shows.
    package init(name: String, loop: any EventLoop, network: any Network, _ settings: Settings) {
        (self.loop, self.network, self.settings) = (loop, network, settings)
        transfers = HTTPTransfers(name: name, settings)
    }

    /// Ends every request with `.stopped`, and the thread; idempotent.
    package func stop() { transfers.stop() }

    /// The body of something that is there.
    package func get(_ url: HTTPURL, longest: Int) async throws(HTTPClientError) -> [UInt8] {
        var request = HTTPClientRequest(url)
        request.longestBody = longest
        let response = try await perform(request)
        guard response.status == 200 else { throw .status(response.status) }
        return response.body
    }

    /// Asks once, and again wherever a GET is led on to.
    package func perform(_ request: HTTPClientRequest) async throws(HTTPClientError) -> HTTPClientResponse {
        let deadline = SystemClock.now() + request.timeout
        var url = request.url
        var left = request.method == .get ? request.redirections : 0
        while true {
            let addresses = try await addresses(of: url)
            let rest = deadline - SystemClock.now()
            guard rest > .zero else { throw .timedOut }
            let answer = try await transfers.perform(HTTPTransfer.Order(request, url, addresses, rest))
            guard let redirection = answer.redirection, request.method == .get, request.redirections > 0 else {
                return answer.response
            }
            guard left > 0, let next = HTTPURL(redirection), next.isSecure || !url.isSecure else {
                throw .badRedirection
            }
            left -= 1
            url = next
        }
    }

    /// Where a host may be reached, IPv4 first; never empty.
    private func addresses(of url: HTTPURL) async throws(HTTPClientError) -> [IPAddress] {
        let (host, hosts) = (url.host, settings.hosts)
        guard hosts.allow(host) else { throw .hostRefused }
        let (loop, network) = (loop, network)
        let found = await handedOver([IPAddress]()) { tell in
            loop.execute { network.resolve(host) { tell($0) } }
        }
        guard !found.isEmpty else { throw .hostNotFound }
        let own = settings.ownAddresses()
        let allowed = found.filter { hosts.allow($0, of: host, own: own) }
        guard !allowed.isEmpty else { throw .addressRefused }
        return allowed
    }
}
