import Wire

/// Waits for what another thread has to tell, once; `value` is there before it does.
///
/// It is handed over under a lock, as all that passes between threads: an order that the runtime alone keeps, as where the
/// answer is there before anybody waits for it, the thread sanitizer does not see.
func handedOver<Value: Sendable>(
    _ value: Value, _ ask: (_ tell: @escaping @Sendable (Value) -> Void) -> Void
) async -> Value {
    let told = Locked(value)
    await withCheckedContinuation { continuation in
        ask { value in
            told.withLock { $0 = value }
            continuation.resume()
        }
    }
    return told.withLock { $0 }
}
