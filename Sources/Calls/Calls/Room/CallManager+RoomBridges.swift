import CallModel
import Media
import Reactor
import SDP
import Telemetry
import Wire

/// Rooms whose media passes here (`WEBRTC_MODE=bridge`).
///
/// Pages' offers are answered by us. A page that comes second waits for the first one's offer where descriptions are
/// handed on (document 004): it is offered by us when it has not offered itself for a moment. Candidates matter to nobody:
/// towards us a page finds the way by its own checks (ICE-lite).
extension CallManager {
    private static let patience = Duration.seconds(1)

    /// Nil: descriptions pass between the members as they are.
    func bridge(of room: Room) -> RoomBridge? {
        guard services.bridgesRooms, !room.isMirror else { return nil }
        let bridge = room.bridge ?? RoomBridge(makeConferenceID())
        room.bridge = bridge
        return bridge
    }

    func bridgeOffer(
        _ sdp: String, from participant: any CallParticipant, in room: Room, _ bridge: RoomBridge
    ) throws(CallError) {
        guard let offer = try? RemoteAudio(parsing: Array(sdp.utf8)), offer.stream.isBrowser,
            let codec = offer.stream.codecs(alsoIn: Codec.relayable).first
        else { throw .badDescription }
        var seat = try seat(of: participant, in: room, bridge, for: offer.stream)
        let made = seat.session.answer(
            LocalAudioAnswer(transport: .browser(BrowserDescription(seat.transport)), to: offer, codec: codec))
        (seat.remote, seat.isOffering) = (offer.stream, false)
        bridge.seats[participant.participantID] = seat
        guard let made else {
            close(participant, in: bridge)
            throw .badDescription
        }
        join(seat, RemoteMedia(offer.stream, negotiated: made.negotiated), bridge)
        let (uuid, answer) = (room.record.uuid, String(decoding: made.body, as: UTF8.self))
        loop.later { participant.deliver(.answer(sdp: answer, from: "gateway"), call: uuid) }
        offerLater(in: room)
    }

    /// A page's answer to our offer.
    func bridgeAnswer(
        _ sdp: String, from participant: any CallParticipant, _ bridge: RoomBridge
    ) throws(CallError) {
        guard var seat = bridge.seats[participant.participantID], seat.isOffering else { throw .invalidState }
        guard let answer = try? RemoteAudio(parsing: Array(sdp.utf8)), answer.stream.isBrowser,
            let negotiated = seat.session.negotiated(from: answer)
        else { throw .badDescription }
        (seat.remote, seat.isOffering) = (answer.stream, false)
        bridge.seats[participant.participantID] = seat
        join(seat, RemoteMedia(answer.stream, negotiated: negotiated), bridge)
    }

    private func join(_ seat: RoomBridge.Seat, _ remote: RemoteMedia, _ bridge: RoomBridge) {
        services.media.configure(seat.mediaID, remote)
        services.media.confer(seat.mediaID, in: bridge.conference)
    }

    // MARK: - Connections

    /// The member's connection that an offer is about: the one it has, or a new one (RFC 8842 section 4).
    private func seat(
        of participant: any CallParticipant, in room: Room, _ bridge: RoomBridge, for stream: AudioStream
    ) throws(CallError) -> RoomBridge.Seat {
        guard var seat = bridge.seats[participant.participantID], let former = seat.remote,
            former.fingerprints == stream.fingerprints
        else {
            close(participant, in: bridge)
            return try open(participant, in: room)
        }
        if former.ice?.usernameFragment != stream.ice?.usernameFragment,
            let restarted = services.media.restartICE(seat.mediaID)
        {
            seat.transport = restarted
        }
        return seat
    }

    private func open(_ participant: any CallParticipant, in room: Room) throws(CallError) -> RoomBridge.Seat {
        let mediaID = makeMediaID()
        do throws(MediaError) {
            let call = UInt64(truncatingIfNeeded: room.record.id)
            let transport = try services.media.openBrowserLeg(mediaID, call: call)
            roomLegs[mediaID] = (room, participant.participantID)
            return RoomBridge.Seat(
                participant: participant, mediaID: mediaID, session: LocalSession(id: entropy.next()),
                transport: transport)
        } catch {
            services.logger.warn("no media for a member of a room", [LogField("error", "\(error)")])
            throw .capacityExceeded
        }
    }

    func close(_ participant: any CallParticipant, in bridge: RoomBridge?) {
        guard let seat = bridge?.seats.removeValue(forKey: participant.participantID) else { return }
        services.media.close(seat.mediaID)
        roomLegs[seat.mediaID] = nil
        if let connectedAt = seat.connectedAt { announce(.disconnected(after: loop.now - connectedAt)) }
    }

    func setMuted(_ on: Bool, _ participant: any CallParticipant, in bridge: RoomBridge?) {
        guard let seat = bridge?.seats[participant.participantID] else { return }
        services.media.setMuted(seat.mediaID, on)
    }

    /// What becomes of a member's connection.
    func roomMediaEvent(_ event: MediaEvent) {
        guard let (room, id) = roomLegs[event.leg], let seat = room.bridge?.seats[id] else { return }
        switch event {
        case .connected:
            room.bridge?.seats[id]?.connectedAt = loop.now
            announce(.connected)
        case .failed:
            announce(.failed)
            lost(seat, in: room)
        case .hungUp, .disconnected: lost(seat, in: room)
        case .timedOut, .digit, .speaking, .announced, .closed: break
        }
    }

    /// The member stays, and may offer anew.
    private func lost(_ seat: RoomBridge.Seat, in room: Room) {
        close(seat.participant, in: room.bridge)
        let uuid = room.record.uuid
        loop.later { seat.participant.deliver(.mediaLost, call: uuid) }
    }

    // MARK: - Our offers

    /// Offers in a moment to whoever has not offered till then.
    func offerLater(in room: Room) {
        let uuid = room.record.uuid
        loop.schedule(after: Self.patience) { [weak self] in
            self?.assumeIsolated { manager in
                guard case .room(let room) = manager.calls[uuid], let bridge = room.bridge else { return }
                manager.offerToTheSilent(in: room, bridge)
            }
        }
    }

    /// As long as nobody has offered, nobody is waited for either.
    private func offerToTheSilent(in room: Room, _ bridge: RoomBridge) {
        guard !bridge.seats.isEmpty else { return }
        for member in room.members where bridge.seats[member.participantID] == nil {
            guard var seat = try? open(member, in: room) else { return }
            let body = seat.session.offer(
                LocalAudioOffer(transport: .browser(BrowserDescription(seat.transport)), codecs: Codec.relayable))
            seat.isOffering = true
            bridge.seats[member.participantID] = seat
            let (uuid, sdp) = (room.record.uuid, String(decoding: body, as: UTF8.self))
            loop.later { member.deliver(.offer(sdp: sdp, from: "gateway"), call: uuid) }
        }
    }
}
