import CUV
import Wire

/// Says when a descriptor that somebody else owns can be read or written, by libuv.
final class PollWatcher: LoopHandle {
    private var onReady: (_ readable: Bool, _ writable: Bool) -> Void

    /// Nil when libuv cannot watch the descriptor.
    init?(
        _ descriptor: Int32, on loop: ControlLoop, _ onReady: @escaping (_ readable: Bool, _ writable: Bool) -> Void
    ) {
        self.onReady = onReady
        super.init(UV_POLL, on: loop)
        guard uv_poll_init(loop.uvLoop, handle(), descriptor) == 0 else { return nil }
        adopt()
    }

    func watch(readable: Bool, writable: Bool) {
        guard isHandleOpen else { return }
        let wanted = (readable ? UV_READABLE.rawValue : 0) | (writable ? UV_WRITABLE.rawValue : 0)
        uv_poll_start(handle(), Int32(wanted)) { raw, status, events in
            LoopHandle.of(raw?.pointee.data, PollWatcher.self)?.ready(status, UInt32(bitPattern: events))
        }
    }

    override func abandon() {
        closeHandle()
        onReady = { _, _ in }
    }

    private func ready(_ status: Int32, _ events: UInt32) {
        loop.beginTurn()
        // An error is found out by whoever reads or writes.
        let isBroken = status < 0
        onReady(isBroken || events & UV_READABLE.rawValue != 0, isBroken || events & UV_WRITABLE.rawValue != 0)
    }
}
