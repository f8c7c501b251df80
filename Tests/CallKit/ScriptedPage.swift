package import Calls
package import Wire

/// A browser at a signalling connection, as call control sees it: it keeps what it is told.
package final class ScriptedPage: CallParticipant, @unchecked Sendable {
    // Touched on the simulated loop only, which is the test's thread.

    package let participantID: String
    package let participantUserID: Int64?
    package private(set) var messages: [ParticipantMessage] = []

    package init(_ id: String, userID: Int64?) { (participantID, participantUserID) = (id, userID) }

    package func deliver(_ message: ParticipantMessage, call: UUID) { messages.append(message) }

    /// The descriptions answered to this page's offers.
    package var answers: [String] {
        messages.compactMap { if case .answer(let sdp, _) = $0 { sdp } else { nil } }
    }

    /// The descriptions offered to this page.
    package var offers: [String] {
        messages.compactMap { if case .offer(let sdp, _) = $0 { sdp } else { nil } }
    }

    /// An offer as Chromium makes it, cut to what matters; `certificate` is the first byte of its fingerprint.
    package static func offer(codecs: String = "111 9 0 8", certificate: String = "0F") -> String {
        """
        v=0\r
        o=- 4611731400430051336 2 IN IP4 127.0.0.1\r
        s=-\r
        t=0 0\r
        a=group:BUNDLE 0\r
        m=audio 9 UDP/TLS/RTP/SAVPF \(codecs) 110 126\r
        c=IN IP4 0.0.0.0\r
        a=ice-ufrag:4ZcD\r
        a=ice-pwd:2/1muCWoOi3uLifh0NuRHlZQ\r
        a=ice-options:trickle\r
        a=fingerprint:sha-256 \(certificate):74:31:25:CB:A2:13:EC:28:6F:6D:2C:61:FF:5D:C2:BC:B9:DB:3D:98:14:8D:1A:BB:EA:33:0C:A4:60:A8:8E\r
        a=setup:actpass\r
        a=mid:0\r
        a=sendrecv\r
        a=rtcp-mux\r
        a=rtpmap:111 opus/48000/2\r
        a=rtpmap:9 G722/8000\r
        a=rtpmap:0 PCMU/8000\r
        a=rtpmap:8 PCMA/8000\r
        a=rtpmap:110 telephone-event/48000\r
        a=rtpmap:126 telephone-event/8000\r

        """
    }
}
