package import CallModel
package import Directory
import Synchronization
package import Wire

/// A call store in memory that remembers every write, for tests that count them.
package final class MemoryStore: CallStore {
    private struct State {
        var records: [Int64: CallRecord] = [:]
        var sessions: [UUID: CallSession] = [:]
        var traces: [Int64: JSONValue] = [:]
        var diagnoses: [Int64: (quality: CallQuality, diagnosis: String)] = [:]
        /// Each with the record it was written with.
        var outbox: [(OutboxItem, CallRecord?)] = []
        var writes = 0
    }

    private let state = Mutex(State())
    package let nextCallID: Int64 = 1

    package init() {}

    package var records: [CallRecord] {
        state.withLock { state in
            state.records.values.sorted { $0.id < $1.id }.map { record in
                var record = record
                record.quality = state.diagnoses[record.id]?.quality ?? record.quality
                return record
            }
        }
    }
    package var sessions: [CallSession] { state.withLock { $0.sessions.values.sorted { $0.startTime < $1.startTime } } }
    package var diagnosisCount: Int { state.withLock { $0.diagnoses.count } }
    package var traceCount: Int { state.withLock { $0.traces.count } }
    package var outbox: [(item: OutboxItem, record: CallRecord?)] { state.withLock { $0.outbox } }
    package var writes: Int { state.withLock { $0.writes } }

    package func write(_ change: CallChange) {
        state.withLock { state in
            state.writes += 1
            if let record = change.record, state.records[record.id].map({ $0.version < record.version }) ?? true {
                state.records[record.id] = record
            }
            for case .outbox(let item) in change.rows { state.outbox.append((item, change.record)) }
            for case .session(let session) in change.rows { state.sessions[session.id] = session }
            for case .trace(let id, let trace) in change.rows { state.traces[id] = trace }
            for case .diagnosis(let id, let quality, let diagnosis) in change.rows {
                state.diagnoses[id] = (quality, diagnosis)
            }
            for case .recorded(let id, let file) in change.rows {
                guard var record = state.records[id] else { continue }
                (record.recordingURL, record.recordingPath) = (file.url, file.path)
                record.recordingProcessedAt = file.processedAt
                record.version += 1
                state.records[id] = record
            }
        }
    }

    package func add(_ record: CallRecord, rows: [CallRow]) async throws(StoreError) {
        let isTaken = state.withLock { state in
            let isTaken = record.callID != nil && state.records.values.contains { $0.callID == record.callID }
            if !isTaken {
                state.records[record.id] = record
                for case .outbox(let item) in rows { state.outbox.append((item, record)) }
            }
            return isTaken
        }
        if isTaken { throw .conflict(column: "calls.call_id") }
    }

    package func edit(
        _ key: CallKey, rows: [CallRow], at now: WallTime, following: @escaping @Sendable (CallRecord) -> [CallRow],
        _ change: @escaping @Sendable (inout CallRecord) -> Void
    ) async throws(StoreError) -> CallRecord? {
        guard var record = try await call(key) else { return nil }
        let before = record
        change(&record)
        guard record != before || !rows.isEmpty else { return before }
        (record.version, record.updatedAt) = (before.version + 1, now)
        write(CallChange(record: record, rows: rows + following(record)))
        return record
    }

    package func tallies(matching query: CallQuery, byPerson: Bool) async throws(StoreError) -> [CallTally] {
        records.map { CallTally($0) }
    }

    package func call(_ key: CallKey) async throws(StoreError) -> CallRecord? {
        records.first { key == .id($0.id) || key == .uuid($0.uuid) }
    }

    package func call(channelID: String) async throws(StoreError) -> CallRecord? {
        records.first { $0.channelID == channelID }
    }

    package func calls(matching query: CallQuery) async throws(StoreError) -> CallPage {
        let matching = records.reversed().filter { record in
            (query.states?.contains { $0.state == record.state } ?? true)
                && query.isLive.map { $0 != record.state.isTerminal } ?? true
        }
        return CallPage(items: Array(matching.dropFirst(query.offset).prefix(query.limit)), total: matching.count)
    }

    package func sessions(ofCall id: Int64?, activeOnly: Bool) async throws(StoreError) -> [CallSession] {
        state.withLock { state in
            state.sessions.values.filter { (id == nil || $0.callID == id) && (!activeOnly || $0.isActive) }
        }
    }

    package func trace(ofCall id: Int64) async throws(StoreError) -> JSONValue? { state.withLock { $0.traces[id] } }

    package func diagnosis(ofCall id: Int64) async throws(StoreError) -> JSONValue? {
        state.withLock { $0.diagnoses[id].flatMap { CallDiagnosis.json(kept: $0.diagnosis) } }
    }

    package func closeInterrupted(
        at now: WallTime, following: @escaping @Sendable (CallRecord) -> [CallRow]
    ) async throws(StoreError) -> Int { 0 }
    package func flush() async {}
}
