import Calls
import Directory
import Mango
import Reactor
import Store
import Web
import Webhooks

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

    /// What tells the realtime service of document 000's system; nil: nobody is told.
    static func makeRealtimeClient(
        _ configuration: Configuration, _ loop: ControlLoop, _ network: SystemNetwork
    ) -> HTTPClient? {
        guard configuration.realtime.token != nil, let url = HTTPURL(configuration.realtime.url) else { return nil }
        return makeClient("realtime-http", configuration, (loop, network), hosts: [url.host]) { $0.simultaneous = 2 }
    }

    static func makeRealtime(
        _ configuration: Configuration, _ loop: ControlLoop, _ client: HTTPClient?, _ store: SQLStore,
        _ metrics: MangoMetrics
    ) async -> RealtimeNews? {
        guard let client, let token = configuration.realtime.token, let url = HTTPURL(configuration.realtime.url) else {
            return nil
        }
        return RealtimeNews(
            loop: loop, target: RealtimeNews.Target(url: url, token: token), client: client, store: store,
            gateway: await store.gatewayID, broadcasts: metrics.broadcasts)
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
