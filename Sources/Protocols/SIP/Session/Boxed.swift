/// A value on the heap that is copied when it is shared and changed, so that a table of large values stays small.
struct Boxed<Value: Sendable>: Sendable {
    /// Changed only while one box refers to it, which makes it as safe to send as the value.
    private final class Storage: @unchecked Sendable {
        var value: Value

        init(_ value: Value) { self.value = value }
    }

    private var storage: Storage

    init(_ value: Value) { storage = Storage(value) }

    var value: Value {
        get { storage.value }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.value) }
            yield &storage.value
        }
    }
}
