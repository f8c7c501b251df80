import Wire

/// The values of one statement as libpq takes them: texts that end with a zero byte, one after another in one buffer.
struct PostgresParameters {
    private var bytes: [UInt8] = []
    /// Where each begins; nil for NULL.
    private var starts: [Int?] = []

    init(_ values: [SQLValue]) {
        bytes.reserveCapacity(values.count * 24)
        starts.reserveCapacity(values.count)
        for value in values { append(value) }
    }

    private mutating func append(_ value: SQLValue) {
        if case .null = value { return starts.append(nil) }
        starts.append(bytes.count)
        bytes.append(value)
        bytes.append(0)
    }

    func withPointers<Value>(_ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Value) -> Value {
        bytes.withUnsafeBytes { buffer in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            return starts.map { start in start.flatMap { offset in base.map { $0 + offset } } }
                .withUnsafeBufferPointer(body)
        }
    }
}
