import SIP
import Telemetry
import Wire

/// What is read, what is answered, and who is banned.
extension SIPEndpoint {
    /// Whether a message is to be read at all; asked before it is parsed.
    func admits(_ source: IPAddress) -> Bool {
        trunks.isTrunk(source) ? sources.admitsTrunk(source, now: now) : sources.admits(source, now: now)
    }

    func trusts(_ source: IPAddress) -> Bool { trunks.isTrunk(source) || sources.isTrusted(source, now: now) }

    /// Whether a message that was read is to be acted upon: not from a banned port, and not from a scanner.
    ///
    /// The network of a trunk may hold others than its servers: whoever brings credentials is looked at like anybody.
    func isWelcome(_ message: SIPMessage, _ flow: Flow, isTrunk: Bool) -> Bool {
        if isTrunk {
            guard case .request(let request) = message, request.headers.contains(.authorization),
                digest.credentials(in: request.headers) != nil
            else { return true }
            return !sources.isBannedAnywhere(flow.remote, now: now)
        }
        guard !sources.isBanned(flow.remote, now: now) else { return false }
        guard case .request(let request) = message, Scanners.recognises(userAgent: request.headers[.userAgent])
        else { return true }
        let isDatagram = flow.transport == .udp
        if sources.scanned(flow.remote, isDatagram: isDatagram, now: now) { tellBan(flow, "scanner") }
        return false
    }

    /// Wrong credentials came over a flow, for an account or for a name that is none.
    func noteFailure(_ flow: Flow, _ account: String?) {
        counters.authenticationFailures += 1
        if let account, sources.guesses.failed(account, now: now) {
            logger.warn("an account's password is being guessed", [LogField("account", account)])
        }
        // Whoever forges a phone's datagrams shall not have it banned; guesses at its own account are counted above.
        if flow.transport == .udp, bindings.knows(flow) { return }
        if sources.failed(flow.remote, now: now) { tellBan(flow, "wrong credentials") }
    }

    /// Whether credentials for an account are not looked at now: somebody guesses, and this is none of its devices.
    func rests(_ account: String, _ flow: Flow) -> Bool {
        guard sources.guesses.rests(account, now: now) else { return false }
        return !bindings.bindings(of: account, now: now).contains { $0.flow == flow }
    }

    private func tellBan(_ flow: Flow, _ why: String) {
        logger.warn("source banned", [LogField("source", flow.remote), LogField("why", why)])
    }

    /// Sends bytes, unless an unknown datagram address has had its share.
    func transmit(_ bytes: [UInt8], _ flow: Flow) {
        let isTrunk = trunks.isTrunk(flow.remote.ip)
        if flow.transport == .udp, !isTrunk, !sources.mayAnswer(flow.remote.ip, bytes: bytes.count, now: now) {
            return
        }
        note(bytes, to: flow, isTrunk: isTrunk)
        transports?.send(bytes, over: flow)
    }
}
