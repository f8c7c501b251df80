import API
import Calls
import Mango
import Reactor
import Signalling
import Store
import Telemetry
import Web
import Wire

/// The parts that speak with the Mango Office exchange, and with those that are told of its calls.
struct MangoParts {
    let ingest: MangoIngest
    let routes: MangoRoutes
}

extension Gateway {
    /// What the exchange's side is made of.
    struct MangoNeeds {
        let loop: ControlLoop
        let calls: CallManager
        let store: SQLStore
        let roster: RosterBox
        let access: Access
        let registry: MetricRegistry
        let logger: Logger
    }

    static func makeMango(_ configuration: Configuration, _ needs: MangoNeeds) -> MangoParts {
        let (settings, metrics) = (configuration.mango, MangoMetrics(needs.registry))
        let logger = needs.logger.labelled("mango")
        let services = MangoServices(
            loop: needs.loop, calls: needs.calls, callStore: needs.store, userStore: needs.store, store: needs.store,
            roster: needs.roster, logger: logger,
            dayStart: { [dates = configuration.web.dates] in dates.midnight(ofDay: dates.day(of: $0)) })
        let ingest = MangoIngest(services, settings)
        let access = needs.access
        let routes = MangoRoutes(
            loop: needs.loop, ingest: ingest, settings: settings, metrics: metrics,
            version: configuration.service.version, logger: logger
        ) { request in
            do throws(Failure) {
                _ = try access.caller(of: request, now: SystemClock.wallTime())
                return nil
            } catch {
                return error
            }
        }
        return MangoParts(ingest: ingest, routes: routes)
    }
}
