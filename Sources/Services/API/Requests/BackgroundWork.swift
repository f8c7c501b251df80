/// A thread beside the control loop for what takes long and is asked by requests: rendering and encoding long lists.
package actor BackgroundWork {
    private nonisolated let thread: any SerialExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// `thread` may be busy for a while: a `BlockingThread` of its own.
    package init(thread: any SerialExecutor) { self.thread = thread }

    func perform<Value: Sendable>(_ work: @Sendable () -> Value) -> Value { work() }
}
