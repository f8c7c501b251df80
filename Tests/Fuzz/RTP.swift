// Modules: Wire Crypto RTP
import RTP
import Wire

/// Any bytes as RTP, RTCP and a digit, and as numbers that a stream and its statistics must survive.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRTP(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: data, count: size)
    readRTP(bytes)
    readRTCP(bytes)
    open(bytes)
    feedStream(bytes)
    return 0
}

private func readRTP(_ bytes: UnsafeRawBufferPointer) {
    guard let header = RTPHeader(bytes) else { return }
    precondition(header.payloadOffset >= RTPHeader.size && header.payloadLength >= 0, "a payload of less than nothing")
    precondition(header.payloadOffset + header.payloadLength <= bytes.count, "a payload past the end")
    let payload = bytes[header.payloadOffset..<header.payloadOffset + header.payloadLength]
    _ = TelephoneEvent(UnsafeRawBufferPointer(rebasing: payload))
}

private func readRTCP(_ bytes: UnsafeRawBufferPointer) {
    var reader = RTCPReader(bytes)
    while let next = reader.next() {
        switch next {
        case .senderReport(_, _, let blocks), .receiverReport(_, let blocks):
            for index in 0..<blocks.count { _ = blocks[index] }
            _ = blocks.block(about: 1)
        case .sourceDescription(let description): _ = description.canonicalName()
        case .goodbye, .other: break
        }
    }
}

/// Nothing that was not sealed with the key may open.
private func open(_ bytes: UnsafeRawBufferPointer) {
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 64, alignment: 16)
    defer { room.deallocate() }
    for profile in ProtectionProfile.allCases {
        let key = SRTPMasterKey(
            key: [UInt8](repeating: 1, count: profile.keyLength), salt: [UInt8](repeating: 2, count: profile.saltLength)
        )
        guard let session = try? OpenSSLSRTP(profile, key, .inbound) else { continue }
        room.copyMemory(from: bytes)
        precondition((try? session.unprotect(room, length: bytes.count)) == nil, "a forged packet opened")
        room.copyMemory(from: bytes)
        precondition((try? session.unprotectControl(room, length: bytes.count)) == nil, "a forged report opened")
    }
}

/// Every seven bytes are a packet's number, timestamp and source, one byte says when it comes.
private func feedStream(_ bytes: UnsafeRawBufferPointer) {
    var stream = OutgoingStream(ssrc: 1, sequenceNumber: 65_530, timestamp: .max - 500, clockRate: 8000)
    var statistics = ReceptionStatistics(clockRate: 8000)
    var digits = TelephoneEventReceiver(clockRate: 8000)
    var now = Instant(nanoseconds: 1_000_000_000)
    for start in stride(from: 0, to: bytes.count - 7, by: 8) {
        let header = RTPHeader(
            marker: false, payloadType: 0, sequenceNumber: bytes.bigEndian16(at: start),
            timestamp: bytes.bigEndian32(at: start + 2), ssrc: UInt32(bytes[start + 6] & 1))
        now = now + .milliseconds(Int64(bytes[start + 7]))
        statistics.count(header, at: now)
        if let placed = stream.place(header, at: now) {
            precondition(placed.ssrc == 1, "another source shines through")
        }
        let event = TelephoneEvent(code: bytes[start], isEnd: bytes[start + 1] & 1 == 0, duration: 0xFFFF)
        _ = digits.receive(event, timestamp: header.timestamp, ssrc: header.ssrc, at: now)
    }
    _ = (statistics.makeReport(at: now), statistics.lost, statistics.jitterDuration, digits.expire(now))
}
