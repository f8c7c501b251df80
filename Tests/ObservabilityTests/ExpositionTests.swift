import CallModel
import Glibc
import Observability
import Synchronization
import Telemetry
import Testing
import Wire

struct ExpositionTests {
    @Test func `counters, gauges and histograms print as Prometheus reads them`() {
        let registry = MetricRegistry()
        registry.counter("a_total", "Things.", labels: ["kind"]).with("x\"y").increment(by: 3)
        registry.gauge("b", "Level.").with().set(-2)
        let histogram = registry.histogram("c_seconds", "Times.", bounds: [0.5, 1]).with()
        for value in [0.25, 0.75, 4] { histogram.observe(value) }
        var exposition = Exposition(service: "gw")
        let text = String(decoding: exposition.encode(registry), as: UTF8.self)
        let expected = """
            # HELP a_total Things.
            # TYPE a_total counter
            a_total{service="gw",kind="x\\"y"} 3
            # HELP b Level.
            # TYPE b gauge
            b{service="gw"} -2
            # HELP c_seconds Times.
            # TYPE c_seconds histogram
            c_seconds_bucket{service="gw",le="0.5"} 1
            c_seconds_bucket{service="gw",le="1"} 2
            c_seconds_bucket{service="gw",le="+Inf"} 3
            c_seconds_sum{service="gw"} 5
            c_seconds_count{service="gw"} 3

            """
        #expect(text == expected)
    }

    @Test func `a histogram that others count, and numbers of any size, print as Prometheus reads them`() {
        let registry = MetricRegistry()
        registry.sampledHistogram("d_seconds", "Times.", labels: ["side"], bounds: [1]) {
            [(["client"], Histogram.Snapshot(counts: [2, 1], sum: 4.5))]
        }
        registry.sampled("e", "Level\nof \\things.") { [([], 0.25), ([], 1e18), ([], -3)] }
        var exposition = Exposition(service: "g\"w")
        let expected = """
            # HELP d_seconds Times.
            # TYPE d_seconds histogram
            d_seconds_bucket{service="g\\"w",side="client",le="1"} 2
            d_seconds_bucket{service="g\\"w",side="client",le="+Inf"} 3
            d_seconds_sum{service="g\\"w",side="client"} 4.5
            d_seconds_count{service="g\\"w",side="client"} 3
            # HELP e Level\\nof \\\\things.
            # TYPE e gauge
            e{service="g\\"w"} 0.25
            e{service="g\\"w"} 1e+18
            e{service="g\\"w"} -3

            """
        #expect(String(decoding: exposition.encode(registry), as: UTF8.self) == expected)
        // Nothing of the one before is left in the next.
        #expect(String(decoding: exposition.encode(registry), as: UTF8.self) == expected)
    }

    @Test func `what belongs to the loop is taken when it is gathered, and then read as it was`() {
        let registry = MetricRegistry()
        let level = Gauge()
        let read = registry.gathered { level.value }
        level.set(7)
        #expect(read() == 0)
        registry.gather()
        level.set(9)
        #expect(read() == 7)
    }

    @Test func `series that are known are there before anything happened`() {
        let registry = MetricRegistry()
        _ = GatewayMetrics(registry)
        var exposition = Exposition(service: "gw")
        let text = String(decoding: exposition.encode(registry), as: UTF8.self)
        for series in [
            #"calls_total{service="gw",direction="incoming",status="no_answer"} 0"#,
            #"calls_total{service="gw",direction="internal",status="initiated"} 0"#,
            #"call_duration_seconds_count{service="gw",direction="outgoing"} 0"#,
            #"errors_total{service="gw",error_type="http"} 0"#,
            #"audio_streams_total{service="gw",event="connecting"} 0"#,
        ] { #expect(text.contains(series + "\n"), "\(series)") }
    }

    @Test func `label values without end share one member`() {
        let registry = MetricRegistry()
        let family = registry.counter("d_total", "Many.", labels: ["id"])
        for id in 0..<2000 { family.with(String(id)).increment() }
        #expect(family.all.count <= 501)
        #expect(family.with("another").value >= 1500)
    }
}

struct QualityMetricTests {
    @Test func `what was heard of late is observed, by kind of leg and codecs of a closed list`() {
        let metrics = GatewayMetrics(MetricRegistry())
        var leg = LegQuality(leg: 1, kind: .browser, codec: "OPUS")
        leg.mos = LegQuality.Score(current: 3, minimum: 3, average: 3)
        (leg.received.mos, leg.received.recentLoss, leg.received.jitterMilliseconds) = (4.4, 0, 2)
        (leg.sent.mos, leg.sent.recentLoss, leg.sent.jitterMilliseconds) = (4.1, 0.02, 3)
        leg.roundTripMilliseconds = 40
        metrics.observe(leg)
        #expect(metrics.mediaMOS.with("browser", "opus").snapshot.sum == 4.1)
        #expect(metrics.mediaLoss.with("browser", "opus", "sent").snapshot.sum == 0.02)
        #expect(metrics.mediaJitter.with("browser", "opus", "received").snapshot.sum == 0.002)
        #expect(metrics.mediaRoundTrip.with("browser", "opus").snapshot.sum == 0.04)
        // A leg that rests: what it was before is not observed again.
        (leg.received.mos, leg.received.recentLoss, leg.sent.mos, leg.sent.recentLoss) = (nil, nil, nil, nil)
        metrics.observe(leg)
        #expect(metrics.mediaMOS.all.count == 1 && metrics.mediaRoundTrip.all.count == 1)
        #expect(metrics.mediaMOS.with("browser", "opus").snapshot.cumulative.last == 1)
        for number in 0..<100 {
            leg.codec = "codec-\(number)"
            (leg.sent.mos, leg.sent.recentLoss) = (4, 0)
            metrics.observe(leg)
        }
        #expect(metrics.mediaMOS.all.map(\.values) == [["browser", "opus"], ["browser", "other"]])
    }
}

struct LogTests {
    @Test func `a log line is one JSON object whose numbers are masked`() {
        let sink = MemorySink()
        let logger = Logger(label: "calls", sink: sink, context: [LogField("callId", "7")])
        logger.info("incoming", [LogField("from", Private.number("+79991234567")), LogField("legs", 2)])
        let text = sink.lines.map { line in
            var bytes: [UInt8] = []
            JSONLogSink.encode(line, at: .init(milliseconds: 0), to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
        #expect(
            text == [
                #"{"timestamp":"1970-01-01T00:00:00.000Z","level":"info","logger":"calls","message":"incoming","#
                    + #""callId":"7","from":"+7999***4567","legs":2}"#
            ])
    }
}

struct GatheredLogTests {
    @Test func `lines wait for each other until they are flushed, and a warning takes them along`() throws {
        let file = try #require(tmpfile())
        defer { fclose(file) }
        let sink = JSONLogSink(descriptor: fileno(file), level: .info, wallTime: { WallTime(milliseconds: 0) })
        let flushes = Mutex<[@Sendable () -> Void]>([])
        sink.gather { flush in
            flushes.withLock { $0.append(flush) }
            return true
        }
        let logger = Logger(label: "calls", sink: sink)
        logger.info("one")
        logger.info("two")
        #expect(lines(of: file) == 0)
        #expect(flushes.withLock { $0.count } == 1)
        flushes.withLock { $0.removeFirst() }()
        #expect(lines(of: file) == 2)
        logger.info("three")
        logger.warn("four")
        #expect(lines(of: file) == 4)
    }

    private func lines(of file: UnsafeMutablePointer<FILE>) -> Int {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = pread(fileno(file), &bytes, 4096, 0)
        return bytes.prefix(max(0, count)).count { $0 == ASCII.lineFeed }
    }
}

private final class MemorySink: LogSink, @unchecked Sendable {
    // Touched by one test on one thread only.
    var lines: [LogLine] = []
    func accepts(_: LogLevel) -> Bool { true }
    func write(_ line: LogLine) { lines.append(line) }
}
