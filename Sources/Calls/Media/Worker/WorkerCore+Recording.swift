import RTP
import Wire

/// The recording a leg is heard on.
struct LegRecording {
    let id: RecordingID
    let ring: RecordingRing
}

// What goes to the recorder.
extension WorkerCore {
    /// A leg is heard on one recording at a time: the newest.
    func record(_ id: MediaLegID, _ ring: RecordingRing, _ recording: RecordingID) {
        guard let leg = legs[id] else { return ring.close() }
        leg.pointee.recording?.ring.close()
        leg.pointee.recording = LegRecording(id: recording, ring: ring)
        leg.pointee.tap = ring.tap
    }

    func endRecord(_ id: MediaLegID, _ recording: RecordingID) {
        guard let leg = legs[id], leg.pointee.recording?.id == recording else { return }
        leg.pointee.recording?.ring.close()
        leg.pointee.tap = nil
        leg.pointee.recording = nil
    }

    /// Copies audio for the recording and the stream: neither hears what nobody else may.
    @inline(__always)
    func copyToListeners(_ packet: Packet, _ header: RTPHeader, _ formats: LegFormats, of leg: LegPointer) {
        if let tap = leg.pointee.tap { copy(packet, header, formats, to: tap, of: leg) }
        if let stream = leg.pointee.stream { copy(packet, header, formats, to: stream.pointee.tap, of: leg) }
    }

    /// Copies audio that a partner may hear: of a leg that is muted nothing is recorded either.
    @inline(__always)
    private func copy(
        _ packet: Packet, _ header: RTPHeader, _ formats: LegFormats, to tap: RecordingTap, of leg: LegPointer
    ) {
        guard let encoding = formats.encoding.audio, !leg.pointee.isMuted, formats.receives else { return }
        let end = header.payloadOffset + header.payloadLength
        tap.write(
            header, UnsafeRawBufferPointer(rebasing: packet.contents[header.payloadOffset..<end]), encoding, at: now)
    }
}
