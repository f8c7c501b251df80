package import Wire

/// What the Mango Office exchange tells of: one event of the VPBX API, or one of the flat JSON dialect (document 001).
package enum MangoEvent: Hashable, Sendable {
    case call(MangoCallEvent)
    case summary(MangoSummary)
    case recording(MangoRecordingEvent)
    /// Kept, and nothing follows from it: tags, digits, text messages, results of commands, and what we do not know.
    case noted(MangoNote)

    package enum Dialect: String, Sendable {
        case vpbx
        case json
    }

    /// The kind under which it is stored and counted.
    package var kind: String {
        switch self {
        case .call: "call"
        case .summary: "summary"
        case .recording(let event): event.state == .added ? "record_added" : "recording"
        case .noted(let note): note.kind.rawValue
        }
    }

    package var dialect: Dialect {
        if case .call(let event) = self { event.dialect } else { .vpbx }
    }

    package var entryID: String? {
        switch self {
        case .call(let event): event.entryID
        case .summary(let summary): summary.entryID
        case .recording(let event): event.entryID
        case .noted(let note): note.entryID
        }
    }

    package var callID: String? {
        switch self {
        case .call(let event): event.callID
        case .recording(let event): event.callID
        case .noted(let note): note.callID
        case .summary: nil
        }
    }

    package var sequence: Int? {
        switch self {
        case .call(let event): event.sequence
        case .recording(let event): event.sequence
        case .noted(let note): note.sequence
        case .summary: nil
        }
    }

    /// What two copies of one event share, and no other event has; nil: only its bytes tell.
    package var dedupeKey: String? {
        switch self {
        case .call(let event): event.dedupeKey
        case .summary(let summary): "s:\(summary.entryID)"
        case .recording(let event): event.dedupeKey
        case .noted(let note):
            note.kind == .dtmf ? note.callID.flatMap { id in note.sequence.map { "d:\(id):\($0)" } } : nil
        }
    }
}

/// One side of a leg.
package struct MangoSide: Hashable, Sendable {
    package var number: String?
    package var `extension`: String?
    /// The leg that this one took over, by a transfer or an interception.
    package var takenFrom: String?

    package init(number: String? = nil, extension: String? = nil, takenFrom: String? = nil) {
        (self.number, self.extension, self.takenFrom) = (number, `extension`, takenFrom)
    }

    /// Whether it is one of the house: an extension, a SIP address, or a number of at most four digits.
    package var isInternal: Bool {
        if let `extension`, !`extension`.isEmpty { return true }
        guard let number else { return false }
        return number.lowercased().hasPrefix("sip:") || (!number.isEmpty && number.utf8.count <= 4)
    }

    /// The number of somebody outside.
    var external: String? {
        guard let number, !number.isEmpty, !MangoSide(number: number).isInternal else { return nil }
        return number
    }
}

/// One change of a leg (`events/call`), or one event of the JSON dialect.
package struct MangoCallEvent: Hashable, Sendable {
    package enum State: String, Sendable, CaseIterable {
        case appeared = "Appeared"
        case connected = "Connected"
        case onHold = "OnHold"
        case disconnected = "Disconnected"
    }

    package enum Location: String, Sendable {
        case ivr
        case queue
        case abonent
    }

    package var dialect = MangoEvent.Dialect.vpbx
    package var entryID: String?
    package var callID: String
    package var timestamp: WallTime
    /// Counts the events of one leg; nil when it was not sent.
    package var sequence: Int?
    package var state: State
    package var location = Location.abonent
    package var from = MangoSide()
    package var to = MangoSide()
    package var lineNumber: String?
    package var reason: DisconnectReason?
    package var sipCallID: String?
    /// Somebody commanded the call, by the API or a page: the exchange calls both sides.
    package var isCallback = false
    package var commandID: String?
    /// What the dialect says itself; the legs' numbers say it otherwise.
    package var isOutgoing: Bool?
    /// Seconds of talk, as the dialect says.
    package var duration: Int?
    package var answeredAt: WallTime?
    package var recordURL: String?

    package init(callID: String, state: State, timestamp: WallTime, sequence: Int? = nil) {
        (self.callID, self.state) = (callID, state)
        (self.timestamp, self.sequence) = (timestamp, sequence)
    }

    /// Its place among the events of the leg.
    var order: Int {
        if let sequence { return sequence }
        return switch state {
        case .appeared: 1
        case .connected, .onHold: 2
        case .disconnected: 3
        }
    }

    fileprivate var dedupeKey: String? {
        switch dialect {
        case .json: "j:\(callID):\(state.dialectWord)"
        case .vpbx: sequence.map { "c:\(callID):\($0)" }
        }
    }
}

extension MangoCallEvent.State {
    /// The word of the JSON dialect.
    var dialectWord: String {
        switch self {
        case .appeared: "start"
        case .connected: "answer"
        case .onHold: "hold"
        case .disconnected: "end"
        }
    }

    init?(dialectWord: String) {
        guard let state = Self.allCases.first(where: { $0 != .onHold && $0.dialectWord == dialectWord }) else {
            return nil
        }
        self = state
    }
}

/// What became of a whole call (`events/summary`): the last word about it.
package struct MangoSummary: Hashable, Sendable {
    package enum Direction: Int, Sendable {
        case `internal` = 0
        case incoming = 1
        case outgoing = 2
    }

    package var entryID: String
    package var direction: Direction?
    package var from = MangoSide()
    package var to = MangoSide()
    package var lineNumber: String?
    package var createdAt: WallTime?
    package var forwardedAt: WallTime?
    /// When they began to talk; nil: they did not.
    package var talkedAt: WallTime?
    package var endedAt: WallTime?
    package var isSuccess = false
    package var reason: DisconnectReason?
    package var sipCallID: String?

    package init(entryID: String) { self.entryID = entryID }
}

/// What becomes of a recording (`events/recording`, `events/record/added`).
package struct MangoRecordingEvent: Hashable, Sendable {
    package enum State: String, Sendable {
        case started = "Started"
        case continued = "Continued"
        case completed = "Completed"
        /// It can be fetched now; `record/added`, which names no leg.
        case added = "Added"
    }

    package var recordingID: String
    package var state: State
    package var entryID: String?
    package var callID: String?
    package var sequence: Int?
    package var timestamp: WallTime
    package var completionCode: Int?
    package var recipient: String?

    package init(recordingID: String, state: State, timestamp: WallTime) {
        (self.recordingID, self.state, self.timestamp) = (recordingID, state, timestamp)
    }

    /// Whether there is something to fetch: 1000 is success, and what says nothing is believed.
    package var isFetchable: Bool {
        switch state {
        case .started, .continued: false
        case .completed: completionCode ?? 1000 == 1000
        case .added: true
        }
    }

    fileprivate var dedupeKey: String {
        state == .added ? "a:\(recordingID)" : "r:\(recordingID):\(state.rawValue):\(sequence ?? 0)"
    }
}

/// What is only kept.
package struct MangoNote: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case tagged = "record_tagged"
        case dtmf
        case sms
        case result
        case ping
        case other
    }

    package var kind: Kind
    package var entryID: String?
    package var callID: String?
    package var sequence: Int?

    package init(_ kind: Kind, entryID: String? = nil, callID: String? = nil, sequence: Int? = nil) {
        (self.kind, self.entryID, self.callID, self.sequence) = (kind, entryID, callID, sequence)
    }
}
