import CallModel

/// Something for each leg of one call, which has two nearly always: looked for one after the other, and no larger than
/// what it holds.
struct PerLeg<Value> {
    fileprivate struct Entry {
        let id: LegID
        var value: Value?
    }

    private var entries: [Entry] = []

    var values: [Value] { entries.compactMap(\.value) }

    func contains(where matches: (Value) -> Bool) -> Bool { entries.contains { $0.value.map(matches) ?? false } }

    subscript(id: LegID) -> Value? {
        // In its place: some values are large.
        _read { if let index = index(of: id) { yield entries[index].value } else { yield nil } }
        _modify {
            let index = place(of: id)
            defer { if entries[index].value == nil { entries.remove(at: index) } }
            yield &entries[index].value
        }
    }

    subscript(id: LegID, default fallback: @autoclosure () -> Value) -> Value {
        get { self[id] ?? fallback() }
        set { self[id] = newValue }
    }

    mutating func removeValue(forKey id: LegID) -> Value? {
        index(of: id).flatMap { entries.remove(at: $0).value }
    }

    private func index(of id: LegID) -> Int? {
        for index in entries.indices where entries[index].id == id { return index }
        return nil
    }

    private mutating func place(of id: LegID) -> Int {
        if let index = index(of: id) { return index }
        if entries.isEmpty { entries.reserveCapacity(2) }
        entries.append(Entry(id: id, value: nil))
        return entries.count - 1
    }
}

extension PerLeg where Value: AnyObject {
    subscript(id: LegID) -> Value? {
        // A reference is not worth being lent.
        get { index(of: id).flatMap { entries[$0].value } }
        set {
            let index = place(of: id)
            if newValue == nil { entries.remove(at: index) } else { entries[index].value = newValue }
        }
    }
}

extension PerLeg: Sendable where Value: Sendable {}
extension PerLeg.Entry: Sendable where Value: Sendable {}
