import Reactor
package import SIP
import Wire

/// The messages of calls, kept as they were sent and received.
extension SIPEndpoint {
    /// What is still known of the signalling of some dialogs, secrets blanked.
    package func trace(of callIDs: [String]) -> SIPTrace { traces.trace(of: callIDs).withoutSecrets }

    /// Whether anything is still known of it.
    package func keepsMessages(of callIDs: [String]) -> Bool { callIDs.contains { traces.keepsMessages(of: $0) } }

    /// Registrations and keep-alives are no calls; strangers could push the calls of others out.
    func note(_ message: SIPMessage, _ bytes: [UInt8], from flow: Flow, isTrunk: Bool) {
        guard !traces.isOff, isTrunk || sources.isTrusted(flow.remote.ip, now: now), message.isOfCall,
            let callID = message.headers.callID
        else { return }
        traces.keep(traced(bytes, flow, isIncoming: true), callID: callID.utf8.span)
    }

    func note(_ bytes: [UInt8], to flow: Flow, isTrunk: Bool) {
        guard !traces.isOff, isTrunk || sources.isTrusted(flow.remote.ip, now: now),
            let callID = SIPTraceRing.callID(in: bytes)
        else { return }
        traces.keep(
            traced(bytes, flow, isIncoming: false), callID: bytes.span.extracting(callID),
            beginsCall: bytes.starts(with: Self.invite))
    }

    private static let invite = Array("INVITE ".utf8)

    private func traced(_ bytes: [UInt8], _ flow: Flow, isIncoming: Bool) -> TracedMessage {
        TracedMessage(
            at: loop.wallTime, isIncoming: isIncoming, transport: flow.transport.rawValue,
            local: advertised(facing: flow), remote: flow.remote, bytes: bytes)
    }
}

extension SIPMessage {
    fileprivate var isOfCall: Bool {
        guard let method = headers.cseq?.method else { return false }
        return method != .register && method != .options
    }
}
