/// A value on the heap that is copied when it is shared and changed: tables of large values stay small, and what is
/// handed on often is one reference.
struct Boxed<Value: Sendable>: Sendable {
    /// Changed only while one box refers to it, which makes it as safe to send as the value.
    private final class Storage: @unchecked Sendable {
        var value: Value

        init(_ value: consuming Value) { self.value = value }
    }

    private var storage: Storage

    init(_ value: consuming Value) { storage = Storage(value) }

    var value: Value {
        // Lent and not copied: most who look want one property of many.
        _read { yield storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
            yield &storage.value
        }
    }
}

extension Boxed: Equatable where Value: Equatable {
    static func == (left: Boxed, right: Boxed) -> Bool { left.storage === right.storage || left.value == right.value }
}

extension Boxed: Hashable where Value: Hashable {
    func hash(into hasher: inout Hasher) { value.hash(into: &hasher) }
}
