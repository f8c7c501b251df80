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

    /// What is read from the value where it lies: taking it out would copy all of it.
    @inlinable
    public func map<Part>(_ read: (Value) -> Part) -> Part? {
        if case .present(let value) = self { read(value) } else { nil }
    }
}

extension Sparse: Equatable where Value: Equatable {}
extension Sparse: Hashable where Value: Hashable {}
