package import RTP
package import Wire

/// Where media listens and what its limits are.
package struct MediaConfiguration: Sendable {
    /// Threads, each with a browser port of its own (`MEDIA_WORKERS`).
    package var workers = 1
    /// What sockets are bound to; IPv6 takes IPv4 as well.
    ///
    /// Legs of the other family are bound to any address of theirs, or to its loopback address beside this one's.
    package var bindAddress = IPAddress.anyIPv4
    /// What descriptions say instead, best first (`PUBLIC_IP`); never empty.
    ///
    /// A family that is missing here is not spoken.
    package var advertisedAddresses = [IPAddress.loopbackIPv4]
    /// Worker n takes all its browsers on this port plus n (`WEBRTC_PORT`); 0 lets the system choose.
    package var browserPort: UInt16 = 30_000
    /// What candidates say for worker 0 (`WEBRTC_ADVERTISED_PORT`); nil when it is the same.
    package var advertisedBrowserPort: UInt16?
    /// Pairs for SIP legs are cut from this (`RTP_PORT_MIN`…`RTP_PORT_MAX`).
    package var rtpPorts: ClosedRange<UInt16> = 20_000...29_999
    /// How long a pair rests after its leg, so that late packets meet nobody.
    package var portRest: Duration = .seconds(5)
    /// The same for one that stays bound after a leg that nobody sent to: here it can be seen that nothing comes.
    package var portSilence: Duration = .seconds(1)
    /// Pairs that may stay bound between two legs.
    package var sparePairs = 2048
    /// Silence that counts as loss of media (`MEDIA_TIMEOUT_S`).
    package var timeout: Duration = .seconds(30)
    /// `SRTP_ENGINE`.
    package var engine = SRTPEngineKind.openssl
    /// What legs are made to hear.
    package var sounds = SoundLibrary()
    /// Legs one worker takes.
    package var legsPerWorker = 10_000

    /// Nil: nothing can be recorded.
    package var recording: RecordingConfiguration?

    package init() {}
}

extension MediaConfiguration {
    /// What the browser ports are bound to: both families where both are spoken.
    var browserBindAddress: IPAddress {
        bindAddress == .anyIPv4 && advertisedAddresses.contains { !$0.isIPv4 } ? .anyIPv6 : bindAddress
    }

    /// What the sockets of a SIP leg of a family are bound to.
    func bindAddress(for family: IPAddress.Family) -> IPAddress {
        if bindAddress.family == family { return bindAddress }
        switch family {
        case .ipv4: return bindAddress.isLoopback ? .loopbackIPv4 : .anyIPv4
        case .ipv6: return bindAddress.isLoopback ? .loopbackIPv6 : .anyIPv6
        }
    }
}
