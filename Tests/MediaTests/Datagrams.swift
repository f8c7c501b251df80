import CLinux
import Glibc
import Media
import RTP
import SDP
import Wire

/// What a test's browser sends and receives by: whole packets, whatever carries them.
protocol PeerSocket: Sendable {
    var address: SocketAddress { get }
    func send(_ bytes: [UInt8], to destination: SocketAddress)
    func receive(milliseconds: Int32) -> [UInt8]?
}

extension SocketAddress {
    /// What a socket is bound to.
    init?(ofSocket descriptor: Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let bound = withUnsafeMutableBytes(of: &storage) { bytes -> SocketAddress? in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return nil }
            getsockname(descriptor, start, &length)
            return SocketAddress(start)
        }
        guard let bound else { return nil }
        self = bound
    }
}

/// A UDP socket of a test's peer; receiving waits, but never for ever.
final class TestSocket: PeerSocket {
    let descriptor: Int32
    let address: SocketAddress

    init(_ ip: IPAddress, port: UInt16 = 0) throws {
        let wanted = SocketAddress(ip: ip, port: port)
        descriptor = wanted.withSockAddr { tandem_udp_bind($0, $1, 4 << 20) }
        guard descriptor >= 0 else { throw RigError.noSocket }
        guard let bound = SocketAddress(ofSocket: descriptor) else { throw RigError.noSocket }
        address = bound
    }

    deinit { Glibc.close(descriptor) }

    func send(_ bytes: [UInt8], to destination: SocketAddress) {
        _ = destination.withSockAddr { sendto(descriptor, bytes, bytes.count, 0, $0, $1) }
    }

    /// The next datagram, or nil when none comes in time.
    func receive(milliseconds: Int32 = 5000) -> [UInt8]? {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, milliseconds) > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 2048)
        let length = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return length > 0 ? Array(bytes[..<length]) : nil
    }
}

/// A packet as a peer sees it.
struct SeenPacket: Equatable {
    let header: RTPHeader
    let payload: [UInt8]

    init?(_ bytes: [UInt8]) {
        guard let header = bytes.withUnsafeBytes({ RTPHeader($0) }) else { return nil }
        self.header = header
        payload = Array(bytes[header.payloadOffset..<header.payloadOffset + header.payloadLength])
    }
}

/// A stream of a peer's, made packet by packet.
struct TestStream {
    var ssrc: UInt32
    var sequence: UInt16
    var timestamp: UInt32
    var payloadType: UInt8 = 0

    /// The next packet, 20 ms after the last one.
    mutating func next(_ payload: [UInt8], marker: Bool = false, type: UInt8? = nil, step: UInt32 = 160) -> [UInt8] {
        sequence &+= 1
        timestamp &+= step
        var bytes = [UInt8](repeating: 0, count: RTPHeader.size)
        bytes.withUnsafeMutableBytes { raw in
            RTPHeader(
                marker: marker, payloadType: type ?? payloadType, sequenceNumber: sequence, timestamp: timestamp,
                ssrc: ssrc
            ).write(to: raw)
        }
        return bytes + payload
    }
}

/// A SIP phone's media: an RTP and an RTCP socket.
final class Phone {
    let rtp: TestSocket
    let rtcp: TestSocket
    var stream: TestStream
    /// Where the gateway takes this phone's media.
    let gateway: SocketAddress
    let id: MediaLegID
    private let rig: MediaRig

    /// Opens a leg for the phone and describes the phone to it.
    init(
        _ rig: MediaRig, ip: IPAddress = .loopbackIPv4, call: UInt64 = 1, stream audio: NegotiatedAudio = audio()
    ) throws {
        (rtp, rtcp) = (try TestSocket(ip), try TestSocket(ip))
        self.rig = rig
        let id = rig.makeID()
        self.id = id
        gateway = try rig.openSIP(id, call: call, family: ip.family)
        stream = TestStream(
            ssrc: UInt32(truncatingIfNeeded: id.rawValue &* 7919), sequence: UInt16(truncatingIfNeeded: id.rawValue),
            timestamp: 5000, payloadType: audio.receivePayloadType)
        describe(audio)
    }

    /// Tells the gateway how it may be reached, as an offer or answer would.
    func describe(_ audio: NegotiatedAudio, rtp other: SocketAddress? = nil) {
        let (id, rtp, rtcp) = (id, other ?? rtp.address, rtcp.address)
        rig.on { $0.configure(id, .sip(rtp: rtp, rtcp: rtcp, mux: false, stream: audio)) }
        _ = try? rig.settle(id)
    }

    func send(_ payload: [UInt8], marker: Bool = false, type: UInt8? = nil, step: UInt32 = 160) {
        rtp.send(stream.next(payload, marker: marker, type: type, step: step), to: gateway)
    }

    func receive(milliseconds: Int32 = 5000) -> SeenPacket? {
        rtp.receive(milliseconds: milliseconds).flatMap(SeenPacket.init)
    }

    /// Sends one packet and waits until the leg is latched.
    func latch() -> Bool {
        send([UInt8](repeating: 0xFF, count: 160))
        return rig.hears(.connected(id))
    }
}

extension MediaRig {
    func openSIP(
        _ id: MediaLegID, call: UInt64 = 1, family: IPAddress.Family = .ipv4
    ) throws -> SocketAddress {
        let opened: Result<SocketAddress, MediaError> = on { plane in
            do throws(MediaError) { return .success(try plane.openSIPLeg(id, call: call, family: family)) } catch {
                return .failure(error)
            }
        }
        return try opened.get()
    }

    func openBrowser(_ id: MediaLegID, call: UInt64 = 1) throws -> BrowserTransport {
        let opened: Result<BrowserTransport, MediaError> = on { plane in
            do throws(MediaError) { return .success(try plane.openBrowserLeg(id, call: call)) } catch {
                return .failure(error)
            }
        }
        return try opened.get()
    }
}
