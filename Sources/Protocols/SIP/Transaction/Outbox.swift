/// What a machine puts out, in the order it happened.
///
/// Every message causes a few outputs: the memory of those that were taken before is used again.
struct Outbox<Output: Sendable>: Sendable {
    private var waiting: [Output] = []
    private var spare: [Output] = []

    /// Outputs that memory is kept for; most messages cause no more.
    private static var usual: Int { 8 }

    mutating func append(_ output: consuming Output) {
        if waiting.capacity == 0 { waiting.reserveCapacity(Self.usual) }
        waiting.append(output)
    }

    mutating func take() -> [Output] {
        if waiting.isEmpty { return [] }
        let taken = waiting
        waiting = spare
        spare = []
        return taken
    }

    /// Takes the memory of what was taken and is empty now.
    mutating func reuse(_ emptied: consuming [Output]) {
        if emptied.isEmpty, emptied.capacity <= Self.usual * 2 { spare = emptied }
    }
}
