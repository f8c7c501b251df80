/// An optional value that is mostly absent: it takes one word then, and room of its own when it is there.
///
/// For what is needed for a moment only, or is large and seldom looked at, so that the thousands of sessions that are
/// merely up stay small.
@propertyWrapper
package enum Sparse<Value: Sendable>: Sendable {
    case absent
    indirect case present(Value)

    package init(wrappedValue: Value?) { self = wrappedValue.map { .present($0) } ?? .absent }

    package var wrappedValue: Value? {
        get { if case .present(let value) = self { value } else { nil } }
        set { self = newValue.map { .present($0) } ?? .absent }
    }
}

extension Sparse: Equatable where Value: Equatable {}
extension Sparse: Hashable where Value: Hashable {}

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
