import Directory
import Reactor
import SDP
import SIP
import Wire

/// The test call: ring, talk for a moment, hold, resume, hang up.
extension TrunkExamination {
    /// What the call is made of, while it lasts.
    private struct Party {
        let session: SessionID
        let audio: TestAudio
        let media: SocketAddress
        var description: LocalSession
        let encryption: SDESPolicy
    }

    func callOut(_ number: String, through server: TrunkServer) async -> CallFinding {
        var finding = CallFinding(number: number)
        guard var party = place(number, server, &finding) else { return finding }
        defer { party.audio.close() }
        await ring(&party, &finding)
        if case .answered = finding.outcome {
            await listen(&party, for: surroundings.listening, &finding)
            finding.packets = party.audio.received
            if !finding.endedEarly { finding.hold = await change(&party, .sendonly, &finding) }
            if !finding.endedEarly { finding.resume = await change(&party, .sendrecv, &finding) }
        }
        if !finding.endedEarly { await hangUp(party, &finding) }
        finding.timer = call.timer
        return finding
    }

    private func place(_ number: String, _ server: TrunkServer, _ finding: inout CallFinding) -> Party? {
        let account = trunk.credentials.first
        let caller = CallerIdentity(user: account?.username ?? "tandem")
        let dialled = trunk.numbers.outgoingCalled.rewrite(number)
        guard !dialled.isEmpty, let uri = TrunkState.address(of: server.target, user: dialled),
            let form = CallerForm(caller, at: state)
        else {
            finding.outcome = .impossible("the trunk's rules leave no number to call")
            return nil
        }
        let audio: TestAudio
        do throws(NetworkError) {
            audio = try TestAudio(loop: loop, network: network, facing: server.flow.remote.ip)
        } catch {
            finding.outcome = .impossible("no port for its sound (\(error))")
            return nil
        }
        let media = SocketAddress(ip: address(facing: server.flow.remote.ip), port: audio.port)
        var description = LocalSession(id: entropy.next(), entropy: loop.makeEntropy())
        let encryption = SDESPolicy(trunk.session.encryption)
        let offer = description.offer(.test(media, .sendrecv, encryption))
        var peer = SessionPeer(
            flow: server.flow, isSymmetric: false, allowsTCP: true,
            sentBy: advertised(facing: server.flow.remote.ip),
            contact: contact(user: account?.username, facing: server.flow),
            credentials: account.map { TrunkState.credentials($0, trunk) })
        peer.options = SessionOptions(trunk.session)
        let callID = entropy.hex(16)
        call.callID = callID
        let session = agent.call(
            OutgoingSession(
                uri: uri, from: form.from, to: NameAddress(uri: uri), offer: offer, callID: callID,
                headers: form.headers, peer: peer), now: loop.now)
        settle()
        return Party(
            session: session, audio: audio, media: media, description: description, encryption: encryption)
    }

    /// Until somebody answers or refuses, or it has rung long enough.
    private func ring(_ party: inout Party, _ finding: inout CallFinding) async {
        let start = loop.now
        while let event = await nextEvent(by: start + surroundings.ringing) {
            switch event {
            case .progress(let status, let sdp, _):
                if !finding.progress.contains(status) { finding.progress.append(status) }
                if let sdp { hear(sdp, &party, &finding) }
                finding.hasEarlyDescription = finding.hasEarlyDescription || sdp != nil
            case .answered(let sdp):
                finding.outcome = .answered(after: loop.now - start)
                finding.earlyPackets = party.audio.received
                if let sdp { hear(sdp, &party, &finding) }
                return
            case .ended(let ending):
                finding.endedEarly = true
                if case .rejected(let status, let reason, _, _, _) = ending {
                    finding.outcome = .rejected(status: status, reason: reason)
                }
                return
            default: other(event, party)
            }
        }
        finding.earlyPackets = party.audio.received
    }

    /// For a moment, in which the far side may say what it likes.
    private func listen(_ party: inout Party, for duration: Duration, _ finding: inout CallFinding) async {
        let end = loop.now + duration
        while let event = await nextEvent(by: end) {
            if case .ended = event {
                finding.endedEarly = true
                return
            }
            other(event, party)
        }
    }

    /// Offers another direction by re-INVITE.
    private func change(
        _ party: inout Party, _ direction: MediaDirection, _ finding: inout CallFinding
    ) async -> CallFinding.Hold {
        let offer = party.description.offer(.test(party.media, direction, party.encryption))
        agent.offer(party.session, sdp: offer, now: loop.now)
        settle()
        let end = loop.now + Limits.patience
        while let event = await nextEvent(by: end) {
            switch event {
            case .offerAnswered: return .accepted
            case .offerRejected(let status): return .refused(status: status)
            case .ended:
                finding.endedEarly = true
                return .unanswered
            default: other(event, party)
            }
        }
        return .unanswered
    }

    private func hangUp(_ party: Party, _ finding: inout CallFinding) async {
        agent.hangUp(party.session, now: loop.now)
        settle()
        // After BYE the call is over for us at once, though its answer may take a while.
        let end = loop.now + Limits.patience
        var isOver = false
        while loop.now < end, finding.hasBye ? call.byeStatus == nil : !isOver {
            let event = await nextEvent(by: min(end, loop.now + .milliseconds(100)))
            if case .ended = event { isOver = true }
        }
        finding.byeStatus = call.byeStatus
    }

    /// Takes the far side's description: what it chose, and where our silence goes.
    private func hear(_ sdp: [UInt8], _ party: inout Party, _ finding: inout CallFinding) {
        guard let answer = try? RemoteAudio(parsing: sdp), let agreed = party.description.negotiated(from: answer)
        else { return }
        finding.codec = agreed.codec.encoding
        finding.hasTelephoneEvent = agreed.telephoneEvent != nil
        // Under SRTP nothing is sent: what comes is counted all the same.
        guard agreed.crypto == nil, let remote = answer.stream.rtp else { return }
        party.audio.send(to: remote, payloadType: agreed.sendPayloadType)
    }

    /// Whatever else the far side wants is refused: the call is only a test.
    private func other(_ event: SessionEvent, _ party: Party) {
        guard case .offered = event else { return }
        agent.rejectOffer(party.session, status: 488, now: loop.now)
        settle()
    }
}

extension CallFinding {
    /// Whether a BYE is to be expected at all, and not a CANCEL.
    fileprivate var hasBye: Bool { if case .answered = outcome { true } else { false } }
}

extension LocalAudioOffer {
    fileprivate static func test(
        _ address: SocketAddress, _ direction: MediaDirection, _ encryption: SDESPolicy
    ) -> LocalAudioOffer {
        LocalAudioOffer(
            transport: .rtp(address), codecs: [.pcma, .pcmu], direction: direction, encryption: encryption)
    }
}

extension SDESPolicy {
    fileprivate init(_ encryption: MediaEncryption) {
        switch encryption {
        case .off: self = .off
        case .optional: self = .optional
        case .required: self = .required
        }
    }
}
