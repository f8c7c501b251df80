package import Wire

/// What an object cannot be taken for.
package enum MangoParseError: Error, Hashable, Sendable {
    case callIDMissing
    case entryIDMissing
    case recordingIDMissing
    /// The JSON dialect demands these fields.
    case fieldsMissing([String])
}

/// Where below the base address an event was posted; it says what the body alone does not.
package enum MangoPath: Hashable, Sendable {
    /// The base address itself: the body says what it is.
    case base
    case recording
    case recordAdded
    case recordTagged
    case dtmf
    case sms
    case result
    case ping
    case call
    case summary

    /// By the segments after `events` or `result`.
    package init(_ segments: [String]) {
        switch segments.prefix(3).joined(separator: "/") {
        case "events/call": self = .call
        case "events/summary": self = .summary
        case "events/recording", "recording": self = .recording
        case "events/record/added": self = .recordAdded
        case "events/record/tagged": self = .recordTagged
        case "events/dtmf": self = .dtmf
        case "events/sms": self = .sms
        case "ping": self = .ping
        default: self = segments.first == "result" ? .result : .base
        }
    }
}

extension MangoEvent {
    /// Reads an event; what has no time of its own happened when it was `received`.
    package init(_ object: JSONObject, at path: MangoPath = .base, received: WallTime) throws(MangoParseError) {
        let payload = MangoPayload(object)
        switch path {
        case .recordTagged: self = payload.note(.tagged)
        case .dtmf: self = payload.note(.dtmf)
        case .sms: self = payload.note(.sms)
        case .result: self = payload.note(.result)
        case .ping: self = payload.note(.ping)
        case .recording, .recordAdded:
            self = .recording(try payload.recording(isAdded: path == .recordAdded, received))
        case .call: self = .call(try payload.call(received))
        case .summary: self = .summary(try payload.summary())
        case .base: self = try payload.detected(received)
        }
    }
}

extension MangoPayload {
    fileprivate func detected(_ received: WallTime) throws(MangoParseError) -> MangoEvent {
        if has("call_state") { return .call(try call(received)) }
        if has("recording_state") || has("recording_id") {
            return .recording(try recording(isAdded: false, received))
        }
        if has("entry_result") || has("talk_time") { return .summary(try summary()) }
        if let status = text("status"), let state = MangoCallEvent.State(dialectWord: status) {
            return .call(try dialectCall(state, received))
        }
        // What is shaped like the JSON dialect must be whole.
        if object["from"]?.stringValue != nil || ["in", "out"].contains(text("direction")) {
            throw .fieldsMissing(["call_id", "status"].filter { !has($0) || $0 == "status" })
        }
        return note(.other)
    }

    fileprivate func note(_ kind: MangoNote.Kind) -> MangoEvent {
        .noted(MangoNote(kind, entryID: text("entry_id"), callID: text("call_id"), sequence: count("seq")))
    }

    fileprivate func call(_ received: WallTime) throws(MangoParseError) -> MangoCallEvent {
        guard let id = text("call_id") else { throw .callIDMissing }
        let state = text("call_state").flatMap(MangoCallEvent.State.init(rawValue:)) ?? .appeared
        var event = MangoCallEvent(callID: id, state: state, timestamp: time("timestamp") ?? received)
        event.sequence = count("seq")
        event.entryID = text("entry_id")
        event.location = text("location").flatMap(MangoCallEvent.Location.init(rawValue:)) ?? .abonent
        (event.from, event.to) = (side("from"), side("to"))
        event.lineNumber = text("line_number", in: "to") ?? text("line_number")
        event.reason = text("disconnect_reason").flatMap { DisconnectReason($0) }
        event.sipCallID = text("sip_call_id")
        event.commandID = text("command_id")
        event.isCallback = has("command_id") || text("callback_initiator") != nil
        event.duration = count("duration")
        event.answeredAt = time("answer_time")
        return event
    }

    private func dialectCall(
        _ state: MangoCallEvent.State, _ received: WallTime
    ) throws(MangoParseError) -> MangoCallEvent {
        guard let id = text("call_id") else { throw .fieldsMissing(["call_id"]) }
        var event = MangoCallEvent(callID: id, state: state, timestamp: time("timestamp") ?? received)
        event.dialect = .json
        event.sequence = event.order
        event.entryID = text("entry_id")
        (event.from, event.to) = (side("from"), side("to"))
        event.lineNumber = text("line_number")
        event.isOutgoing = text("direction").flatMap { $0 == "out" ? true : $0 == "in" ? false : nil }
        event.reason = text("disconnect_reason").flatMap { DisconnectReason($0) }
        event.duration = count("duration")
        event.recordURL = address("record_url")
        return event
    }

    fileprivate func summary() throws(MangoParseError) -> MangoSummary {
        guard let id = text("entry_id") else { throw .entryIDMissing }
        var summary = MangoSummary(entryID: id)
        summary.direction = integer("call_direction").flatMap(MangoSummary.Direction.init(rawValue:))
        (summary.from, summary.to) = (side("from"), side("to"))
        summary.lineNumber = text("line_number") ?? text("line_number", in: "to")
        summary.createdAt = time("create_time")
        summary.forwardedAt = time("forward_time")
        summary.talkedAt = time("talk_time")
        summary.endedAt = time("end_time")
        summary.isSuccess = integer("entry_result") == 1
        summary.reason = text("disconnect_reason").flatMap { DisconnectReason($0) }
        summary.sipCallID = text("sip_call_id")
        return summary
    }

    /// A recording that has no state has been added.
    fileprivate func recording(isAdded: Bool, _ received: WallTime) throws(MangoParseError) -> MangoRecordingEvent {
        guard let id = text("recording_id") else { throw .recordingIDMissing }
        let state = isAdded ? nil : text("recording_state").flatMap(MangoRecordingEvent.State.init(rawValue:))
        var event = MangoRecordingEvent(
            recordingID: id, state: state ?? .added, timestamp: time("timestamp") ?? received)
        (event.entryID, event.callID, event.sequence) = (text("entry_id"), text("call_id"), count("seq"))
        (event.completionCode, event.recipient) = (count("completion_code"), text("recipient"))
        return event
    }
}
