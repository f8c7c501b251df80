/// An optional value that is mostly absent: it takes one word then, and room of its own when it is there.
///
/// For what is needed for a moment only, or is large and seldom looked at, so that the thousands of sessions that are
/// merely up stay small.
@propertyWrapper
public enum Sparse<Value: Sendable>: Sendable {
    case absent
    indirect case present(Value)

    @inlinable
    public init(wrappedValue: Value?) {
        if let wrappedValue { self = .present(wrappedValue) } else { self = .absent }
    }

    @inlinable public var wrappedValue: Value? {
        get { if case .present(let value) = self { value } else { nil } }
        set { self = Sparse(wrappedValue: newValue) }
    }

    /// Whether it is there, without taking it out, which copies all of it.
    @inlinable public var isPresent: Bool { if case .present = self { true } else { false } }
}

extension Sparse: Equatable where Value: Equatable {}
extension Sparse: Hashable where Value: Hashable {}
