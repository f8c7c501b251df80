import Calls
import Directory
import Mango
import Reactor
import Store
import Web
import Webhooks
import Wire

/// What asks servers of others, and what tells them.
extension Gateway {
    /// What fetches sounds that are to be played.
    static func makeSoundClient(
        _ configuration: Configuration, _ loop: ControlLoop, _ network: SystemNetwork
    ) -> HTTPClient {
        makeClient("sounds-http", configuration, (loop, network), hosts: configuration.calls.playHosts) {
            $0.authorities = configuration.calls.playAuthorities
        }
    }

    /// What tells servers of others what happens.
    static func makeWebhookClient(
        _ configuration: Configuration, _ loop: ControlLoop, _ network: SystemNetwork
    ) -> HTTPClient {
        makeClient("webhooks-http", configuration, (loop, network), hosts: configuration.webhooks.hosts) {
            $0.authorities = configuration.webhooks.authorities
            ($0.simultaneous, $0.waiting) = (16, Webhook.maximumCount)
        }
    }

    /// The realtime service of document 000's system; nil: it is not told.
    private static func realtimeTarget(_ configuration: Configuration) -> RealtimeNews.Target? {
        let settings = configuration.realtime
        guard let token = settings.token, let url = HTTPURL(settings.url) else { return nil }
        return RealtimeNews.Target(url: url, token: token)
    }

    /// What tells the realtime service; nil: nobody is told.
    static func makeRealtimeClient(
        _ configuration: Configuration, _ loop: ControlLoop, _ network: SystemNetwork
    ) -> HTTPClient? {
        guard let host = realtimeTarget(configuration)?.url.host else { return nil }
        return makeClient("realtime-http", configuration, (loop, network), hosts: [host]) { $0.simultaneous = 2 }
    }

    static func makeRealtime(
        _ configuration: Configuration, _ loop: ControlLoop, _ client: HTTPClient?, _ store: SQLStore,
        _ node: UUID?, _ metrics: MangoMetrics
    ) -> RealtimeNews? {
        guard let client, let target = realtimeTarget(configuration) else { return nil }
        return RealtimeNews(
            loop: loop, target: target, client: client, store: store, gateway: node,
            broadcasts: metrics.broadcasts)
    }

    /// What asks servers of others, never at an address of our own unless its host is named.
    static func makeClient(
        _ name: String, _ configuration: Configuration, _ place: (loop: ControlLoop, network: SystemNetwork),
        hosts: [String], _ adjust: (inout HTTPClient.Settings) -> Void
    ) -> HTTPClient {
        var settings = HTTPClient.Settings(hosts: HostRules(hosts))
        settings.ownAddresses = { [configuration] in configuration.ownAddresses }
        adjust(&settings)
        return HTTPClient(name: name, loop: place.loop, network: place.network, settings)
    }
}
