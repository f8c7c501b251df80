import Wire

/// The exchange's statistics (`stats/result`): lines of values with `;` between, one for each leg.
enum MangoStatistics {
    /// What is asked for, in this order.
    static let fields = [
        "entry_id", "start", "finish", "answer", "from_extension", "from_number", "to_extension", "to_number",
        "disconnect_reason", "line_number",
    ]
    /// Lines that are read of one answer.
    private static let maximumLines = 1_000_000

    /// One entry for each whole call, in the order of the lines; lines that cannot be read are left out.
    static func entries(_ text: String) -> [MangoEntry] {
        var order: [String] = []
        var entries: [String: MangoEntry] = [:]
        for line in text.utf8.split(separator: ASCII.lineFeed).prefix(maximumLines) {
            let values = ASCII.split(Substring(line), at: UInt8(ascii: ";"), keepingEmpty: true).map(unquoted)
            guard values.count >= fields.count, !values[0].isEmpty, let start = seconds(values[1]) else { continue }
            let id = String(values[0].prefix(160))
            if entries[id] == nil { order.append(id) }
            add(values, id, start, to: &entries[id, default: MangoEntry()])
        }
        return order.compactMap { entries[$0] }
    }

    /// A line is a leg that is over: it rang, perhaps was answered, and ended.
    private static func add(_ values: [String], _ id: String, _ start: WallTime, to entry: inout MangoEntry) {
        let leg = "\(id)#\(entry.callIDs.count)"
        let answer = seconds(values[3])
        let moments: [(MangoCallEvent.State, WallTime?)] = [
            (.appeared, start), (.connected, answer), (.disconnected, seconds(values[2]) ?? answer ?? start),
        ]
        var sequence = 0
        for (state, moment) in moments {
            guard let moment else { continue }
            sequence += 1
            var event = MangoCallEvent(callID: leg, state: state, timestamp: moment, sequence: sequence)
            event.entryID = id
            event.from = MangoSide(number: present(values[5]), extension: present(values[4]))
            event.to = MangoSide(number: present(values[7]), extension: present(values[6]))
            event.lineNumber = event.from.extension == nil ? present(values[9]) : nil
            if state == .disconnected { event.reason = DisconnectReason(values[8]) }
            _ = entry.add(.call(event))
        }
    }

    private static func unquoted(_ value: Substring) -> String {
        var value = value.filter { $0 != "\r" }
        if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
            value = String(value.dropFirst().dropLast())
        }
        return value
    }

    private static func present(_ text: String) -> String? { text.isEmpty ? nil : String(text.prefix(64)) }

    private static func seconds(_ text: String) -> WallTime? {
        guard let number = ASCII.decimal(text.utf8, maximumDigits: 10), number > 0 else { return nil }
        return WallTime(milliseconds: Int64(number) * 1000)
    }
}
