import CallModel
import Reactor
package import SIP
import SIPEndpoint
import Wire

/// When the signalling of a call is kept with its record.
package enum TracePolicy: String, Sendable, CaseIterable {
    case off
    /// Calls that failed, or ended because signalling or media did.
    case failures
    case always
}

/// Which dialogs belong to which call: while it lives, and after its end for as long as a message of theirs is kept.
struct DialogIndex {
    private var callIDs: [Int64: [String]] = [:]
    /// Those that are over, by when that was.
    private var ended = FIFO<(call: Int64, at: Instant)>()

    /// Calls remembered that are over, should their dialogs' messages never be forgotten.
    private static let limit = 20_000
    /// The last of a call's messages come after its end: the BYE's answer, the CANCEL's.
    static let patience: Duration = .seconds(2)

    mutating func add(_ callID: String, to call: Int64) {
        if callIDs[call]?.contains(callID) != true { callIDs[call, default: []].append(callID) }
    }

    func of(_ call: Int64) -> [String] { callIDs[call] ?? [] }

    /// The call is over; of those that ended before it, whose messages are gone is forgotten.
    mutating func end(_ call: Int64, at now: Instant, isKept: ([String]) -> Bool) {
        if callIDs[call] != nil { ended.append((call, now)) }
        while let oldest = ended.first, oldest.at + Self.patience < now,
            ended.count > Self.limit || !isKept(of(oldest.call))
        {
            callIDs[oldest.call] = nil
            _ = ended.popFirst()
        }
    }
}

/// The SIP messages of calls.
extension CallManager {
    /// The Call-IDs of the dialogs of a live call or a recent one.
    package func callIDs(ofCall id: Int64) -> [String] { dialogs.of(id) }

    /// What is known of a live call's or a recent one's signalling.
    package func signalling(ofCall id: Int64) -> SIPTrace {
        let callIDs = dialogs.of(id)
        return callIDs.isEmpty ? SIPTrace([]) : services.sip.assumeIsolated { $0.trace(of: callIDs) }
    }

    /// Keeps the signalling of a call that is over with its record, if the policy says so.
    func keepSignalling(of record: CallRecord) {
        let endpoint = services.sip
        dialogs.end(record.id, at: loop.now) { callIDs in endpoint.assumeIsolated { $0.keepsMessages(of: callIDs) } }
        switch services.traces {
        case .off: return
        case .failures where !record.endedBadly: return
        case .failures, .always: break
        }
        let id = record.id
        loop.schedule(after: DialogIndex.patience) { [weak self] in
            self?.assumeIsolated { manager in
                let trace = manager.signalling(ofCall: id)
                guard !trace.isEmpty else { return }
                manager.services.store.write(CallChange(record: nil, rows: [.trace(callID: id, trace.json)]))
            }
        }
    }
}

extension CallRecord {
    /// Not for what a person decided.
    fileprivate var endedBadly: Bool {
        switch endReason {
        case .signallingTimeout, .signallingFailed, .upstreamFailed, .mediaTimeout, .mediaFailed, .noSharedCodec,
            .forbidden, .notFound, .neverJoined, .internalError, .capacity:
            true
        default: state == .failed
        }
    }
}
