import CallModel

/// The links of one call, which are two nearly always: looked for one after the other, and no larger than they are.
struct LegLinks {
    private struct Entry {
        let id: LegID
        var link: LegLink?
    }

    private var entries: [Entry] = []

    var values: [LegLink] { entries.compactMap(\.link) }

    subscript(id: LegID) -> LegLink? {
        get {
            for index in entries.indices where entries[index].id == id { return entries[index].link }
            return nil
        }
        _modify {
            let index = place(of: id)
            defer { if entries[index].link == nil { entries.remove(at: index) } }
            yield &entries[index].link
        }
    }

    mutating func removeValue(forKey id: LegID) -> LegLink? {
        entries.firstIndex { $0.id == id }.flatMap { entries.remove(at: $0).link }
    }

    private mutating func place(of id: LegID) -> Int {
        if let index = entries.firstIndex(where: { $0.id == id }) { return index }
        if entries.isEmpty { entries.reserveCapacity(2) }
        entries.append(Entry(id: id, link: nil))
        return entries.count - 1
    }
}
