import CCurl
import Reactor
import Wire

/// The transfers of one client: those that run, side by side on one thread, and those that wait for their turn.
actor HTTPTransfers {
    typealias Outcome = Result<HTTPTransfer.Answer, HTTPClientError>

    private struct Waiting {
        let order: HTTPTransfer.Order
        let tell: @Sendable (Outcome) -> Void
    }

    private nonisolated let thread: BlockingThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private nonisolated let bundle = TransferBundle()
    private nonisolated let isStopped = Locked(false)
    private let settings: HTTPClient.Settings
    private var waiting = FIFO<Waiting>()
    private var running: [TransferBundle.Key: (transfer: HTTPTransfer, tell: @Sendable (Outcome) -> Void)] = [:]
    private var isDriving = false

    init(name: String, _ settings: HTTPClient.Settings) {
        thread = BlockingThread(name: name)
        self.settings = settings
    }

    nonisolated func perform(_ order: HTTPTransfer.Order) async throws(HTTPClientError) -> HTTPTransfer.Answer {
        let outcome = await handedOver(Outcome.failure(.stopped)) { tell in
            submit(Waiting(order: order, tell: tell))
        }
        return try outcome.get()
    }

    /// What is queued before the thread is told to stop is also done before it does.
    private nonisolated func submit(_ request: Waiting) {
        let isTaken = isStopped.withLock { isStopped in
            guard !isStopped else { return false }
            thread.execute { self.assumeIsolated { $0.add(request) } }
            return true
        }
        if isTaken { bundle.wake() } else { request.tell(.failure(.stopped)) }
    }

    nonisolated func stop() {
        let isFirst = isStopped.withLock { isStopped in
            defer { isStopped = true }
            return !isStopped
        }
        guard isFirst else { return }
        thread.execute { self.assumeIsolated { $0.endAll() } }
        bundle.wake()
        thread.stop()
    }

    // MARK: - On the thread

    private func add(_ request: Waiting) {
        guard waiting.count < settings.waiting else { return request.tell(.failure(.overloaded)) }
        waiting.append(request)
        startWaiting()
        guard !isDriving else { return }
        isDriving = true
        drive()
    }

    private func startWaiting() {
        while running.count < settings.simultaneous, let next = waiting.popFirst() {
            guard let transfer = HTTPTransfer(next.order, settings) else {
                next.tell(.failure(.failed("out of memory")))
                continue
            }
            running[bundle.add(transfer)] = (transfer, next.tell)
        }
    }

    /// Moves all transfers on until something is to be waited for, waits, and gives other jobs of the thread their turn.
    private func drive() {
        for (key, code) in bundle.advance() {
            guard let (transfer, tell) = running.removeValue(forKey: key) else { continue }
            bundle.remove(transfer)
            tell(transfer.outcome(code))
        }
        startWaiting()
        guard !running.isEmpty else {
            isDriving = false
            return
        }
        bundle.wait()
        thread.execute { self.assumeIsolated { $0.drive() } }
    }

    private func endAll() {
        while let next = waiting.popFirst() { next.tell(.failure(.stopped)) }
        for (transfer, tell) in running.values {
            bundle.remove(transfer)
            tell(.failure(.stopped))
        }
        running = [:]
    }
}

/// libcurl's handle for transfers that are served together.
///
/// `@unchecked Sendable`: `wake` may be called from any thread, everything else is on the transfers' own.
final class TransferBundle: @unchecked Sendable {
    typealias Key = UnsafeMutableRawPointer

    private let handle: UnsafeMutableRawPointer?
    /// How long nothing may happen before libcurl is asked again.
    private static let patience: Int32 = 1000
    private static let global: Void = { _ = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) }()

    init() {
        _ = Self.global
        handle = curl_multi_init()
    }

    deinit { curl_multi_cleanup(handle) }

    func add(_ transfer: HTTPTransfer) -> Key {
        curl_multi_add_handle(handle, transfer.handle)
        return transfer.handle
    }

    func remove(_ transfer: HTTPTransfer) { curl_multi_remove_handle(handle, transfer.handle) }

    /// Does what can be done at once; answers those that ended.
    func advance() -> [(Key, CURLcode)] {
        var (left, ended) = (Int32(0), [(Key, CURLcode)]())
        curl_multi_perform(handle, &left)
        while let message = curl_multi_info_read(handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            ended.append((message.pointee.easy_handle, message.pointee.data.result))
        }
        return ended
    }

    /// Waits until there is something to do, or `wake` is called.
    func wait() { curl_multi_poll(handle, nil, 0, Self.patience, nil) }

    func wake() { curl_multi_wakeup(handle) }
}
