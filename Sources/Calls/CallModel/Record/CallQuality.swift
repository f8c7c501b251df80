package import Wire

/// How a call sounded, leg by leg; stored beside the record and shown with it.
package struct CallQuality: Hashable, Sendable {
    package var legs: [LegQuality]

    package init(legs: [LegQuality] = []) { self.legs = legs }

    /// The worst score of any leg at any time, and the mean of the legs' means; nil when nothing was measured.
    package var minimumMOS: Double? { legs.compactMap(\.mos?.minimum).min() }

    package var averageMOS: Double? {
        let means = legs.compactMap(\.mos?.average)
        return means.isEmpty ? nil : means.reduce(0, +) / Double(means.count)
    }

    package var isEmpty: Bool { legs.allSatisfy(\.isEmpty) }
}

/// How one leg sounded: what we heard of the peer, and what the peer said of ours.
package struct LegQuality: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case browser
        case sip
    }

    /// A score from 1 (bad) to 4.5 (as good as telephony gets), by the E-model.
    package struct Score: Hashable, Sendable {
        package var current: Double
        package var minimum: Double
        package var average: Double

        package init(current: Double, minimum: Double, average: Double) {
            (self.current, self.minimum, self.average) = (current, minimum, average)
        }
    }

    /// One way of a leg.
    package struct Direction: Hashable, Sendable {
        /// Packets since the leg's beginning.
        package var packets: Int64
        /// Share of packets lost since the beginning, and lately; 0 … 1; nil while unknown.
        package var loss: Double?
        package var recentLoss: Double?
        package var jitterMilliseconds: Double?
        /// The score of this way alone, lately.
        package var mos: Double?

        package init(packets: Int64 = 0) { self.packets = packets }
    }

    /// The leg's number in its call.
    package var leg: Int
    package var kind: Kind
    package var codec: String?
    package var mos: Score?
    package var received = Direction()
    package var sent = Direction()
    package var roundTripMilliseconds: Double?
    /// What the audio of its peer is made of and into, such as `PCMU to opus`; nil while it is relayed as it comes.
    package var transcoding: String?

    package init(leg: Int, kind: Kind, codec: String? = nil) {
        (self.leg, self.kind, self.codec) = (leg, kind, codec)
    }

    package var isEmpty: Bool { received.packets == 0 && sent.packets == 0 }
}

// MARK: - As JSON, in which it is stored and shown

extension CallQuality {
    package var json: JSONValue {
        [
            "mosMin": JSONValue(rounded(minimumMOS, 100)), "mosAvg": JSONValue(rounded(averageMOS, 100)),
            "legs": .array(legs.map(\.json)),
        ]
    }

    /// Reads what `json` made; what is no leg is left out.
    package init(json: JSONValue) {
        legs = json["legs"]?.arrayValue?.compactMap(LegQuality.init(json:)) ?? []
    }
}

extension LegQuality {
    package var json: JSONValue {
        var json = JSONText()
        json.object(write)
        return (try? JSONValue(parsing: json.bytes)) ?? .null
    }

    func write(to json: inout JSONText) {
        json.member("leg", leg)
        json.member("kind", kind.rawValue)
        json.member("codec", codec)
        json.member("mos", rounded(mos?.current, 100))
        json.member("mosMin", rounded(mos?.minimum, 100))
        json.member("mosAvg", rounded(mos?.average, 100))
        json.member("rtt", rounded(roundTripMilliseconds, 10))
        json.member("received", object: received.write)
        json.member("sent", object: sent.write)
        json.member("transcoding", transcoding)
    }

    init?(json: JSONValue) {
        guard let leg = json["leg"]?.integerValue.flatMap({ Int(exactly: $0) }),
            let kind = json["kind"]?.stringValue.flatMap(Kind.init(rawValue:))
        else { return nil }
        self.init(leg: leg, kind: kind, codec: json["codec"]?.stringValue)
        if let current = json["mos"]?.doubleValue {
            mos = Score(
                current: current, minimum: json["mosMin"]?.doubleValue ?? current,
                average: json["mosAvg"]?.doubleValue ?? current)
        }
        roundTripMilliseconds = json["rtt"]?.doubleValue
        transcoding = json["transcoding"]?.stringValue
        received = Direction(json: json["received"] ?? .null)
        sent = Direction(json: json["sent"] ?? .null)
    }
}

extension LegQuality.Direction {
    fileprivate func write(to json: inout JSONText) {
        json.member("packets", Int(packets))
        json.member("loss", rounded(loss, 10_000))
        json.member("recentLoss", rounded(recentLoss, 10_000))
        json.member("jitter", rounded(jitterMilliseconds, 10))
        json.member("mos", rounded(mos, 100))
    }

    init(json: JSONValue) {
        self.init(packets: json["packets"]?.integerValue ?? 0)
        (loss, recentLoss) = (json["loss"]?.doubleValue, json["recentLoss"]?.doubleValue)
        (jitterMilliseconds, mos) = (json["jitter"]?.doubleValue, json["mos"]?.doubleValue)
    }
}

/// Rounded to one part in `parts`: nobody hears the rest.
func rounded(_ value: Double?, _ parts: Double) -> Double? {
    value.map { ($0 * parts).rounded() / parts }
}
