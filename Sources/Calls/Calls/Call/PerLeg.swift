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

    subscript(id: LegID) -> Value? {
        get {
            for index in entries.indices where entries[index].id == id { return entries[index].value }
            return nil
        }
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
        entries.firstIndex { $0.id == id }.flatMap { entries.remove(at: $0).value }
    }

    private mutating func place(of id: LegID) -> Int {
        if let index = entries.firstIndex(where: { $0.id == id }) { return index }
        if entries.isEmpty { entries.reserveCapacity(2) }
        entries.append(Entry(id: id, value: nil))
        return entries.count - 1
    }
}

extension PerLeg: Sendable where Value: Sendable {}
extension PerLeg.Entry: Sendable where Value: Sendable {}
