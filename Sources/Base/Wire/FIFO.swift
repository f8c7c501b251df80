/// A first-in first-out queue in a ring that grows by doubling.
///
/// It takes no memory before it is used, and gives a large ring back when it has been emptied. Taking from the front
/// costs the same however much waits behind.
public struct FIFO<Element> {
    @usableFromInline var ring: [Element?] = []
    @usableFromInline var head = 0
    @usableFromInline var waiting = 0

    @inlinable public init() {}

    /// How many elements wait.
    @inlinable public var count: Int { waiting }
    @inlinable public var isEmpty: Bool { waiting == 0 }

    /// What `popFirst` would answer.
    @inlinable public var first: Element? { waiting > 0 ? ring[head] : nil }

    /// The elements that `isTrue` holds of.
    @inlinable
    public func count(where isTrue: (Element) -> Bool) -> Int {
        (0..<waiting).count { ring[(head &+ $0) & (ring.count - 1)].map(isTrue) ?? false }
    }

    /// What becomes of the elements, oldest first.
    @inlinable
    public func map<Value>(_ transform: (Element) -> Value) -> [Value] {
        (0..<waiting).compactMap { ring[(head &+ $0) & (ring.count - 1)].map(transform) }
    }

    /// Elements there is memory for.
    public var capacity: Int { ring.count }

    @inlinable
    public mutating func append(_ element: Element) {
        if waiting == ring.count { grow() }
        ring[(head &+ waiting) & (ring.count - 1)] = element
        waiting += 1
    }

    @inlinable
    public mutating func popFirst() -> Element? {
        guard waiting > 0 else { return nil }
        let element = ring[head].take()
        head = (head &+ 1) & (ring.count - 1)
        waiting -= 1
        if waiting == 0, ring.count > 64 { (ring, head) = ([], 0) }
        return element
    }

    @inlinable
    mutating func grow() {
        var larger: [Element?] = []
        let capacity = max(16, ring.count * 2)
        larger.reserveCapacity(capacity)
        larger.append(contentsOf: ring[head...])
        larger.append(contentsOf: ring[..<head])
        larger.append(contentsOf: repeatElement(nil, count: capacity - ring.count))
        (ring, head) = (larger, 0)
    }
}

extension FIFO: Sendable where Element: Sendable {}
