import Media
import Reactor
import Telemetry
import Wire

/// What there is room for: media workers, ports and calls.
extension SampledMetrics {
    static func addWorkers(to registry: MetricRegistry, _ media: MediaPlane) {
        registry.sampled(
            "media_worker_cpu_seconds_total", "CPU time of each worker.", kind: .counter, labels: ["worker"]
        ) {
            media.counter(.cpuTime).enumerated().map { ([String($0.offset)], Double($0.element) / 1e9) }
        }
        let shares = media.counter(.cpuTime).map { Share(Double($0) / 1e9, at: SystemClock.now()) }
        registry.sampled("media_worker_busy_ratio", "Share of one core that a worker used of late.", labels: ["worker"])
        {
            let now = SystemClock.now()
            return zip(shares, media.counter(.cpuTime)).enumerated().map { worker, pair in
                ([String(worker)], pair.0.look(Double(pair.1) / 1e9, at: now))
            }
        }
        registry.sampled(
            "webrtc_port_legs", "Browsers at the UDP port of each worker, which all of its browsers share.",
            labels: ["worker", "port"]
        ) {
            zip(media.browserPorts, media.counter(.browserLegs)).enumerated().map { worker, pair in
                ([String(worker), String(pair.0)], Double(pair.1))
            }
        }
    }

    /// `maximum` is `MAX_CONCURRENT_CALLS`; 0: as many as the ports carry.
    static func addCapacity(
        to registry: MetricRegistry, maximum: Int, _ read: @escaping @Sendable () -> LoopFigures
    ) {
        registry.sampled("rtp_port_pairs", "Pairs of ports for SIP legs by what they do.", labels: ["state"]) {
            let ports = read().ports
            return [
                (["used"], Double(ports.used)), (["resting"], Double(ports.resting)), (["free"], Double(ports.free)),
            ]
        }
        registry.sampled(
            "call_capacity",
            "Calls that there is room for: as many as are allowed, or as the ports carry with two SIP legs each."
        ) {
            let ports = read().ports.all / 2
            return [([], Double(maximum > 0 ? min(maximum, ports) : ports))]
        }
        registry.sampled("call_capacity_used_ratio", "Share of the calls allowed, or of the ports, that is in use.") {
            let figures = read()
            let ports = Double(figures.ports.used + figures.ports.resting) / Double(max(1, figures.ports.all))
            return [([], maximum > 0 ? max(ports, Double(figures.calls.counted) / Double(maximum)) : ports)]
        }
    }

    /// The certificates that are shown: by HTTPS and SIP over TLS, which may be renewed, and to browsers by DTLS.
    static func addCertificates(to registry: MetricRegistry, tls: Locked<WallTime?>, dtls: WallTime?) {
        registry.sampled(
            "certificate_expiry_timestamp_seconds", "When a certificate ceases to be good, since the epoch.",
            labels: ["certificate"]
        ) {
            [("tls", tls.withLock { $0 }), ("dtls", dtls)].compactMap { name, moment in
                moment.map { ([name], Double($0.milliseconds) / 1000) }
            }
        }
    }
}
