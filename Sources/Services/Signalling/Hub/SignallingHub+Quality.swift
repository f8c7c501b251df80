import CallModel
package import Calls
import Wire

/// How calls sound, for those who follow them: the members of the call's room.
extension SignallingHub {
    nonisolated package func qualityChanged(_ report: CallQualityReport) { assumeIsolated { $0.publish(report) } }

    private func publish(_ report: CallQualityReport) {
        guard !report.isLast else { return }
        for id in sessions(in: RoomName.call(report.uuid)) {
            guard let member = members[id], member.isAdmitted else { continue }
            let leg = report.legsOfParticipants[id]
            member.session.assumeIsolated { session in
                session.send(SignallingEvent("call-quality", report.payload(as: session.name(of: report.uuid), leg)))
            }
        }
    }
}

extension CallQualityReport {
    /// The figures of the receiver's own leg on top, for whoever has one; then all legs.
    fileprivate func payload(as name: JSONValue, _ own: Int?) -> JSONObject {
        var object: JSONObject = ["callId": name, "uuid": .string(uuid.description)]
        if let leg = quality.legs.first(where: { $0.leg == own }) { object.fill(from: leg.summary) }
        object.fill(from: quality.json.objectValue ?? [:])
        return object
    }
}

extension LegQuality {
    /// What a page shows of its own leg: losses 0 … 1, times in milliseconds.
    fileprivate var summary: JSONObject {
        let shown = json
        return [
            "leg": JSONValue(leg), "mos": shown["mos"] ?? .null, "loss": .number(received.loss ?? 0),
            "lossSent": JSONValue(sent.recentLoss), "jitter": shown["received"]?["jitter"] ?? 0,
            "rtt": shown["rtt"] ?? .null, "packetsReceived": .integer(received.packets),
            "packetsSent": .integer(sent.packets), "transcoding": JSONValue(transcoding),
        ]
    }
}
