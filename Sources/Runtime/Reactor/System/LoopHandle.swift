import CUV

/// A libuv handle on the heap and the object that stands for it; base of the loop's sockets and signal watchers.
///
/// From `adopt` on the loop keeps the object alive, until `closeHandle` has run its course: libuv may touch the memory
/// up to the close callback, which is the only place that frees it.
class LoopHandle {
    private enum Phase {
        case unadopted
        case open
        case closing
        case freed
    }

    let loop: ControlLoop
    private let memory: UnsafeMutableRawPointer
    private var phase = Phase.unadopted

    init(_ type: uv_handle_type, on loop: ControlLoop) {
        self.loop = loop
        memory = .allocate(byteCount: uv_handle_size(type), alignment: 16)
    }

    deinit {
        if phase == .unadopted { memory.deallocate() }
    }

    /// Whether libuv still accepts calls on the handle.
    var isHandleOpen: Bool { phase == .open }

    /// The handle as the C type the subclass made it of.
    func handle<Raw>(as type: Raw.Type = Raw.self) -> UnsafeMutablePointer<Raw> {
        memory.assumingMemoryBound(to: type)
    }

    /// To be called right after the handle's `uv_*_init` has succeeded.
    func adopt() {
        phase = .open
        handle(as: uv_handle_t.self).pointee.data = Unmanaged.passUnretained(self).toOpaque()
        loop.handles[ObjectIdentifier(self)] = self
    }

    /// Begins closing; idempotent.
    func closeHandle() {
        guard phase == .open else { return }
        phase = .closing
        uv_close(handle()) { raw in LoopHandle.of(raw?.pointee.data, LoopHandle.self)?.freeHandle() }
    }

    private func freeHandle() {
        phase = .freed
        memory.deallocate()
        loop.handles[ObjectIdentifier(self)] = nil
    }

    /// Called when the loop stops with this handle still open; tells nobody.
    func abandon() { closeHandle() }

    /// The object behind a handle's `data`, inside a libuv callback.
    static func of<Owner: LoopHandle>(_ data: UnsafeMutableRawPointer?, _: Owner.Type) -> Owner? {
        data.map { Unmanaged<LoopHandle>.fromOpaque($0).takeUnretainedValue() } as? Owner
    }
}
