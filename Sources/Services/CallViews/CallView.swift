package import CallModel
package import Directory
package import Wire

/// The four ways in which one stored call is shown, one for each family of clients (contract §0.2).
package enum CallView: String, Sendable, CaseIterable {
    /// Document 000.
    case records
    /// Document 002.
    case crm
    /// Document 003.
    case pbx
    /// Document 004.
    case gateway

    /// How much of a call a place shows.
    package enum Form: Sendable {
        case list
        case detail
        /// An element of `/api/calls/active`.
        case active
    }
}

/// A call with the people and things its record names, ready to be shown.
package struct CallFacts: Sendable {
    package var record: CallRecord
    package var `operator`: User?
    package var assignedUser: User?
    package var answeredBy: User?
    package var company: Company?
    package var line: PhoneLine?
    /// A link that can be opened now, where the record holds only the place of the recording.
    package var playableRecordingURL: String?

    package init(
        record: CallRecord, operator: User? = nil, assignedUser: User? = nil, answeredBy: User? = nil,
        company: Company? = nil, line: PhoneLine? = nil
    ) {
        self.record = record
        self.operator = `operator`
        self.assignedUser = assignedUser
        self.answeredBy = answeredBy
        self.company = company
        self.line = line
    }

    /// Finds the people and the line in the roster; companies are too many for it and come from the store, or with a live
    /// call.
    package init(record: CallRecord, roster: Roster, companies: [Int64: Company] = [:]) {
        func user(_ id: Int64?) -> User? { id.flatMap { roster.users[$0] } }
        self.init(
            record: record, operator: user(record.operatorID), assignedUser: user(record.assignedUserID),
            answeredBy: user(record.answeredByUserID),
            company: record.callerCompanyID.flatMap { companies[$0] } ?? record.callerCompany,
            line: record.lineNumber.flatMap { roster.line(number: $0) })
    }
}

extension CallView {
    /// The call as clients of this view read it: native keys first, then those of the other views that do not clash.
    package func render(_ call: CallFacts, _ form: Form = .list) -> JSONValue {
        var object = native(call, form)
        object.reserveCapacity(Self.usualCount)
        var taken = JSONNames(capacity: Self.usualCount)
        for name in reservedNames { taken.insert(name) }
        for member in object.members { taken.insert(member.name) }
        for view in CallView.allCases where view != self { object.append(view.native(call, .list), unlessIn: &taken) }
        object.append(CRMView.activeOnly(call), unlessIn: &taken)
        appendCommon(call.record, to: &object)
        return .object(object)
    }

    /// Members of a call with nothing unusual about it.
    private static let usualCount = 80

    func native(_ call: CallFacts, _ form: Form) -> JSONObject {
        switch self {
        case .records: RecordsView.object(call, isDetail: form == .detail)
        case .crm: CRMView.object(call, form)
        case .pbx: PBXView.object(call)
        case .gateway: GatewayView.object(call)
        }
    }

    /// Names that only this view's own keys may have: those that mean different things, and those it may leave out.
    private var reservedNames: [String] {
        self == .pbx ? Self.clashing + PBXView.optionalNames : Self.clashing
    }

    private static let clashing = ["id", "status", "callId", "direction", "duration", "tags"]

    private func appendCommon(_ record: CallRecord, to object: inout JSONObject) {
        object.append("uuid", .string(record.uuid.description))
        object.append("numericId", .integer(record.id))
        object.append("state", .string(record.state.rawValue))
        object.append("statuses", CallStatus.all(of: record))
        if let quality = record.quality { object.append("quality", quality.json) }
    }
}

extension JSONObject {
    /// Adds the members whose names are not taken, and takes them.
    fileprivate mutating func append(_ other: JSONObject, unlessIn taken: inout JSONNames) {
        for member in other.members where taken.insert(member.name) { append(member.name, member.value) }
    }
}

extension JSONValue {
    /// ISO 8601 with three digits, as every view but crm prints it.
    init(_ time: WallTime?) { self.init(time?.iso8601()) }

    /// ISO 8601 as document 002 prints it: no fraction when it is zero.
    init(crm time: WallTime?) { self.init(time?.iso8601(.whenNeeded)) }
}
