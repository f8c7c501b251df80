import CUV

/// Calls a closure on the loop for each signal of one kind; does not by itself keep the loop running.
final class SignalWatcher: LoopHandle {
    private let number: Int32
    private let body: () -> Void

    init(_ number: Int32, on loop: ControlLoop, _ body: @escaping () -> Void) throws(NetworkError) {
        (self.number, self.body) = (number, body)
        super.init(UV_SIGNAL, on: loop)
        try check(uv_signal_init(loop.uvLoop, handle()))
        adopt()
    }

    func begin() throws(NetworkError) {
        let status = uv_signal_start(
            handle(), { raw, _ in LoopHandle.of(raw?.pointee.data, SignalWatcher.self)?.fire() }, number)
        guard status == 0 else {
            closeHandle()
            throw NetworkError(uv: status)
        }
        uv_unref(handle())
    }

    private func fire() {
        loop.beginTurn()
        body()
    }
}
